//! What leaves its sane range, each cause once per run.
//!
//! | measure | sane | why |
//! |---|---|---|
//! | gradient norm of a role | above 0, at most 1e4 | at 0 the role does not learn; sound runs stay below a few hundred |
//! | update ratio of a role | 1e-7 to 0.1 | below, the update is lost in the rounding of f32 weights (6e-8); above, a step replaces what was learned |
//! | share of inputs outside the fitted range | at most half | there the curve is an extrapolation; sound runs have up to a third there |
//! | largest input | at most 1e3 | forms B and N raise it to the fifth power, and bf16 is left with steps of 4 |
//!
//! Gradient norms and update ratios are judged from step 100 on, after the warm-up and while the learning rate is at least
//! a tenth of its highest: a bias that begins at zero moves by all that it is, and a schedule ends near zero.

use std::collections::BTreeSet;

use super::measure::Measured;

const LARGEST_GRADIENT: f64 = 1e4;
const SMALLEST_RATIO: f64 = 1e-7;
const LARGEST_RATIO: f64 = 0.1;
const LARGEST_SHARE: f64 = 0.5;
const LARGEST_INPUT: f64 = 1e3;

/// One measure and the side on which it leaves its range.
struct Cause {
    /// Its name among those that were warned of.
    name: &'static str,
    /// Begins the message.
    what: &'static str,
    /// Ends the message: what it may mean.
    meaning: &'static str,
}

const NO_GRADIENT: Cause = Cause {
    name: "no_gradient",
    what: "the gradient is zero",
    meaning: "these parameters do not learn",
};
const LARGE_GRADIENT: Cause = Cause {
    name: "large_gradient",
    what: "the gradient norm is above 1e4",
    meaning: "clipping throttles every step; a lower learning rate or a longer warm-up may help",
};
const SMALL_UPDATE: Cause = Cause {
    name: "small_update",
    what: "the update is below 1e-7 of the weights",
    meaning: "it is lost in rounding; a higher learning rate may help",
};
const LARGE_UPDATE: Cause = Cause {
    name: "large_update",
    what: "the update is above 0.1 of the weights",
    meaning: "a step replaces what was learned; a lower learning rate or a longer warm-up may help",
};
const OUTSIDE: Cause = Cause {
    name: "outside",
    what: "more than half of the inputs are outside the range in which the activation was fitted",
    meaning: "a wider `range` of the activation may help",
};
const LARGE_INPUT: Cause = Cause {
    name: "large_input",
    what: "an activation input is above 1e3",
    meaning: "the weights before the activation grow; a lower learning rate or weight decay may help",
};
const NOT_FINITE: Cause = Cause {
    name: "not_finite",
    what: "an activation input is not finite",
    meaning: "the run is about to diverge",
};

