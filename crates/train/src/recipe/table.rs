//! The tables of a recipe: the one place where each key is declared.

use std::path::PathBuf;

use pliant_activation::ActivationSpec;
use pliant_nn::{Initialisation, NormPlacement, Positions, Precision, Preset, Role, Sites};

use super::choice::{DecayTowards, ScheduleShape, Settings, Warmup};
use super::limits::{ANY, above, at_least, below, between};
use crate::recipe_table;

/// The function named `name`, which the list of families is known to hold.
fn function(name: &str) -> ActivationSpec {
    #[expect(
        clippy::expect_used,
        reason = "the names written in this file are families of the activation crate"
    )]
    name.parse().expect("a known activation")
}

recipe_table! {
    /// The encoder. A preset gives the sizes; every other key here overrides it.
    pub struct ModelTable in "model" {
        /// Ready-made sizes: `tiny` (2 layers, hidden size 128), `mini` (4, 256), `small` (4, 512), `medium` (8, 512),
        /// `base` (12, 768).
        preset: Preset = Preset::Tiny, ANY;
        /// Folder of a masked-language model whose weights the run begins with, as `pliant convert` or an earlier run wrote it.
        /// Sizes and functions are then that model's and need not be given; its tokenizer is the default one.
        start: Option<PathBuf> = None, ANY;
        /// Encoder layers.
        layers: usize = 2, between(1.0, 1000.0);
        /// Width of the residual stream.
        hidden_size: usize = 128, between(2.0, 65536.0);
        /// Attention heads; divides `hidden_size`.
        heads: usize = 2, between(1.0, 1024.0);
        /// Width of the feed-forward layers; those with a gate (`glu(silu)`) have two thirds of it, to the nearest multiple of 8, so that they have as many parameters.
        intermediate_size: usize = 512, between(1.0, 262144.0);
        /// Longest sequence the model accepts, in tokens; the number of rows of a learned position table.
        max_positions: usize = 512, between(8.0, 1048576.0);
        /// Token types (segments).
        type_vocabulary_size: usize = 2, between(1.0, 1024.0);
        /// Positions: `rotary` turns queries and keys, `learned` adds a table (BERT).
        positions: Positions = Positions::Rotary, ANY;
        /// Layer norms: `post` behind each sub-layer (BERT), `pre` before it, `deepnorm` behind it with the residual times
        /// (2 · layers)^¼ (the RAFT paper's).
        norm: NormPlacement = NormPlacement::Pre, ANY;
        /// Whether the sum of the embeddings is normalised.
        embedding_norm: bool = false, ANY;
        /// Whether a layer norm over the inner values stands before every feed-forward activation; BERT has none.
        inner_norm: bool = false, ANY;
        /// Added to the variance in every layer norm.
        norm_epsilon: f64 = 1e-12, above(0.0);
        /// Probability of dropping a hidden value. Small models on plenty of text want none.
        dropout: f64 = 0.0, below(0.0, 1.0);
        /// Probability of dropping an attention weight.
        attention_dropout: f64 = 0.0, below(0.0, 1.0);
        /// Deviation of the initial weights: `fan_in` (1/√inputs, suits narrow models), a number (0.02 is BERT's),
        /// `released_raft` (the unequal initialisation of the released RAFT code), `released_equal` (what that code draws for
        /// a fixed activation, also for one that learns: 0.02, and uniform on ±1/√inputs before the activation), or
        /// `variance_preserving` (as `fan_in`, and what the activation does to the variance is undone in the matrix behind it,
        /// as in KAT).
        initialisation: Initialisation = Initialisation::FanIn, above(0.0);
    }
}

recipe_table! {
    /// Which function the feed-forward layers apply.
    pub struct ActivationTable in "activation" {
        /// The function of the sites, e.g. `gelu`, `rational`, `rational(5/4, form=b)`; `pliant act list` shows all. `layers([f, g])` is one for each layer, `@FILE:NAME` one of a library.
        function: ActivationSpec = function("rational"), ANY;
        /// The sites: `all`, `none`, `0-11`, `0,2,4`.
        layers: Sites = Sites::all(), ANY;
        /// Whether the pooler is a site too. The pooler is no part of masked-language-model training.
        pooler: bool = false, ANY;
        /// The function of the layers that are no sites.
        fixed: ActivationSpec = function("gelu"), ANY;
        /// A function that the inputs of every up-projection pass through, as in KAT, e.g. `rational(start=identity)`; `layers([f, g])` is one for each layer. Not set: none, as in BERT.
        feed_forward_input: Option<ActivationSpec> = None, ANY;
        /// A function that the values of all heads pass through before the output projection of every attention. Not set: none, as in BERT.
        attention_output: Option<ActivationSpec> = None, ANY;
    }
}

