//! A runner that writes run folders without training: losses, shapes and hashes are made up from arm and seed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_activation::Activation;
use pliant_kernels::random::{Purpose, Stream};
use pliant_train::{
    Event, EventSink, FairnessHashes, InputHistogram, InputShapes, NamedTensor, Recipe, RunOptions,
    RunSummary, SiteShape, TrainError,
};

use super::runner::CellRunner;

const UNIGRAM: f64 = 6.3;

/// What the fake does beside writing folders.
#[derive(Default)]
pub(super) struct Fake {
    /// The folders it was asked to train.
    pub(super) trained: RefCell<Vec<PathBuf>>,
    /// Stops as if interrupted when this many runs are done.
    pub(super) interrupt_after: Option<usize>,
    /// Adds the activation to the hash of the initial weights, as a mistaken initialisation would.
    pub(super) unequal_weights: bool,
    /// Never leaves the plateau of word frequencies.
    pub(super) plateau: bool,
}

impl CellRunner for Fake {
    fn run(
        &self,
        recipe: &Recipe,
        out: &Path,
        _: &RunOptions,
        sink: &mut dyn EventSink,
    ) -> Result<RunSummary, TrainError> {
        fs::create_dir_all(out.join("model")).unwrap();
        fs::create_dir_all(out.join("shapes")).unwrap();
        fs::create_dir_all(out.join("checkpoints/step-00000001")).unwrap();
        fs::write(out.join("recipe.toml"), recipe.to_toml(None)).unwrap();
        if self
            .interrupt_after
            .is_some_and(|count| self.trained.borrow().len() >= count)
        {
            return Err(TrainError::Interrupted { step: 1 });
        }
        self.trained.borrow_mut().push(out.to_path_buf());
        let learnable = recipe.function().is_learnable();
        let steps = recipe.train.steps.unwrap();
        let seed = recipe.train.seed;
        let stream = Stream::new(seed, Purpose::Probe, 0);
        let floor = if self.plateau {
            UNIGRAM
        } else {
            3.9 - if learnable { 0.035 } else { 0.0 } + 0.02 * stream.normal(0)
        };
        let loss = |step: u64| {
            let t = step as f64 / steps as f64;
            let lead = if learnable { 1.06 } else { 1.0 };
            let plateau = 1.0 / (1.0 + ((t * lead - 0.16) * 40.0).exp());
            floor
                + 0.7 * (-2.2 * t).exp()
                + (UNIGRAM - floor - 0.6) * plateau
                + 2.6 * (-t * 90.0).exp()
        };
        let mut lines = String::new();
        let mut emit = |event: &Event| {
            lines.push_str(&serde_json::to_string(event).unwrap());
            lines.push('\n');
            sink.event(event);
        };
        for step in 1..=steps {
            emit(&Event::Step {
                step,
                loss: loss(step) + 0.09 * stream.normal(step + 10),
                learning_rates: vec![1e-3],
                gradient_norm: 1.0,
                activation_gradient_norm: 0.0,
                tokens: 4096,
                masked_tokens: 614,
                milliseconds: 80.0,
                elapsed_seconds: 0.08 * step as f64,
            });
            if step.is_multiple_of((steps / 20).max(1)) {
                let loss = loss(step)
                    + 0.004 * stream.normal(step + 7_000_000 + u64::from(learnable) * 99);
                emit(&Event::Validation {
                    step,
                    loss,
                    perplexity: loss.exp(),
                    masked_accuracy: 0.3,
                    tokens: 20_000,
                    best: true,
                    milliseconds: 300.0,
                    coefficients: Vec::new(),
                    health: None,
                });
            }
        }
        fs::write(out.join("metrics.jsonl"), lines).unwrap();
        let shapes = InputShapes {
            step: steps,
            sites: (0..recipe.model.layers)
                .map(|layer| site(recipe, layer, &stream))
                .collect(),
        };
        fs::write(
            out.join("shapes/inputs.json"),
            serde_json::to_string(&shapes).unwrap(),
        )
        .unwrap();
        let summary = self.summary(
            recipe,
            loss(steps) + 0.003 * stream.normal(5 + u64::from(learnable)),
        );
        fs::write(
            out.join("summary.json"),
            serde_json::to_string_pretty(&summary).unwrap(),
        )
        .unwrap();
        Ok(summary)
    }
}

