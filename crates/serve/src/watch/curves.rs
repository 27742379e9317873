//! The activation curves of a run at its validations, in bounded memory.

use pliant_activation::{Activation, ActivationSpec};
use serde::Serialize;

use super::record::{Site, Tensor};

/// Validations kept at most; a full history drops every second one, never the first.
const SNAPSHOTS: usize = 128;
/// Groups of channels drawn per site.
const GROUPS: usize = 4;
/// Sites drawn.
const SITES: usize = 48;
/// The curves are drawn from `-REACH` to `REACH`.
const REACH: f64 = 5.0;
/// Points of a curve.
const POINTS: usize = 101;

/// Coefficients at one validation: by site, by group, in the order of the activation's definition.
#[derive(Clone, Debug, PartialEq)]
struct Snapshot {
    step: u64,
    sites: Vec<Vec<Vec<f64>>>,
}

/// Coefficients through training.
#[derive(Debug, Default)]
pub(crate) struct Evolution {
    names: Vec<String>,
    groups: usize,
    /// One in so many validations is kept.
    stride: usize,
    seen: usize,
    kept: Vec<Snapshot>,
    /// The newest, where it is not among the kept.
    newest: Option<Snapshot>,
}

/// Curves as the page gets them.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Curves {
    pub(crate) activation: String,
    /// Why there are none.
    pub(crate) problem: Option<String>,
    pub(crate) learnable: bool,
    /// What the curves are, where they are not the function itself.
    pub(crate) note: Option<&'static str>,
    pub(crate) sites: Vec<String>,
    /// Groups of channels of a site; at most four are drawn.
    pub(crate) groups: usize,
    pub(crate) x: Vec<f64>,
    pub(crate) steps: Vec<u64>,
    /// By step, site, group, point.
    pub(crate) values: Vec<Vec<Vec<Vec<f32>>>>,
}

impl Evolution {
    /// Adds a validation.
    pub(crate) fn push(&mut self, step: u64, sites: &[Site]) {
        let sites = &sites[..sites.len().min(SITES)];
        if sites.is_empty() {
            return;
        }
        self.names = sites.iter().map(|site| site.site.clone()).collect();
        self.groups = sites
            .iter()
            .map(|site| groups(&site.tensors))
            .max()
            .unwrap_or(0);
        let snapshot = Snapshot {
            step,
            sites: sites
                .iter()
                .map(|site| coefficients(&site.tensors))
                .collect(),
        };
        self.stride = self.stride.max(1);
        self.newest = None;
        if self.seen.is_multiple_of(self.stride) {
            self.kept.push(snapshot);
            if self.kept.len() > SNAPSHOTS {
                let mut index = 0;
                self.kept.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.stride *= 2;
            }
        } else {
            self.newest = Some(snapshot);
        }
        self.seen += 1;
    }

    /// Evaluates every curve of `activation`, a text form as in the record.
    pub(crate) fn curves(&self, activation: &str) -> Curves {
        let mut curves = Curves {
            activation: activation.to_owned(),
            sites: self.names.clone(),
            groups: self.groups,
            x: (0..POINTS)
                .map(|index| REACH * (2.0 * index as f64 / (POINTS - 1) as f64 - 1.0))
                .collect(),
            ..Curves::default()
        };
        let parsed = activation
            .parse::<ActivationSpec>()
            .map_err(|error| error.to_string())
            .and_then(|spec| {
                Activation::new(spec.elementwise()).map_err(|error| error.to_string())
            });
        let function = match parsed {
            Ok(function) => function,
            Err(problem) => {
                curves.problem = Some(problem);
                return curves;
            }
        };
        curves.learnable = function.is_learnable();
        curves.note = function.curve();
        let wanted = function.group_start().len();
        let mut evaluate = |step: u64, sites: &[Vec<Vec<f64>>]| {
            let site = |groups: &Vec<Vec<f64>>| -> Vec<Vec<f32>> {
                let whole = groups.iter().filter(|group| group.len() == wanted);
                whole
                    .map(|group| {
                        curves
                            .x
                            .iter()
                            .map(|&x| function.value(group, x) as f32)
                            .collect()
                    })
                    .collect()
            };
            curves.steps.push(step);
            curves.values.push(sites.iter().map(site).collect());
        };
        if curves.learnable {
            for snapshot in self.kept.iter().chain(&self.newest) {
                evaluate(snapshot.step, &snapshot.sites);
            }
        } else {
            let fixed = function.fixed_groups();
            let drawn = fixed.iter().take(GROUPS).cloned().collect();
            evaluate(0, &[drawn]);
            curves.groups = fixed.len();
            curves.sites = vec!["every layer".to_owned()];
        }
        curves
    }
}

