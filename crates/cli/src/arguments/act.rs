use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, Subcommand, ValueHint};

use super::number::{Degrees, Interval, count, knots};

/// Look at activation functions: list, fit, check, time, import, correct
#[derive(Debug, Subcommand)]
pub(crate) enum Act {
    List(List),
    Fit(Fit),
    Check(Check),
    Bench(Bench),
    Import(Import),
    Eafo(Eafo),
}

/// List the activation functions with their options
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant act list")]
pub(crate) struct List {}

/// Fit a rational function to a target function
///
/// Prints the coefficients in ascending order, the largest and root-mean-square error of value and derivative inside
/// the range and over twice the range, and the slopes at both ends.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant act fit gelu --form a --degrees 5/4 --range=-5,5")]
pub(crate) struct Fit {
    /// Function to fit: any fixed activation
    pub(crate) target: String,

    /// Form of the denominator: a, b, c or n
    #[arg(long, default_value = "a")]
    pub(crate) form: String,

    /// Degrees of numerator and denominator
    #[arg(long, value_name = "M/N", default_value = "5/4")]
    pub(crate) degrees: Degrees,

    /// Range to fit on [default: where `rational` fits its own start in this form]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    pub(crate) range: Option<Interval>,

    /// Weight of the error from the range to twice the range: 0 for none, 0.01 allows a hundred times the error there
    /// [default: as `rational` fits its own start in this form]
    #[arg(long, value_name = "WEIGHT")]
    pub(crate) tail_weight: Option<f64>,
}

/// Check the formulas, gradients and kernels of every activation
///
/// Analytic derivatives against central differences in f64, and the fast kernels against the reference, at random, huge,
/// zero and kink inputs. Ends with exit code 1 when one is off.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant act check rational silu")]
pub(crate) struct Check {
    /// Activations to check [default: every family, form and degree]
    #[arg(value_name = "ACTIVATION")]
    pub(crate) only: Vec<String>,
}

/// Time the kernels of the activations against GELU
///
/// Nanoseconds per element of forward, and of forward with backward, as medians over the rounds; memory traffic of both (20
/// bytes per element in f32) beside that of a plain copy.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant act bench --json")]
pub(crate) struct Bench {
    /// Activations to time beside GELU [default: all, and some of the rationals]
    #[arg(value_name = "ACTIVATION")]
    pub(crate) activations: Vec<String>,

    /// Rows of the layer
    #[arg(long, value_name = "N", default_value = "4096", value_parser = count::<NonZeroUsize>)]
    pub(crate) rows: NonZeroUsize,

    /// Channels of the layer
    #[arg(long, value_name = "N", default_value = "3072", value_parser = count::<NonZeroUsize>)]
    pub(crate) columns: NonZeroUsize,

    /// Rounds
    #[arg(long, value_name = "N", default_value = "9", value_parser = count::<NonZeroUsize>)]
    pub(crate) repeats: NonZeroUsize,
}

/// Read coefficient tables of other rational libraries and measure what they are
///
/// Reads JSON in the shape of `rationals_config.json` (`rational_activations`) and of `init.json` (KAT), and reports for each
/// entry and each denominator form how far it is from the function it claims to be.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant act import rationals_config.json")]
pub(crate) struct Import {
    /// JSON file with the tables
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

/// Compute the entropy correction of an activation for the inputs that a trained model sees
///
/// One step of entropy-based activation function optimisation (EAFO): the correction that the density of the inputs asks for, which with
/// standard normal inputs and relu is that of crrelu. Prints what is known of the inputs, the correction at some of them,
/// and the learnable activation `corrected(…)` that has it as a table; --out adds that to a library, from where recipes
/// use it as `@FILE:NAME`.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  pliant act eafo --from gelu\n  \
        pliant act eafo --from relu --run pliant-compare/gelu/seed-1 --site layer3 --out corrections.toml\n  \
        pliant compare --arms 'relu,@corrections.toml:eafo-layer3'")]
pub(crate) struct Eafo {
    /// Activation to correct: any without coefficients that increases where its inputs lie
    #[arg(long, value_name = "ACTIVATION", default_value = "relu")]
    pub(crate) from: String,

    /// Finished run whose inputs are taken [default: standard normal inputs]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) run: Option<PathBuf>,

    /// Site of the run, for instance layer3, or all
    #[arg(long, value_name = "SITE", default_value = "all", requires = "run")]
    pub(crate) site: String,

    /// Knots of the table, between which it is linear
    #[arg(long, value_name = "N", default_value = "65", value_parser = knots)]
    pub(crate) knots: usize,

    /// What the names of the activations begin with
    #[arg(long, value_name = "NAME", default_value = "eafo")]
    pub(crate) name: String,

    /// Library of activations (TOML) to add them to; what is in it stays
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,

    /// File for a picture (SVG): the correction, the activation and the density of the inputs
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) picture: Option<PathBuf>,
}
