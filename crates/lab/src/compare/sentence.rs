//! What the numbers allow to be said, in words, and no more.

use crate::number::{decimal, p_value, signed};
use crate::results::{PairResult, Results};

/// The level at which a difference is called one; shared among the pairs (Bonferroni) when there are several.
const LEVEL: f64 = 0.05;

/// The statement about all pairs.
pub(super) fn of(results: &Results) -> String {
    let mut sentences = Vec::new();
    if !results.complete {
        let cells = results.cells;
        sentences.push(format!(
            "{} of {} runs are finished.",
            cells.finished, cells.planned
        ));
    }
    match (results.arms.as_slice(), results.pairs.as_slice()) {
        ([only], _) => sentences.push(match only.validation_loss.mean {
            Some(loss) => format!(
                "{} alone reaches a validation loss of {} over {}; with one arm there is nothing to compare.",
                only.name,
                decimal(loss, 4),
                seeds(only.seeds.len())
            ),
            None => format!("With one arm, {}, there is nothing to compare.", only.name),
        }),
        (_, pairs) => {
            sentences.extend(pairs.iter().map(|pair| of_pair(pair, pairs.len())));
            if pairs.len() > 1 && pairs.iter().any(|pair| pair.delta_loss.p.is_some()) {
                sentences.push(format!("With {} pairs, each is judged at p < {}.", pairs.len(), decimal(LEVEL / pairs.len() as f64, 3)));
            }
        }
    }
    sentences.join(" ")
}

fn of_pair(pair: &PairResult, pairs: usize) -> String {
    let PairResult {
        baseline,
        arm,
        delta_loss: delta,
    } = pair;
    let count = delta.by_seed.len();
    let Some(mean) = delta.mean else {
        return format!("No seed is finished for both {arm} and {baseline} yet.");
    };
    if !mean.is_finite() {
        return format!(
            "The losses of {arm} and {baseline} are not all finite; nothing can be said."
        );
    }
    if delta.by_seed.iter().all(|entry| entry.delta == 0.0) {
        let where_from = if count == 1 {
            "the one seed".to_owned()
        } else {
            format!("each of {}", seeds(count))
        };
        return format!(
            "{arm} and {baseline} have exactly the same validation loss in {where_from}."
        );
    }
    let better = if mean < 0.0 { arm } else { baseline };
    let by = decimal(mean.abs(), 4);
    let perplexity = perplexity(mean);
    if count == 1 {
        return format!(
            "{better} has the lower validation loss by {by}{perplexity}, but with one seed each no statement about chance is possible."
        );
    }
    let (Some(low), Some(high), Some(p)) = (delta.low, delta.high, delta.p) else {
        return format!(
            "{better} has the lower validation loss by {by} in each of {}; differences that do not vary allow no test.",
            seeds(count)
        );
    };
    let flip = delta
        .sign_flip_p
        .map(|p| format!(", sign flip {}", p_value(p)))
        .unwrap_or_default();
    let evidence = format!(
        "95 % interval {} to {}, paired over {}, {}{flip}",
        signed(low, 4),
        signed(high, 4),
        seeds(count),
        p_value(p)
    );
    let level = LEVEL / pairs as f64;
    if p < level && delta.sign_flip_p.is_none_or(|p| p < level) {
        format!("{better} has the lower validation loss by {by}{perplexity} ({evidence}).")
    } else {
        format!(
            "No difference between {arm} and {baseline} can be told from {}: {arm} minus {baseline} is {} ({evidence}).",
            seeds(count),
            signed(mean, 4)
        )
    }
}

/// How much lower the better perplexity is: the ratio of perplexities is exp of the difference of losses.
fn perplexity(delta: f64) -> String {
    let lower = 100.0 * (1.0 - (-delta.abs()).exp());
    if lower >= 0.05 {
        format!(", a perplexity {lower:.1} % lower")
    } else {
        String::new()
    }
}

fn seeds(count: usize) -> String {
    if count == 1 {
        "1 seed".to_owned()
    } else {
        format!("{count} seeds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{DeltaLoss, SeedDelta};
    use crate::statistics::paired;

    fn pair(differences: &[f64]) -> PairResult {
        let tests = paired(differences);
        let by_seed = differences
            .iter()
            .enumerate()
            .map(|(index, &delta)| SeedDelta {
                seed: index as u64 + 1,
                delta,
            });
        PairResult {
            baseline: "gelu".to_owned(),
            arm: "rational".to_owned(),
            delta_loss: DeltaLoss {
                mean: tests.mean,
                low: tests.low,
                high: tests.high,
                p: tests.p,
                sign_flip_p: tests.sign_flip_p,
                sd: tests.sd,
                by_seed: by_seed.collect(),
            },
        }
    }

    #[test]
    fn a_difference_is_claimed_only_where_chance_is_unlikely() {
        let clear = of_pair(&pair(&[-0.0123, -0.0098, -0.0151]), 1);
        assert_eq!(
            clear,
            "rational has the lower validation loss by 0.0124, a perplexity 1.2 % lower (95 % interval \u{2212}0.0190 to \
             \u{2212}0.0058, paired over 3 seeds, p = 0.015)."
        );
        let worse = of_pair(&pair(&[0.0123, 0.0098, 0.0151]), 1);
        assert!(worse.starts_with("gelu has the lower validation loss by 0.0124"));
        let unclear = of_pair(&pair(&[-0.013, -0.004]), 1);
        assert!(
            unclear.starts_with("No difference between rational and gelu can be told from 2 seeds"),
            "{unclear}"
        );
        assert!(unclear.contains("p = 0.31"));
    }

    #[test]
    fn more_pairs_raise_the_bar() {
        let differences = pair(&[-0.0123, -0.0098, -0.0151]);
        assert!(
            of_pair(&differences, 3).starts_with("rational has the lower"),
            "0.0149 is below 0.05 / 3"
        );
        assert!(
            of_pair(&differences, 4).starts_with("No difference"),
            "and above 0.05 / 4"
        );
    }

    #[test]
    fn both_tests_must_agree() {
        let mixed = pair(&[-0.01, -0.02, -0.015, -0.012, -0.018, 0.02, 0.016, -0.03]);
        assert!(mixed.delta_loss.sign_flip_p.is_some_and(|p| p > LEVEL));
        let said = of_pair(&mixed, 1);
        assert!(
            said.starts_with("No difference") && said.contains("sign flip p = "),
            "{said}"
        );
    }

    #[test]
    fn little_evidence_makes_small_claims() {
        assert!(of_pair(&pair(&[]), 1).starts_with("No seed is finished"));
        assert!(
            of_pair(&pair(&[-0.5]), 1)
                .ends_with("with one seed each no statement about chance is possible.")
        );
        assert_eq!(
            of_pair(&pair(&[0.0, 0.0]), 1),
            "rational and gelu have exactly the same validation loss in each of 2 seeds."
        );
        assert!(
            of_pair(&pair(&[-0.25, -0.25]), 1)
                .ends_with("differences that do not vary allow no test.")
        );
        assert!(of_pair(&pair(&[f64::NAN, 0.1]), 1).contains("nothing can be said"));
    }
}
