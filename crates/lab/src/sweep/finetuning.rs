//! The runner that trains: a cell is one call of [`finetune_seed`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use pliant_data::DataError;
use pliant_data::metric::{Metric, Predictions};
use pliant_data::task::{
    Example, GlueTask, Labels, Protocol, SplitOptions, Target, TaskName, TaskParts, read_glue,
    split,
};
use pliant_nn::ModelConfig;
use pliant_train::finetune::{
    FinetuneOptions, Mode, SeedResult, TaskData, TaskFiles, finetune_seed,
};
use pliant_train::{EventSink, RunOptions, TrainError};

use super::choice::Size;
use super::recipe::SweepRecipe;
use super::runner::{Applies, CellRunner, Job, Outcome};

/// Trains, and remembers of each task its files and what a constant answer scores.
///
/// All of GLUE is below 1 GB of memory; reading MNLI takes longer than many a cell.
#[derive(Debug, Default)]
pub(super) struct Finetuning {
    constants: RefCell<BTreeMap<String, f64>>,
    files: RefCell<BTreeMap<String, TaskFiles>>,
}

impl CellRunner for Finetuning {
    fn is_learnable(&self, model: &Path) -> Result<bool, TrainError> {
        let config = ModelConfig::load(model)?;
        let layers = config.layer_activations()?;
        Ok(layers.iter().any(|activation| activation.is_learnable())
            || config.pooler_activation().is_learnable())
    }

    fn applies(&self, mode: &str, learnable: bool) -> Applies {
        match mode.parse() {
            Ok(Mode::FrozenActivations) if !learnable => Applies::As("full"),
            Ok(mode) if mode.needs_activations() && !learnable => Applies::Not,
            _ => Applies::Trains,
        }
    }

    fn check(&self, recipe: &SweepRecipe, tasks: &[&str]) -> Result<(), TrainError> {
        for text in tasks {
            if let TaskName::Glue(task) = task_of(text)? {
                let parts = read_glue(task, &recipe.sweep.data)?;
                for size in &recipe.sweep.sizes.0 {
                    split(&parts, &choice(recipe, *size)?)?;
                }
                let constant = constant_of(recipe, task, &parts)?;
                self.constants
                    .borrow_mut()
                    .insert((*text).to_owned(), constant);
                self.files
                    .borrow_mut()
                    .insert((*text).to_owned(), TaskFiles::Rows(parts));
            }
        }
        Ok(())
    }

    fn run(
        &self,
        job: &Job<'_>,
        options: &RunOptions,
        sink: &mut dyn EventSink,
    ) -> Result<Outcome, TrainError> {
        let run_options = RunOptions {
            discard_model: !job.recipe.sweep.keep_models,
            ..options.clone()
        };
        let task = task_of(job.task)?;
        let options = tuned(job, task)?;
        let mut known = self.files.borrow_mut();
        let files = match known.entry(job.task.to_owned()) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(free) => free.insert(TaskFiles::read(&options)?),
        };
        let result = finetune_seed(
            &options,
            Some(files),
            job.seed,
            &job.out,
            &run_options,
            sink,
        )?;
        Ok(outcome(
            task,
            result,
            self.constants.borrow().get(job.task).copied(),
        ))
    }
}

/// The best that one answer to every row scores on the part that tables report. It is the same for all seeds and sizes.
fn constant_of(recipe: &SweepRecipe, task: GlueTask, parts: &TaskParts) -> Result<f64, TrainError> {
    let chosen = split(parts, &choice(recipe, Size::All)?)?;
    let reported = if chosen.test.is_empty() {
        chosen.validation
    } else {
        chosen.test
    };
    Ok(constant(task, &parts.labels, &reported))
}