recipe_table! {
    /// Text and masking. Relative paths start at the working directory; the saved recipe holds absolute ones.
    pub struct DataTable in "data" {
        /// `generated` (a language from a seed, needs no file), or a file or folder of `.txt`, `.txt.xz`, `.txt.zst`,
        /// `.txt.gz`.
        corpus: String = "generated".to_owned(), ANY;
        /// Seed of the generated language (lexicon, grammar and documents).
        generated_seed: u64 = pliant_data::Generated::default().seed, at_least(0.0);
        /// Words of the generated training text.
        generated_words: u64 = pliant_data::Generated::default().words, between(1000.0, 1e12);
        /// `train` (a `WordPiece` tokenizer trained on the corpus), or a `tokenizer.json` or `vocab.txt`.
        tokenizer: String = "train".to_owned(), ANY;
        /// Words of a trained tokenizer, special tokens included.
        vocabulary_size: usize = 8192, between(16.0, 16777216.0);
        /// Folder for prepared shards, shared by all runs that name it. Not set: `data/` inside the run folder.
        cache: Option<PathBuf> = None, ANY;
        /// Probability that a token is masked (80 % become `[MASK]`, 10 % another word, 10 % stay).
        mask_probability: f64 = 0.15, between(0.0001, 0.9);
    }
}

recipe_table! {
    /// Length and size of the run.
    pub struct TrainTable in "train" {
        /// Steps. Not set when `minutes` is; 2,000 when neither is.
        steps: Option<u64> = None, between(1.0, 1e12);
        /// Time budget instead of `steps`: training time in minutes, validation and checkpoints included, over all
        /// interruptions. Schedules follow the clock on the wall, so such a run is not reproducible to the byte.
        minutes: Option<f64> = None, above(0.0);
        /// Sequences per step.
        batch: usize = 32, between(1.0, 16777216.0);
        /// Sequences that go through the model at once; divides `batch`. Smaller needs less memory and gives the same
        /// step up to rounding. Not set: `batch`.
        micro_batch: Option<usize> = None, between(1.0, 16777216.0);
        /// Tokens per sequence, `[CLS]` and `[SEP]` included.
        sequence: usize = 128, between(8.0, 1048576.0);
        /// Seed of initial weights, order, masks and dropout.
        seed: u64 = 1, at_least(0.0);
        /// Largest global norm of the gradient; longer ones are scaled down to it. The activation coefficients are clipped by a norm of their own, so that a few numbers with large gradients do not throttle the weights. 0 switches clipping off.
        gradient_clip: f64 = 1.0, at_least(0.0);
        /// What the operands of matrix products are rounded to, forward and backward: `f32`, or `bf16` (8 significant bits,
        /// sums in f32), which is faster where the processor multiplies it (`pliant doctor` says) and slower elsewhere.
        /// Weights, optimizer, activations, norms, softmax and losses are f32 or wider with both.
        precision: Precision = Precision::F32, ANY;
    }
}

recipe_table! {
    /// `AdamW` (Loshchilov & Hutter 2019). What a group does not say itself it takes from here.
    pub struct OptimizerTable in "optimizer" {
        /// Learning rate at the end of warm-up.
        learning_rate: f64 = 3e-3, at_least(0.0);
        /// Decoupled weight decay: each step takes `learning rate × weight_decay × value` away.
        weight_decay: f64 = 0.01, at_least(0.0);
        /// How the learning rate falls after warm-up: `linear` or `cosine` to zero at the end of the run, or `constant`.
        schedule: ScheduleShape = ScheduleShape::Linear, ANY;
        /// Warm-up from zero: with a decimal point a fraction of the run (at least 10 steps, at most half the run), without
        /// one a number of steps.
        warmup: Warmup = Warmup::Fraction(0.1), at_least(0.0);
        /// Decay rates of the mean and of the mean square of the gradient.
        betas: [f64; 2] = [0.9, 0.98], below(0.0, 1.0);
        /// Added to the root of the mean square.
        epsilon: f64 = 1e-6, above(0.0);
    }
}

