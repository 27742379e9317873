//! Tagged values from what a run reports.

use std::collections::BTreeMap;

use pliant_activation::Activation;
use pliant_train::{Health, InputHistogram, SiteCoefficients, coefficient_groups};

use super::message::{Content, Histogram, Metadata, Value};
use super::picture;

/// Buckets of a histogram of coefficients.
const BUCKETS: usize = 30;

pub(crate) fn scalar(tag: impl Into<String>, value: f64) -> Value {
    Value {
        tag: tag.into(),
        content: Some(Content::Scalar(value as f32)),
        metadata: None,
    }
}

fn histogram(tag: String, histogram: Histogram) -> Value {
    Value {
        tag,
        content: Some(Content::Histogram(histogram)),
        metadata: None,
    }
}

/// Each coefficient as a scalar where a tensor has a single group, and each tensor as a histogram.
pub(crate) fn coefficients(sites: &[SiteCoefficients]) -> Vec<Value> {
    let mut values = Vec::new();
    for site in sites {
        for tensor in &site.tensors {
            let tag = format!("coefficients/{}/{}", site.site, tensor.name);
            let has_one_group = tensor.shape.len() < 2 || tensor.shape[0] == 1;
            if has_one_group {
                for (index, value) in tensor.values.iter().enumerate() {
                    values.push(scalar(format!("{tag}/{index}"), f64::from(*value)));
                }
            }
            if let Some(of) = of_values(&tensor.values) {
                values.push(histogram(tag, of));
            }
        }
    }
    values
}

/// The curve of each site as a picture, with what it is where it is not the function itself.
pub(crate) fn curves(activation: Option<&Activation>, sites: &[SiteCoefficients]) -> Vec<Value> {
    let pictures = sites.iter().filter_map(|site| {
        let activation = activation?;
        let image = picture::curve(activation, &coefficient_groups(&site.tensors).ok()?)?;
        Some(Value {
            tag: format!("activation/{}", site.site),
            content: Some(Content::Image(image)),
            metadata: activation.curve().map(|curve| Metadata {
                description: format!("Curve: {curve}."),
            }),
        })
    });
    pictures.collect()
}

/// None without a finite value.
fn of_values(values: &[f32]) -> Option<Histogram> {
    let values: Vec<f64> = values
        .iter()
        .map(|value| f64::from(*value))
        .filter(|value| value.is_finite())
        .collect();
    let minimum = values.iter().copied().reduce(f64::min)?;
    let maximum = values.iter().copied().reduce(f64::max)?;
    // Buckets of no width would not be drawn.
    let width = ((maximum - minimum) / BUCKETS as f64).max(1e-12);
    let mut buckets = vec![0.0; BUCKETS];
    for value in &values {
        buckets[(((value - minimum) / width) as usize).min(BUCKETS - 1)] += 1.0;
    }
    let mut limits: Vec<f64> = (1..=BUCKETS)
        .map(|index| minimum + width * index as f64)
        .collect();
    // What rounding left below the last value.
    limits[BUCKETS - 1] = limits[BUCKETS - 1].max(maximum);
    Some(Histogram {
        minimum,
        maximum,
        count: values.len() as f64,
        sum: values.iter().sum(),
        squares: values.iter().map(|value| value * value).sum(),
        limits,
        buckets,
    })
}

/// The inputs of a site; what lies outside of the drawn range is in the first and last bucket.
pub(crate) fn inputs(site: &str, of: &InputHistogram) -> Value {
    let width = (of.high - of.low) / of.counts.len().max(1) as f64;
    let mut limits = vec![of.low];
    let mut buckets = vec![of.below as f64];
    for (index, count) in of.counts.iter().enumerate() {
        limits.push(of.low + width * (index + 1) as f64);
        buckets.push(*count as f64);
    }
    limits.push(of.maximum.max(of.high) + width);
    buckets.push(of.above as f64);
    let count = of.count as f64;
    let histogram_of = Histogram {
        minimum: of.minimum,
        maximum: of.maximum,
        count,
        sum: of.mean * count,
        squares: (of.deviation * of.deviation + of.mean * of.mean) * count,
        limits,
        buckets,
    };
    histogram(format!("inputs/{site}"), histogram_of)
}

pub(crate) fn health(of: &Health) -> Vec<Value> {
    let by_role = |name: &str, values: &BTreeMap<String, f64>| -> Vec<Value> {
        let values = values.iter();
        values
            .map(|(role, value)| scalar(format!("{name}/{role}"), *value))
            .collect()
    };
    let mut values = by_role("gradient_norm_by_role", &of.gradient_norms);
    values.extend(by_role("update_ratio", &of.update_ratios));
    for site in &of.sites {
        values.push(scalar(format!("outside/{}", site.site), site.outside));
        values.push(scalar(format!("largest_input/{}", site.site), site.largest));
    }
    values
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pliant_train::NamedTensor;

    use super::*;

    #[test]
    fn a_curve_that_is_not_the_function_says_what_it_is() {
        for (text, note) in [("rational", None), ("poly_norm", Some("one channel"))] {
            let activation = Activation::new(&text.parse().unwrap()).unwrap();
            let tensors = activation.start_tensors(8).unwrap().into_iter();
            let site = SiteCoefficients {
                site: "layer.0".to_owned(),
                tensors: tensors
                    .map(|(tensor, values)| NamedTensor {
                        name: tensor.name.to_owned(),
                        shape: tensor.shape,
                        values,
                    })
                    .collect(),
            };
            let drawn = curves(Some(&activation), &[site]);
            let description = drawn[0].metadata.as_ref().map(|of| of.description.as_str());
            assert_eq!(description.is_some(), note.is_some(), "{text}");
            assert!(note.is_none_or(|note| description.unwrap().contains(note)));
        }
    }
}
