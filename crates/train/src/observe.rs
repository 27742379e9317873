//! Coefficients and input distributions of activation sites.

use pliant_activation::CoefficientTensor;
use pliant_nn::Site;

use crate::TrainError;
use crate::shapes::{InputHistogram, InputShapes, NamedTensor, SiteCoefficients, SiteShape};
use crate::trainable::{Feed, StepBatch, Trainable};

/// Range and bins of the histograms, and how many validation sequences are looked at.
const LOW: f64 = -10.0;
const HIGH: f64 = 10.0;
const BINS: usize = 200;
const SEQUENCES: usize = 128;

/// Coefficients of every learnable site.
pub(crate) fn coefficients(model: &impl Trainable) -> Vec<SiteCoefficients> {
    model
        .sites()
        .iter()
        .filter(|site| !site.parameter_names.is_empty())
        .map(|site| SiteCoefficients {
            site: site.name.clone(),
            tensors: tensors(model, site),
        })
        .collect()
}

fn tensors(model: &impl Trainable, site: &Site) -> Vec<NamedTensor> {
    if !site.activation.is_learnable() {
        return held(site);
    }
    site.parameter_names
        .iter()
        .filter_map(|name| {
            let index = model
                .parameters()
                .iter()
                .position(|parameter| parameter.name == *name)?;
            Some(NamedTensor {
                name: name.rsplit('.').next().unwrap_or(name).to_owned(),
                shape: model.parameters()[index].shape.clone(),
                values: model.read(index),
            })
        })
        .collect()
}

/// What a fixed function holds for each group of channels; nothing for one function, or one that learns.
fn held(site: &Site) -> Vec<NamedTensor> {
    if site.activation.is_learnable() {
        return Vec::new();
    }
    let named = |(tensor, values): (CoefficientTensor, Vec<f32>)| NamedTensor {
        name: tensor.name.to_owned(),
        shape: tensor.shape,
        values,
    };
    let tensors = site.activation.start_tensors(site.channels);
    tensors.unwrap_or_default().into_iter().map(named).collect()
}

/// Running sums over the inputs of one site.
struct Observer {
    counts: Vec<u64>,
    below: u64,
    above: u64,
    count: u64,
    mean: f64,
    squares: f64,
    minimum: f64,
    maximum: f64,
}

impl Observer {
    fn new() -> Self {
        Self {
            counts: vec![0; BINS],
            below: 0,
            above: 0,
            count: 0,
            mean: 0.0,
            squares: 0.0,
            minimum: f64::INFINITY,
            maximum: f64::NEG_INFINITY,
        }
    }

    fn add(&mut self, value: f64) {
        self.count += 1;
        // Welford's update: no cancellation however far the mean is from zero.
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
        if value < LOW {
            self.below += 1;
        } else if value >= HIGH {
            self.above += 1;
        } else {
            let bin = ((value - LOW) / (HIGH - LOW) * BINS as f64) as usize;
            self.counts[bin.min(BINS - 1)] += 1;
        }
    }

    fn finish(self) -> InputHistogram {
        let is_empty = self.count == 0;
        InputHistogram {
            low: LOW,
            high: HIGH,
            counts: self.counts,
            below: self.below,
            above: self.above,
            count: self.count,
            mean: self.mean,
            deviation: (self.squares / self.count.max(1) as f64).sqrt(),
            minimum: if is_empty { 0.0 } else { self.minimum },
            maximum: if is_empty { 0.0 } else { self.maximum },
        }
    }
}

/// Looks at the inputs of every site on the first validation batches; padding is left out.
pub(crate) fn shapes<M: Trainable>(
    model: &M,
    feed: &impl Feed<Batch = M::Batch>,
    batch: usize,
    start: &[SiteCoefficients],
    step: u64,
) -> Result<InputShapes, TrainError> {
    let mut observers: Vec<Observer> = model.sites().iter().map(|_| Observer::new()).collect();
    let mut sequences = 0;
    for batch in feed.validation(batch) {
        observe(model, &batch, &mut observers)?;
        sequences += batch.sequences();
        if sequences >= SEQUENCES {
            break;
        }
    }
    let sites = model
        .sites()
        .iter()
        .zip(observers)
        .map(|(site, observer)| SiteShape {
            site: site.name.clone(),
            layer: site.layer(),
            activation: site.activation.spec().to_string(),
            start: start
                .iter()
                .find(|of| of.site == site.name)
                .map_or_else(|| held(site), |of| of.tensors.clone()),
            learned: tensors(model, site),
            inputs: observer.finish(),
        })
        .collect();
    Ok(InputShapes { step, sites })
}

fn observe<M: Trainable>(
    model: &M,
    batch: &M::Batch,
    observers: &mut [Observer],
) -> Result<(), TrainError> {
    model.observe(batch, &mut |site, values| {
        for value in values {
            observers[site].add(f64::from(*value));
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_counts_edges_and_moments() {
        let mut observer = Observer::new();
        for value in [-10.0, -10.1, 0.0, 0.05, 9.999, 10.0] {
            observer.add(value);
        }
        let histogram = observer.finish();
        assert_eq!(
            (histogram.below, histogram.above, histogram.count),
            (1, 1, 6)
        );
        assert_eq!(
            (
                histogram.counts[0],
                histogram.counts[100],
                histogram.counts[199]
            ),
            (1, 2, 1)
        );
        assert!((histogram.mean - (-0.051 / 6.0)).abs() < 1e-12);
        assert_eq!((histogram.minimum, histogram.maximum), (-10.1, 10.0));
    }
}