/// A message for each cause with what left its range since the last validation; `warned` remembers it.
pub(crate) fn leaving(
    measured: &Measured,
    step: u64,
    warned: &mut BTreeSet<String>,
) -> Vec<String> {
    let health = &measured.health;
    let judged = |of: &std::collections::BTreeMap<String, f64>| -> Vec<(String, f64)> {
        of.iter()
            .filter(|(role, _)| measured.judged.contains(*role))
            .map(|(role, value)| (role.clone(), *value))
            .collect()
    };
    let gradients = judged(&health.gradient_norms);
    let ratios = judged(&health.update_ratios);
    let sites = |value: fn(&super::SiteHealth) -> f64| -> Vec<(String, f64)> {
        let sites = health.sites.iter();
        sites.map(|of| (of.site.clone(), value(of))).collect()
    };
    let (shares, inputs) = (sites(|of| of.outside), sites(|of| of.largest));
    let mut messages = Vec::new();
    let mut look = |cause: &Cause, values: &[(String, f64)], leaves: fn(f64) -> bool| {
        let places: Vec<String> = values
            .iter()
            .filter(|(place, value)| {
                leaves(*value) && warned.insert(format!("{} {place}", cause.name))
            })
            .map(|(place, value)| {
                if *value == f64::MAX {
                    place.clone()
                } else {
                    format!("{place} ({value:.3e})")
                }
            })
            .collect();
        if !places.is_empty() {
            let (what, meaning) = (cause.what, cause.meaning);
            messages.push(format!(
                "step {step}: {what}: {}; {meaning}",
                places.join(", ")
            ));
        }
    };
    look(&NO_GRADIENT, &gradients, |norm| norm == 0.0);
    look(&LARGE_GRADIENT, &gradients, |norm| norm > LARGEST_GRADIENT);
    look(&SMALL_UPDATE, &ratios, |ratio| ratio < SMALLEST_RATIO);
    look(&LARGE_UPDATE, &ratios, |ratio| ratio > LARGEST_RATIO);
    look(&OUTSIDE, &shares, |share| share > LARGEST_SHARE);
    look(&NOT_FINITE, &inputs, |largest| largest == f64::MAX);
    look(&LARGE_INPUT, &inputs, |largest| {
        largest > LARGEST_INPUT && largest < f64::MAX
    });
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::{Health, SiteHealth};

    fn measured(norm: f64, ratio: f64, outside: f64, largest: f64) -> Measured {
        let role = |value| [("weight".to_owned(), value)].into();
        Measured {
            health: Health {
                gradient_norms: role(norm),
                update_ratios: role(ratio),
                sites: vec![SiteHealth {
                    site: "layer.0".to_owned(),
                    outside,
                    largest,
                }],
            },
            judged: ["weight".to_owned()].into(),
        }
    }

    #[test]
    fn sane_values_are_no_news() {
        for ratio in [1e-7, 1e-3, 0.1] {
            let of = measured(200.0, ratio, 0.3, 40.0);
            assert!(leaving(&of, 500, &mut BTreeSet::new()).is_empty());
        }
    }

    #[test]
    fn each_cause_is_told_once() {
        for (of, word) in [
            (measured(0.0, 1e-3, 0.0, 1.0), "the gradient is zero"),
            (measured(2e4, 1e-3, 0.0, 1.0), "above 1e4: weight (2.000e4)"),
            (measured(1.0, 1e-8, 0.0, 1.0), "below 1e-7"),
            (measured(1.0, 0.2, 0.0, 1.0), "above 0.1"),
            (measured(1.0, 1e-3, 0.6, 1.0), "more than half"),
            (measured(1.0, 1e-3, 0.0, 1001.0), "above 1e3: layer.0"),
            (measured(1.0, 1e-3, 0.0, f64::MAX), "not finite: layer.0;"),
        ] {
            let mut warned = BTreeSet::new();
            let messages = leaving(&of, 500, &mut warned);
            assert_eq!(messages.len(), 1, "{messages:?}");
            assert!(messages[0].contains(word), "{messages:?}");
            assert!(leaving(&of, 1000, &mut warned).is_empty());
        }
    }

    #[test]
    fn another_place_is_another_cause() {
        let mut warned = BTreeSet::new();
        let mut of = measured(1.0, 1e-3, 0.6, 1.0);
        assert_eq!(leaving(&of, 500, &mut warned).len(), 1);
        of.health.sites.push(SiteHealth {
            site: "layer.1".to_owned(),
            outside: 0.9,
            largest: 1.0,
        });
        let messages = leaving(&of, 1000, &mut warned);
        assert_eq!(messages.len(), 1);
        assert!(messages[0].contains("layer.1") && !messages[0].contains("layer.0"));
    }

    #[test]
    fn updates_are_not_judged_before_they_settled() {
        let mut of = measured(0.0, 0.9, 0.0, 1.0);
        of.judged.clear();
        assert!(leaving(&of, 5, &mut BTreeSet::new()).is_empty());
    }
}