/// The settings of the paper for the task, with what the recipe and the trial say.
fn tuned(job: &Job<'_>, task: TaskName) -> Result<FinetuneOptions, TrainError> {
    let (sweep, own) = (&job.recipe.sweep, &job.recipe.finetune);
    let examples = match job.size {
        Size::Examples(count) => Some(count),
        Size::All => None,
    };
    let mut options = FinetuneOptions::new(
        job.model,
        task,
        TaskData::Folder(sweep.data.clone()),
        job.mode.parse()?,
        examples,
    );
    options.protocol = protocol(recipe_protocol(job.recipe))?;
    options.stratified = sweep.stratified;
    options.test_cap = sweep.test_cap;
    options.micro_batch = own.micro_batch;
    set(&mut options.epochs, own.epochs);
    set(&mut options.batch, own.batch);
    set(&mut options.max_length, own.max_length);
    set(&mut options.patience, own.patience);
    set(&mut options.weight_decay, own.weight_decay);
    set(
        &mut options.activation_weight_decay,
        own.activation_weight_decay,
    );
    set(&mut options.precision, own.precision);
    if own.dropout.is_some() {
        options.dropout = own.dropout;
    }
    if let Some(scale) = job.rates.scale {
        options.learning_rate *= scale;
        options.head_learning_rate *= scale;
        options.activation_learning_rate *= scale;
        options.adapter_learning_rate *= scale;
    }
    set(&mut options.learning_rate, job.rates.learning_rate);
    set(
        &mut options.head_learning_rate,
        job.rates.head_learning_rate,
    );
    set(
        &mut options.activation_learning_rate,
        job.rates.activation_learning_rate,
    );
    set(
        &mut options.adapter_learning_rate,
        job.rates.adapter_learning_rate,
    );
    Ok(options)
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn recipe_protocol(recipe: &SweepRecipe) -> &str {
    &recipe.sweep.protocol
}

fn protocol(text: &str) -> Result<Protocol, DataError> {
    Ok(text.parse::<Protocol>()?)
}

fn task_of(text: &str) -> Result<TaskName, DataError> {
    Ok(text.parse::<TaskName>()?)
}

fn choice(recipe: &SweepRecipe, size: Size) -> Result<SplitOptions, DataError> {
    Ok(SplitOptions {
        protocol: protocol(recipe_protocol(recipe))?,
        examples: match size {
            Size::Examples(count) => Some(count),
            Size::All => None,
        },
        stratified: recipe.sweep.stratified && size != Size::All,
        seed: recipe
            .sweep
            .seeds
            .0
            .as_slice()
            .first()
            .copied()
            .unwrap_or(1),
        test_cap: recipe.sweep.test_cap,
    })
}

/// The best score of a constant answer, the mean over parts: of all classes the best; for numbers 0, the correlation with nothing.
fn constant(task: GlueTask, labels: &Labels, parts: &[(String, Vec<Example>)]) -> f64 {
    let metric = task.metrics().first().copied().unwrap_or(Metric::Accuracy);
    let Labels::Classes(classes) = labels else {
        return 0.0;
    };
    let score_of = |class: u32| {
        let scores = parts.iter().map(|(_, rows)| {
            let targets: Vec<Target> = rows.iter().filter_map(|row| row.target).collect();
            metric.value(&Predictions::Classes(vec![class; targets.len()]), &targets)
        });
        scores.sum::<f64>() / parts.len().max(1) as f64
    };
    (0..classes.len() as u32).map(score_of).fold(0.0, f64::max)
}

fn outcome(task: TaskName, result: SeedResult, constant: Option<f64>) -> Outcome {
    // The scores of SQuAD are in percent, all others are fractions.
    let unit = if matches!(task, TaskName::Squad { .. }) {
        0.01
    } else {
        1.0
    };
    let primary = |metrics: &BTreeMap<String, f64>| {
        metrics
            .get(&result.primary)
            .map_or(f64::NAN, |score| score * unit)
    };
    let validation_score = primary(&result.validation);
    let rows = |kind: &str| {
        let of_kind = result
            .rows
            .iter()
            .filter(|(part, _)| part.starts_with(kind));
        of_kind.map(|(_, rows)| rows).sum()
    };
    Outcome {
        trainable_parameters: result.trainable_parameters,
        validation_score,
        score: result.test.as_ref().map_or(validation_score, primary),
        constant_score: constant,
        rows: rows(if result.test.is_some() {
            "test"
        } else {
            "validation"
        }),
        best_epoch: result.best_epoch,
        epochs: result.epochs,
        steps: result.steps,
        data: result.fairness.rows,
        validation: finite(result.validation),
        test: result.test.map(finite),
    }
}

/// JSON has no other numbers.
fn finite(mut metrics: BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    metrics.retain(|_, value| value.is_finite());
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(classes: &[u32]) -> (String, Vec<Example>) {
        let row = |&class: &u32| Example {
            first: "a".to_owned(),
            second: None,
            target: Some(Target::Class(class)),
            row: 1,
        };
        ("dev".to_owned(), classes.iter().map(row).collect())
    }

    #[test]
    fn the_best_constant_answer_is_found_for_every_measure() {
        let two = GlueTask::Rte.labels();
        let parts = [rows(&[0, 0, 0, 1])];
        assert_eq!(constant(GlueTask::Rte, &two, &parts), 0.75);
        // Always 1: accuracy 1/4, F1 2/5. Always 0: accuracy 3/4, F1 0.
        let mean = (0.75_f64).max(0.25 + 0.4) / 2.0;
        assert!((constant(GlueTask::Qqp, &GlueTask::Qqp.labels(), &parts) - mean).abs() < 1e-12);
        assert_eq!(
            constant(GlueTask::Cola, &GlueTask::Cola.labels(), &parts),
            0.0
        );
        assert_eq!(constant(GlueTask::Stsb, &Labels::Regression, &parts), 0.0);
        let mnli = [rows(&[0, 0, 1]), rows(&[0, 1, 1])];
        let both = f64::midpoint(1.0 / 3.0, 2.0 / 3.0);
        assert!((constant(GlueTask::Mnli, &GlueTask::Mnli.labels(), &mnli) - both).abs() < 1e-12);
    }
}