/// Rows of the longest tensor: a shared one has a single row.
fn groups(tensors: &[Tensor]) -> usize {
    tensors
        .iter()
        .filter_map(|tensor| tensor.shape.first().copied())
        .max()
        .unwrap_or(0)
}

/// The coefficients of the first groups, tensor after tensor; a tensor that contradicts its shape gives none.
fn coefficients(tensors: &[Tensor]) -> Vec<Vec<f64>> {
    let row = |tensor: &Tensor, group: usize| -> Option<Vec<f64>> {
        let rows = tensor.shape.first().copied().filter(|&rows| rows > 0)?;
        let columns = tensor.values.len() / rows;
        let begin = if rows == 1 { 0 } else { group * columns };
        let values = tensor.values.get(begin..begin + columns)?;
        Some(
            values
                .iter()
                .map(|value| value.unwrap_or(f64::NAN))
                .collect(),
        )
    };
    (0..groups(tensors).min(GROUPS))
        .filter_map(|group| {
            let rows: Option<Vec<Vec<f64>>> =
                tensors.iter().map(|tensor| row(tensor, group)).collect();
            rows.map(|rows| rows.concat())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(first: f64) -> Site {
        let tensor = |values: &[f64]| Tensor {
            shape: vec![1, values.len()],
            values: values.iter().copied().map(Some).collect(),
        };
        Site {
            site: "layer.0".to_owned(),
            tensors: vec![tensor(&[first, 1.0, 0.0, 0.0, 0.0, 0.0]), tensor(&[0.0; 4])],
        }
    }

    #[test]
    fn the_curve_of_a_function_over_rows_says_what_it_is() {
        let tensor = |values: &[f64]| Tensor {
            shape: vec![1, values.len()],
            values: values.iter().copied().map(Some).collect(),
        };
        let mut evolution = Evolution::default();
        let site = Site {
            site: "layer.0".to_owned(),
            tensors: vec![tensor(&[1.0, 0.0, 0.0]), tensor(&[0.5])],
        };
        evolution.push(0, &[site]);
        let curves = evolution.curves("poly_norm");
        assert!((curves.values[0][0][0][0] + 4.5).abs() < 1e-5);
        assert!(curves.note.is_some_and(|note| note.contains("row")));
    }

    #[test]
    fn a_rational_is_evaluated_as_its_formula_says() {
        let mut evolution = Evolution::default();
        evolution.push(0, &[site(0.5)]);
        let curves = evolution.curves("rational");
        // 0.5 + x over 1.
        assert_eq!(curves.values[0][0][0][0], -4.5);
        assert_eq!(curves.values[0][0][0][POINTS - 1], 5.5);
        assert_eq!((curves.problem, curves.note), (None, None));
    }

    #[test]
    fn many_validations_stay_few_and_keep_the_first_and_the_newest() {
        let mut evolution = Evolution::default();
        for step in 0..10_000 {
            evolution.push(step, &[site(0.0)]);
            assert!(evolution.kept.len() <= SNAPSHOTS);
        }
        let curves = evolution.curves("rational");
        assert_eq!(
            (curves.steps[0], curves.steps[curves.steps.len() - 1]),
            (0, 9_999)
        );
        assert!(curves.steps.is_sorted());
    }

    #[test]
    fn a_fixed_activation_has_one_curve_and_a_later_version_says_what_is_unknown() {
        let evolution = Evolution::default();
        let curves = evolution.curves("gelu");
        assert!(!curves.learnable && (curves.values[0][0][0][POINTS - 1] - 5.0).abs() < 1e-4);
        assert!(evolution.curves("of-the-future(7)").problem.is_some());
    }
}