recipe_table! {
    /// A part of the parameters with rates of its own: a list of `[[optimizer.group]]` tables. A parameter belongs to the
    /// first group that selects it; one that no group selects, and a group that selects nothing, are refused (a group of
    /// the role `activation` alone may be empty: the fixed twin of a comparison has none). A list in a recipe replaces the
    /// default list; `--set optimizer.group.NAME.KEY=VALUE` changes one key of one group.
    pub struct Group in "optimizer.group" {
        /// Name of the group, for reports and `--set`: letters, digits, `-` and `_`.
        name: String = String::new(), ANY;
        /// Selects by role.
        roles: Option<Vec<Role>> = None, ANY;
        /// Selects by parameter name; `*` stands for any characters, e.g. `bert.encoder.layer.0.*`. With `roles` too, both must hold.
        r#match: Option<String> = None, ANY;
        /// Learning rate at the end of warm-up; 0 freezes the group. Not set: `optimizer.learning_rate`.
        learning_rate: Option<f64> = None, at_least(0.0);
        /// Weight decay. Not set: `optimizer.weight_decay`.
        weight_decay: Option<f64> = None, at_least(0.0);
        /// What decay pulls towards: `zero`, or `start`, the values before training. Not set: `zero`.
        decay_towards: Option<DecayTowards> = None, ANY;
        /// Schedule. Not set: `optimizer.schedule`.
        schedule: Option<ScheduleShape> = None, ANY;
        /// Warm-up, counted from the end of `hold`. Not set: `optimizer.warmup`.
        warmup: Option<Warmup> = None, at_least(0.0);
        /// How long the group keeps its values at the beginning of the run: with a decimal point a fraction of it, without one a number of steps. Not set: 0.
        hold: Option<Warmup> = None, at_least(0.0);
        /// Whether all layers have the same values: the gradients of the layers are added, and what they do is done to all. For groups of the role `activation` alone, whose functions must be the same in all layers. Not set: false.
        tied: Option<bool> = None, ANY;
    }
}

/// Learning rate of activation coefficients unless the recipe says otherwise: chosen by trial, see `docs/log.md`.
pub const ACTIVATION_LEARNING_RATE: f64 = 3e-3;

impl Group {
    /// The default list: activation coefficients with a constant rate of their own and no decay; matrices and tables with
    /// decay; norms and biases without.
    pub fn defaults() -> Vec<Self> {
        vec![
            Self {
                name: "activation".to_owned(),
                roles: Some(vec![Role::Activation]),
                learning_rate: Some(ACTIVATION_LEARNING_RATE),
                weight_decay: Some(0.0),
                schedule: Some(ScheduleShape::Constant),
                ..Self::default()
            },
            Self {
                name: "weights".to_owned(),
                roles: Some(vec![
                    Role::Embedding,
                    Role::Weight,
                    Role::Head,
                    Role::Adapter,
                ]),
                ..Self::default()
            },
            Self {
                name: "norms-and-biases".to_owned(),
                roles: Some(vec![Role::Norm, Role::Bias]),
                weight_decay: Some(0.0),
                ..Self::default()
            },
        ]
    }
}

recipe_table! {
    /// Checkpoints: `checkpoints/step-…/` in the run folder.
    pub struct CheckpointTable in "checkpoint" {
        /// Steps between checkpoints; 0: only at the best validation, at the end and on interruption.
        every: u64 = 500, at_least(0.0);
        /// Newest checkpoints that are kept; the best one is kept beside them.
        keep: usize = 2, between(1.0, 1e9);
    }
}

recipe_table! {
    /// Validation on fixed masks; always before the first and after the last step.
    pub struct ValidationTable in "validation" {
        /// Steps between validations; 0: only at both ends.
        every: u64 = 500, at_least(0.0);
        /// Sequences, spread evenly over the validation text; a cap saves time. 0: all of them.
        sequences: usize = 1024, at_least(0.0);
        /// Early stopping: validations in a row without a new best loss after which the run ends. 0: never.
        patience: u64 = 0, at_least(0.0);
    }
}

recipe_table! {
    /// An arm of a comparison: a list of `[[arm]]` tables, read by `pliant compare` and refused by `pliant pretrain`.
    pub struct Arm in "arm" {
        /// Name of the arm.
        name: String = String::new(), ANY;
        /// Keys that differ in this arm, e.g. `{ activation.function = "rational", optimizer.learning_rate = 1e-3 }`.
        set: Settings = Settings::default(), ANY;
    }
}
