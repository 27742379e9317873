//! `results.md`: the tables as Markdown, for pull requests and notebooks.

use std::fmt::Write as _;

use crate::number::{count, decimal, memory, or_dash, p_value, perplexity, signed};
use crate::results::{PairResult, Results};
use crate::statistics::{Spread, mean};

/// The results as a Markdown document.
pub(super) fn render(results: &Results) -> String {
    let mut text = format!("# Comparison\n\n{}\n\n", results.sentence);
    for warning in &results.warnings {
        let _ = writeln!(text, "> **Mind.** {warning}\n");
    }
    text.push_str("| arm | seeds | validation loss | perplexity | masked accuracy | tokens/s | peak memory | parameters | of activations |\n");
    text.push_str("|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for arm in &results.arms {
        let accuracy = mean(
            &arm.seeds
                .iter()
                .map(|seed| seed.masked_accuracy)
                .collect::<Vec<_>>(),
        );
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            cell(&arm.name),
            arm.seeds.len(),
            with_sd(arm.validation_loss, |value| decimal(value, 4)),
            with_sd(arm.perplexity, perplexity),
            or_dash(accuracy, |share| format!("{:.1} %", 100.0 * share)),
            or_dash(arm.tokens_per_second.mean, |value| decimal(value, 0)),
            arm.peak_memory_bytes.map_or_else(|| "–".to_owned(), memory),
            count(arm.parameters.total),
            count(arm.parameters.activation),
        );
    }
    if !results.pairs.is_empty() {
        text.push_str("\nDifference of validation losses, arm minus baseline at the same seed (negative: the arm is better):\n\n");
        text.push_str("| pair | seeds | mean | 95 % interval | p, paired t | p, sign flip |\n|---|--:|--:|--:|--:|--:|\n");
        for pair in &results.pairs {
            text.push_str(&pair_row(pair));
        }
    }
    if let Some(loss) = results.unigram_loss {
        let _ = writeln!(
            text,
            "\nWord frequencies alone have a loss of {} (perplexity {}).",
            decimal(loss, 4),
            perplexity(loss.exp())
        );
    }
    let fairness = if results.fairness.equal {
        "Initial weights (activation coefficients aside), batches and masks have the same hash in all arms, seed by seed.".to_owned()
    } else {
        format!(
            "The arms are no fair twins: {}.",
            results.fairness.differs.join("; ")
        )
    };
    let _ = writeln!(
        text,
        "\n{fairness} Recipes tried per arm: {}.",
        results.fairness.trials_per_arm
    );
    let _ = writeln!(
        text,
        "\n{}; {}.",
        results.origin.version, results.origin.machine
    );
    let _ = writeln!(
        text,
        "\n<details><summary>Recipe</summary>\n\n```toml\n{}\n```\n\n</details>",
        results.origin.recipe.trim_end()
    );
    text
}

fn pair_row(pair: &PairResult) -> String {
    let delta = &pair.delta_loss;
    let interval = match (delta.low, delta.high) {
        (Some(low), Some(high)) => format!("{} to {}", signed(low, 4), signed(high, 4)),
        _ => "–".to_owned(),
    };
    let p = |p: Option<f64>| {
        p.map_or_else(
            || "–".to_owned(),
            |p| {
                p_value(p)
                    .trim_start_matches("p = ")
                    .trim_start_matches("p ")
                    .to_owned()
            },
        )
    };
    format!(
        "| {} − {} | {} | {} | {interval} | {} | {} |\n",
        cell(&pair.arm),
        cell(&pair.baseline),
        delta.by_seed.len(),
        or_dash(delta.mean, |mean| signed(mean, 4)),
        p(delta.p),
        p(delta.sign_flip_p)
    )
}

fn with_sd(spread: Spread, show: impl Fn(f64) -> String) -> String {
    match (spread.mean, spread.sd) {
        (Some(mean), Some(sd)) => format!("{} ± {}", show(mean), decimal(sd, 4)),
        (mean, _) => or_dash(mean, show),
    }
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
