//! The density of an activation's inputs.

use super::kernel::KernelDensity;
use crate::error::ActivationError;

/// Counts of inputs in equally wide bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Binned<'a> {
    /// Lower edge of the first bin.
    pub low: f64,
    /// Upper edge of the last bin.
    pub high: f64,
    /// Inputs in each bin.
    pub counts: &'a [u64],
    /// Inputs below the first bin.
    pub below: u64,
    /// Inputs above the last bin.
    pub above: u64,
    /// Standard deviation of all inputs.
    pub deviation: f64,
}

/// A smooth density: value and slope at every input.
#[derive(Clone, Debug)]
pub enum Density {
    /// Mean 0, deviation 1.
    StandardNormal,
    /// Estimated from inputs.
    Measured(Box<Measured>),
}

/// A density estimated from counts.
#[derive(Clone, Debug)]
pub struct Measured(KernelDensity);

impl Density {
    /// A Gaussian kernel density estimate from counts, each bin a point in its middle.
    ///
    /// The bandwidth is the one that estimates the *slope* of a normal density best, `s·(4 / 5n)^(1/7)` (Silverman's rule,
    /// `s·(4 / 3n)^(1/5)`, is that for its value), with `s` the smaller of the deviation and 1/1.349 of the distance of the quartiles,
    /// and at least the width of a bin. Inputs of neighbouring positions and channels are not independent, so that
    /// `n` overstates what is known. At an edge of the bins with inputs beyond it, the density is continued by its mirror
    /// image: there is no cliff where the counts end.
    ///
    /// # Errors
    /// [`ActivationError::Density`]: fewer than 1000 inputs in the bins, or bins wider than the inputs' deviation.
    pub fn measured(binned: &Binned<'_>) -> Result<Self, ActivationError> {
        KernelDensity::new(binned).map(|kernel| Self::Measured(Box::new(Measured(kernel))))
    }

    /// Inputs counted; `None` for a law.
    pub fn samples(&self) -> Option<u64> {
        self.kernel().map(|kernel| kernel.samples)
    }

    /// Inputs outside of the bins, which the estimate leaves out.
    pub fn outside(&self) -> u64 {
        self.kernel().map_or(0, |kernel| kernel.outside)
    }

    /// Bandwidth of the estimate; `None` for a law.
    pub fn bandwidth(&self) -> Option<f64> {
        self.kernel().map(|kernel| kernel.bandwidth)
    }

    /// Inputs expected within a bandwidth on either side of `u`: what the estimate rests on there. `None` for a law.
    pub fn samples_near(&self, u: f64) -> Option<f64> {
        self.kernel()
            .map(|kernel| 2.0 * kernel.bandwidth * kernel.samples as f64 * kernel.at(u).0)
    }

    /// Where inputs may lie.
    pub fn support(&self) -> (f64, f64) {
        match self {
            // Beyond it the density is below 1e-17 of its largest value.
            Self::StandardNormal => (-9.0, 9.0),
            Self::Measured(measured) => measured.0.support(),
        }
    }

    /// `(p(u), p'(u))`
    pub fn at(&self, u: f64) -> (f64, f64) {
        match self {
            Self::StandardNormal => {
                let p = libm::exp(-0.5 * u * u) / (2.0 * std::f64::consts::PI).sqrt();
                (p, -u * p)
            }
            Self::Measured(measured) => measured.0.at(u),
        }
    }

    fn kernel(&self) -> Option<&KernelDensity> {
        match self {
            Self::StandardNormal => None,
            Self::Measured(measured) => Some(&measured.0),
        }
    }
}