impl Fake {
    fn summary(&self, recipe: &Recipe, loss: f64) -> RunSummary {
        let activation = if recipe.function().is_learnable() {
            10 * recipe.model.layers
        } else {
            0
        };
        let (data, train, model) = (&recipe.data, &recipe.train, &recipe.model);
        let unequal = if self.unequal_weights {
            recipe.function().to_string()
        } else {
            String::new()
        };
        let feed = format!(
            "{}-{}-{}-{:?}",
            data.corpus, train.seed, train.batch, train.steps
        );
        RunSummary {
            steps: train.steps.unwrap(),
            stopped_early: false,
            validation_loss: loss,
            perplexity: loss.exp(),
            masked_accuracy: 0.312,
            validation_tokens: 20_000,
            best_step: train.steps.unwrap(),
            best_validation_loss: loss,
            unigram_loss: UNIGRAM,
            training_loss: loss + 0.1,
            tokens_per_second: if activation > 0 { 49_812.0 } else { 48_330.0 },
            step_milliseconds: 83.0,
            elapsed_seconds: 80.0,
            peak_memory_bytes: Some((410 + activation as u64) << 20),
            parameters: BTreeMap::from([
                ("activation".to_owned(), activation),
                ("bias".to_owned(), 11_392),
                ("embedding".to_owned(), 1_048_832),
                ("norm".to_owned(), 1_280),
                ("weight".to_owned(), 409_600),
                ("total".to_owned(), 1_471_104 + activation),
            ]),
            fairness: FairnessHashes {
                initial_weights: hash(&format!(
                    "weights {} {} {} {unequal}",
                    train.seed,
                    model.hidden_size,
                    recipe.function().gated().is_some()
                )),
                batches: hash(&format!("batches {feed}")),
                masks: hash(&format!("masks {feed}")),
            },
            coefficients: Vec::new(),
            activation: recipe.function().to_string(),
            precision: recipe.train.precision.to_string(),
            seed: train.seed,
        }
    }
}

fn hash(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text)
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A site whose coefficients moved a little and whose inputs are normal.
fn site(recipe: &Recipe, layer: usize, stream: &Stream) -> SiteShape {
    let activation = Activation::new(recipe.function().elementwise()).unwrap();
    let channels = recipe.model.intermediate_size;
    let tensors = |moved: bool| {
        let mut index = layer as u64 * 100;
        let mut placed = |value: f32| {
            let shift = 0.06 * stream.normal(index) * f64::from(value.abs());
            index += 1;
            value + if moved { shift as f32 } else { 0.0 }
        };
        let mut named = Vec::new();
        for (tensor, values) in activation.start_tensors(channels).unwrap() {
            named.push(NamedTensor {
                name: tensor.name.to_owned(),
                shape: tensor.shape,
                values: values.into_iter().map(&mut placed).collect(),
            });
        }
        named
    };
    let (start, learned) = (tensors(false), tensors(true));
    let (mean, deviation) = (-0.4 - 0.3 * layer as f64, 1.0 + 0.2 * layer as f64);
    let counts: Vec<u64> = (0..160)
        .map(|bin| {
            let x = -8.0 + 0.1 * (f64::from(bin) + 0.5);
            (1e5 * 0.1 * (-0.5 * ((x - mean) / deviation).powi(2)).exp() / (deviation * 2.5066))
                as u64
        })
        .collect();
    let count = counts.iter().sum();
    SiteShape {
        site: format!("layer.{layer}"),
        layer: Some(layer),
        activation: recipe.function().elementwise().to_string(),
        start,
        learned,
        inputs: InputHistogram {
            low: -8.0,
            high: 8.0,
            counts,
            below: 0,
            above: 0,
            count,
            mean,
            deviation,
            minimum: -5.2,
            maximum: 4.9,
        },
    }
}
