//! Several tests at once (Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979).

/// The p-values adjusted so that each may be held against the level as if it were the only one: the smallest times the number of
/// tests, the next times one less, and so on, never below one before it. What has no p-value counts for nothing.
pub fn holm(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> = p
        .iter()
        .enumerate()
        .filter_map(|(index, p)| Some((index, (*p)?)))
        .collect();
    // Equal values keep their order; they end with the same adjusted value either way.
    order.sort_by(|left, right| left.1.total_cmp(&right.1));
    let tests = order.len();
    let mut adjusted = vec![None; p.len()];
    let mut least = 0.0_f64;
    for (rank, (index, p)) in order.into_iter().enumerate() {
        least = least.max(p * (tests - rank) as f64).min(1.0);
        adjusted[index] = Some(least);
    }
    adjusted
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// A case of `python/golden/sweep_statistics.py`.
    #[derive(Deserialize)]
    struct Golden {
        p: Vec<f64>,
        holm: Vec<f64>,
    }

    #[test]
    fn adjusted_values_are_the_published_ones() {
        let cases: Vec<Golden> =
            serde_json::from_str(include_str!("../../tests/golden/holm.json")).unwrap();
        assert!(cases.len() >= 3);
        for case in cases {
            let given: Vec<Option<f64>> = case.p.iter().copied().map(Some).collect();
            for (ours, theirs) in holm(&given).into_iter().zip(case.holm) {
                assert!((ours.unwrap() - theirs).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn tests_that_were_not_made_do_not_count() {
        assert_eq!(
            holm(&[Some(0.04), None, Some(0.01)]),
            [Some(0.04), None, Some(0.02)]
        );
        assert_eq!(holm(&[]), []);
        assert_eq!(holm(&[Some(0.9), Some(0.8)]), [Some(1.0), Some(1.0)]);
    }
}
