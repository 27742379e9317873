//! What the numbers allow to be said, in words, and no more.

use crate::claim::{Claim, LEVEL, seeds};
use crate::number::decimal;
use crate::results::{PairResult, Results};

/// The statement about all pairs; the level is shared among them (Bonferroni) when there are several.
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
    let delta = &pair.delta_loss;
    let level = LEVEL / pairs as f64;
    let below = |p: f64| p < level;
    Claim {
        baseline: &pair.baseline,
        arm: &pair.arm,
        quantity: ["validation loss", "losses"],
        higher_is_better: false,
        scale: 1.0,
        decimals: 4,
        unit: "",
        differences: delta.by_seed.iter().map(|entry| entry.delta).collect(),
        mean: delta.mean,
        interval: delta.low.zip(delta.high),
        p: delta.p,
        sign_flip_p: delta.sign_flip_p,
        consequence: delta.mean.map(perplexity).unwrap_or_default(),
        correction: String::new(),
        significant: delta.p.is_some_and(below) && delta.sign_flip_p.is_none_or(below),
    }
    .sentence()
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
