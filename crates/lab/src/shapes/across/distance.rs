//! How far one run moved one site.

use std::path::Path;

use pliant_train::SiteShape;

use super::{Compared, SiteDistance};
use crate::ShapesError;
use crate::shapes::curves::{self, INPUTS};

/// What the distance is, for whoever reads the numbers alone.
pub(super) const DISTANCE: &str = "root mean square of the fine-tuned minus the pre-trained function over the inputs that the fine-tuned model feeds the site: over the centres of the bins of its histogram on validation batches, each with its share; groups of channels count alike";

/// See [`DISTANCE`].
pub(super) fn distance(
    before: &SiteShape,
    after: &SiteShape,
    compared: &Compared,
    source: &Path,
) -> Result<SiteDistance, ShapesError> {
    let inputs = &after.inputs;
    let bins = inputs.counts.len();
    let width = (inputs.high - inputs.low) / bins.max(1) as f64;
    let centres: Vec<f64> = (0..bins)
        .map(|bin| inputs.low + width * (bin as f64 + 0.5))
        .collect();
    let old = curves::of_site(before, &centres, &compared.against.join(INPUTS))?;
    let new = curves::of_site(after, &centres, source)?;
    let inside: u64 = inputs.counts.iter().sum();
    let mut squares = 0.0;
    for (old, new) in old.iter().zip(&new) {
        for (bin, &count) in inputs.counts.iter().enumerate() {
            squares += count as f64 * (new.learned[bin] - old.learned[bin]).powi(2);
        }
    }
    let weight = inside as f64 * new.len() as f64;
    Ok(SiteDistance {
        distance: if weight > 0.0 {
            (squares / weight).sqrt()
        } else {
            0.0
        },
        outside: if inputs.count > 0 {
            (inputs.below + inputs.above) as f64 / inputs.count as f64
        } else {
            0.0
        },
    })
}
