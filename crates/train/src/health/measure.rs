//! Measuring: looks, and changes nothing of what is trained.

use std::collections::{BTreeMap, BTreeSet};

use pliant_kernels::parallel;
use pliant_nn::Role;

use super::{Health, SiteHealth};
use crate::TrainError;
use crate::optimizer::Optimizer;
use crate::schedule::Moment;
use crate::trainable::{Feed, StepBatch, Trainable};

/// Sequences that are looked at: some hundred thousand inputs of each site, at the cost of part of a step.
const SEQUENCES: usize = 32;

/// Before this step the size of an update says little: a bias that begins at zero moves by all that it is.
const SETTLED_STEP: u64 = 100;

/// Below this share of the highest learning rate a small update is what the schedule asks for.
const SMALL_FACTOR: f64 = 0.1;

/// What a step leaves for the validation behind it.
#[derive(Clone, Debug)]
pub(crate) struct LastStep {
    /// Which it was.
    pub(crate) moment: Moment,
    /// Learning rate of each group.
    pub(crate) learning_rates: Vec<f64>,
    /// Gradient norms by role.
    pub(crate) gradient_norms: BTreeMap<Role, f64>,
}

/// Health, and the roles whose updates have a size that can be judged.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) health: Health,
    pub(crate) judged: BTreeSet<String>,
}

/// Measures a model behind `last`, none where this process took no step yet.
///
/// # Errors
/// What the model says of the batches.
pub(crate) fn measure<M: Trainable>(
    model: &M,
    optimizer: &Optimizer,
    feed: &impl Feed<Batch = M::Batch>,
    micro_batch: usize,
    last: Option<&LastStep>,
) -> Result<Measured, TrainError> {
    let mut health = Health {
        sites: sites(model, feed, micro_batch)?,
        ..Health::default()
    };
    let mut judged = BTreeSet::new();
    if let Some(last) = last {
        let named = |of: BTreeMap<Role, f64>| {
            let of = of.into_iter();
            of.map(|(role, value)| (role.to_string(), value)).collect()
        };
        health.gradient_norms = named(last.gradient_norms.clone());
        health.update_ratios =
            named(optimizer.update_ratios(model, &last.learning_rates, last.moment.step));
        judged = settled(model, optimizer, last.moment);
    }
    Ok(Measured { health, judged })
}

/// Roles of which every group is past its warm-up and not at the end of its schedule.
fn settled(model: &impl Trainable, optimizer: &Optimizer, moment: Moment) -> BTreeSet<String> {
    if moment.step < SETTLED_STEP {
        return BTreeSet::new();
    }
    let grouping = optimizer.grouping();
    let mut by_role: BTreeMap<Role, bool> = BTreeMap::new();
    for (parameter, group) in model.parameters().iter().zip(&grouping.of_parameter) {
        let Some(group) = group else { continue };
        let schedule = &grouping.groups[*group].schedule;
        *by_role.entry(parameter.role).or_insert(true) &=
            schedule.has_warmed_up(moment) && schedule.factor(moment) >= SMALL_FACTOR;
    }
    let settled = by_role.into_iter().filter(|(_, is_settled)| *is_settled);
    settled.map(|(role, _)| role.to_string()).collect()
}

/// Counts over the inputs of one site.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: u64,
    outside: u64,
    largest: f32,
    has_non_finite: bool,
}

impl Seen {
    /// A value that is not a number is outside of every range.
    fn add(&mut self, values: &[f32], range: Option<(f32, f32)>) {
        let parts = parallel::map_chunks(values.len(), parallel::ELEMENTS, |part| {
            let mut seen = Self::default();
            for value in &values[part] {
                let size = value.abs();
                seen.has_non_finite |= !size.is_finite();
                seen.largest = seen.largest.max(size);
                if let Some((low, high)) = range {
                    seen.outside += u64::from(!(low..=high).contains(value));
                }
            }
            seen
        });
        self.count += values.len() as u64;
        for part in parts {
            self.outside += part.outside;
            self.largest = self.largest.max(part.largest);
            self.has_non_finite |= part.has_non_finite;
        }
    }

    fn finish(self, site: &str) -> SiteHealth {
        SiteHealth {
            site: site.to_owned(),
            outside: self.outside as f64 / self.count.max(1) as f64,
            largest: if self.has_non_finite {
                f64::MAX
            } else {
                f64::from(self.largest)
            },
        }
    }
}

fn sites<M: Trainable>(
    model: &M,
    feed: &impl Feed<Batch = M::Batch>,
    micro_batch: usize,
) -> Result<Vec<SiteHealth>, TrainError> {
    let sites = model.sites();
    let ranges: Vec<Option<(f32, f32)>> = sites
        .iter()
        .map(|site| site.activation.fit_range())
        .map(|range| range.map(|(low, high)| (low as f32, high as f32)))
        .collect();
    let mut seen = vec![Seen::default(); sites.len()];
    let mut sequences = 0;
    for batch in feed.validation(micro_batch.min(SEQUENCES)) {
        model.observe(&batch, &mut |site, values| {
            seen[site].add(values, ranges[site]);
        })?;
        sequences += batch.sequences();
        if sequences >= SEQUENCES {
            break;
        }
    }
    Ok(sites
        .iter()
        .zip(seen)
        .map(|(site, seen)| seen.finish(&site.name))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_counted_exactly() {
        let mut seen = Seen::default();
        seen.add(&[-3.0, 3.0, -3.1, 0.0], Some((-3.0, 3.0)));
        seen.add(&[100.0; 4], Some((-3.0, 3.0)));
        let site = seen.finish("layer.0");
        assert_eq!((site.outside, site.largest), (5.0 / 8.0, 100.0));
        let mut fixed = Seen::default();
        fixed.add(&[-7.5, 2.0], None);
        let site = fixed.finish("layer.0");
        assert_eq!((site.outside, site.largest), (0.0, 7.5));
    }

    #[test]
    fn what_is_not_finite_is_the_largest_and_outside() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut seen = Seen::default();
            seen.add(&[bad, 1.0], Some((-3.0, 3.0)));
            let site = seen.finish("layer.0");
            assert_eq!((site.outside, site.largest), (0.5, f64::MAX));
        }
    }
}
