//! The argument table. Help, completions, the man page and `docs/reference/cli.md` are all read from it.

pub(crate) mod act;
pub(crate) mod bench;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod doctor;
pub(crate) mod eval;
pub(crate) mod export;
pub(crate) mod finetune;
pub(crate) mod freeze;
pub(crate) mod man;
pub(crate) mod number;
pub(crate) mod predict;
pub(crate) mod pretrain;
pub(crate) mod recipe;
pub(crate) mod runs;
pub(crate) mod score;
pub(crate) mod serve;
pub(crate) mod shapes;
pub(crate) mod sweep;
pub(crate) mod tokenize;
pub(crate) mod watch;

use std::num::NonZeroUsize;

use clap::{Args, Parser, Subcommand, ValueEnum};

use number::count;

/// Version of the program with the commit it was built from.
pub(crate) const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("PLIANT_COMMIT"), ")");

/// Train Transformers whose activation functions learn
#[derive(Debug, Parser)]
#[command(
    name = "pliant",
    version = VERSION,
    long_about = "Pliant trains Transformers whose activation functions learn, and shows whether that helped: \
        encoders that are equal but for their activation, trained from equal weights on equal batches.",
    after_long_help = "Examples:\n  \
        pliant compare                            the main job: GELU against the learnable rational\n  \
        pliant compare --corpus text/ --seeds 1-5 the same on your own text\n  \
        pliant finetune --model run/model --task rte --data glue/ --out rte\n\n\
        Exit codes:\n  \
        0    done\n  \
        1    failed\n  \
        2    wrong arguments or recipe\n  \
        3    data unusable\n  \
        4    training diverged\n  \
        130  interrupted; a checkpoint was written",
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Options that every verb understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Print exactly one JSON document on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Threads to compute with [default: `RAYON_NUM_THREADS`, or all cores]
    ///
    /// The result does not depend on it, down to the last byte.
    #[arg(long, global = true, value_name = "N", value_parser = count::<NonZeroUsize>)]
    pub(crate) threads: Option<NonZeroUsize>,

    /// Show no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Show progress as lines, as without a terminal, and no colour unless `--color` asks for it
    #[arg(long, global = true)]
    pub(crate) plain: bool,

    /// When to use colour; `auto` respects `NO_COLOR`
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    pub(crate) color: Color,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// No colour under `--plain`, unless it was asked for.
    pub(crate) fn or_plain(self, plain: bool) -> Self {
        match self {
            Self::Auto if plain => Self::Never,
            choice => choice,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Compare(compare::Compare),
    Pretrain(pretrain::Pretrain),
    Finetune(Box<finetune::Finetune>),
    Predict(predict::Predict),
    Serve(Box<serve::Serve>),
    Eval(eval::Eval),
    Sweep(sweep::Sweep),
    #[command(subcommand)]
    Score(score::Score),
    Shapes(shapes::Shapes),
    Watch(watch::Watch),
    Convert(convert::Convert),
    Freeze(freeze::Freeze),
    Export(export::Export),
    Tokenize(tokenize::Tokenize),
    Runs(runs::Runs),
    #[command(subcommand)]
    Act(act::Act),
    #[command(subcommand)]
    Recipe(recipe::RecipeVerb),
    #[command(subcommand)]
    Bench(bench::Bench),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    Man(man::Man),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn the_table_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_verb_has_an_example() {
        fn visit(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            if command.has_subcommands() {
                command
                    .get_subcommands()
                    .for_each(|verb| visit(verb, &path));
            } else {
                let help = command
                    .get_after_long_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let wanted = format!("Example:\n {path}");
                assert!(help.contains(&wanted), "{path}: no example in {help:?}");
            }
        }
        let mut command = Arguments::command();
        command.build();
        command
            .get_subcommands()
            .for_each(|verb| visit(verb, " pliant"));
    }
}
