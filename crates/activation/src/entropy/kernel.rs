//! Gaussian kernel density estimate from binned inputs.

use super::density::Binned;
use crate::error::ActivationError;

/// Fewer inputs say little about a slope.
const FEWEST: u64 = 1000;
/// A kernel reaches so many bandwidths: beyond, it is below 2e-14 of its middle.
const REACH: f64 = 8.0;
/// Distance of the quartiles of a normal law in deviations.
const QUARTILES: f64 = 1.349;

#[derive(Clone, Debug)]
pub(super) struct KernelDensity {
    low: f64,
    high: f64,
    width: f64,
    /// Shares of the counted inputs.
    shares: Vec<f64>,
    mirrors_low: bool,
    mirrors_high: bool,
    pub(super) bandwidth: f64,
    pub(super) samples: u64,
    pub(super) outside: u64,
}

impl KernelDensity {
    pub(super) fn new(binned: &Binned<'_>) -> Result<Self, ActivationError> {
        let samples: u64 = binned.counts.iter().sum();
        let refuse = |reason: String, hint: &'static str| {
            Err(ActivationError::Density {
                reason: reason.into(),
                hint,
            })
        };
        if samples < FEWEST {
            return refuse(
                format!(
                    "{samples} inputs in the histogram, fewer than {FEWEST}: their slope would be noise"
                ),
                "take a run that was validated on more tokens",
            );
        }
        let width = (binned.high - binned.low) / binned.counts.len() as f64;
        let spread = spread(binned, width);
        if !(spread.is_finite() && spread >= width && width > 0.0) {
            return refuse(
                format!(
                    "the inputs have deviation {spread:.3} and the bins of the histogram are {width:.3} wide: too coarse to tell a slope"
                ),
                "take a run that was trained further, whose inputs spread wider",
            );
        }
        Ok(Self {
            low: binned.low,
            high: binned.high,
            width,
            shares: binned
                .counts
                .iter()
                .map(|count| *count as f64 / samples as f64)
                .collect(),
            mirrors_low: binned.below > 0,
            mirrors_high: binned.above > 0,
            bandwidth: (spread * libm::pow(4.0 / (5.0 * samples as f64), 1.0 / 7.0)).max(width),
            samples,
            outside: binned.below + binned.above,
        })
    }

    /// From the first bin with inputs to the last, and the reach of their kernels; not beyond an edge with inputs behind it.
    pub(super) fn support(&self) -> (f64, f64) {
        let reach = REACH * self.bandwidth;
        let first = self.shares.iter().position(|share| *share > 0.0);
        let last = self.shares.iter().rposition(|share| *share > 0.0);
        let edge = |bin: usize| self.low + bin as f64 * self.width;
        (
            if self.mirrors_low {
                self.low
            } else {
                edge(first.unwrap_or(0)) - reach
            },
            if self.mirrors_high {
                self.high
            } else {
                edge(last.unwrap_or(0) + 1) + reach
            },
        )
    }

    pub(super) fn at(&self, u: f64) -> (f64, f64) {
        let (mut p, mut slope) = self.sum(u);
        let mirrors = [(self.mirrors_low, self.low), (self.mirrors_high, self.high)];
        for (_, edge) in mirrors.into_iter().filter(|(is_there, _)| *is_there) {
            let (other, rise) = self.sum(2.0 * edge - u);
            p += other;
            slope -= rise;
        }
        (p, slope)
    }

    fn sum(&self, u: f64) -> (f64, f64) {
        let h = self.bandwidth;
        let bin = |at: f64| ((at - self.low) / self.width).floor().max(0.0) as usize;
        let first = bin(u - REACH * h);
        let (mut p, mut slope) = (0.0, 0.0);
        for index in first..self.shares.len().min(bin(u + REACH * h) + 1) {
            let middle = self.low + (index as f64 + 0.5) * self.width;
            let z = (u - middle) / h;
            let bell = self.shares[index] * libm::exp(-0.5 * z * z);
            p += bell;
            slope -= z / h * bell;
        }
        let unit = 1.0 / (h * (2.0 * std::f64::consts::PI).sqrt());
        (p * unit, slope * unit)
    }
}

/// The smaller of the deviation and that of a normal law with these quartiles, where the bins hold them.
fn spread(binned: &Binned<'_>, width: f64) -> f64 {
    let all = binned.below + binned.above + binned.counts.iter().sum::<u64>();
    let quantile = |share: f64| {
        let wanted = share * all as f64;
        let mut before = binned.below as f64;
        for (index, count) in binned.counts.iter().enumerate() {
            let with = before + *count as f64;
            if wanted >= before && wanted < with {
                let part = (wanted - before) / (with - before);
                return Some(binned.low + (index as f64 + part) * width);
            }
            before = with;
        }
        None
    };
    match (quantile(0.25), quantile(0.75)) {
        (Some(first), Some(third)) if third > first => {
            binned.deviation.min((third - first) / QUARTILES)
        }
        _ => binned.deviation,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn binned(counts: &[u64], below: u64, deviation: f64) -> Binned<'_> {
        Binned {
            low: -10.0,
            high: 10.0,
            counts,
            below,
            above: 0,
            deviation,
        }
    }

    #[test]
    fn the_estimate_integrates_to_one_and_its_slope_is_its_derivative() {
        let counts: Vec<u64> = (0..200).map(|bin| (bin * 37) % 11 + bin).collect();
        let density = KernelDensity::new(&binned(&counts, 0, 5.0)).unwrap();
        let (low, high) = density.support();
        let step = (high - low) / 40_000.0;
        let area: f64 = (0..40_000)
            .map(|i| density.at(low + (f64::from(i) + 0.5) * step).0 * step)
            .sum();
        assert!((area - 1.0).abs() < 1e-9, "{area}");
        for u in [-9.9, -3.3, 0.0, 7.05] {
            let difference = (density.at(u + 1e-5).0 - density.at(u - 1e-5).0) / 2e-5;
            let (_, slope) = density.at(u);
            assert!((slope - difference).abs() < 1e-9, "{slope} {difference}");
        }
    }

    #[test]
    fn inputs_beyond_an_edge_make_no_cliff() {
        let counts = vec![1000; 200];
        let cut = KernelDensity::new(&binned(&counts, 50_000, 8.0)).unwrap();
        assert!(cut.at(-10.0).1.abs() < 1e-12);
        assert!((cut.at(-10.0).0 - 0.05).abs() < 1e-4, "{:?}", cut.at(-10.0));
        assert_eq!(cut.support().0, -10.0);
        // Without inputs beyond it, the density falls to half at the edge.
        let whole = KernelDensity::new(&binned(&counts, 0, 5.8)).unwrap();
        assert!((whole.at(-10.0).0 - 0.025).abs() < 1e-4);
    }

    #[test]
    fn too_few_inputs_and_too_wide_bins_are_refused() {
        let few = KernelDensity::new(&binned(&[4; 200], 5000, 1.0)).unwrap_err();
        assert!(few.to_string().contains("800 inputs"), "{few}");
        assert!(few.hint().is_some());
        let mut counts = [0; 200];
        counts[100] = 5000;
        let coarse = KernelDensity::new(&binned(&counts, 0, 0.02)).unwrap_err();
        assert!(coarse.to_string().contains("too coarse"), "{coarse}");
    }
}
