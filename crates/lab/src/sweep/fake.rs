//! A runner that makes scores up from arm, task, mode, rates and seed.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pliant_kernels::random::{Purpose, Stream};
use pliant_train::{EventSink, RunOptions, TrainError};

use super::recipe::SweepRecipe;
use super::runner::{Applies, CellRunner, Job, Outcome};

/// What the fake does beside making scores up.
#[derive(Default)]
pub(super) struct Fake {
    /// What it trained: arm folder, task, mode, seed, rates.
    pub(super) trained: RefCell<Vec<String>>,
    /// Stops as if interrupted when this many cells are done.
    pub(super) interrupt_after: Option<usize>,
    /// Fails the cells of this task.
    pub(super) failing_task: Option<&'static str>,
    /// How much better the learnable arm is.
    pub(super) lead: f64,
    /// Scores that are no numbers.
    pub(super) undefined: bool,
    /// The rows are others than they were.
    pub(super) changed_data: bool,
    /// Every score is that of a constant answer.
    pub(super) collapsed: bool,
}

impl CellRunner for Fake {
    fn is_learnable(&self, model: &Path) -> Result<bool, TrainError> {
        Ok(model.to_string_lossy().contains("rational"))
    }

    fn applies(&self, mode: &str, learnable: bool) -> Applies {
        match mode {
            "frozen-activations" if !learnable => Applies::As("full"),
            "activations" | "bitfit+activations" if !learnable => Applies::Not,
            _ => Applies::Trains,
        }
    }

    fn check(&self, _: &SweepRecipe, _: &[&str]) -> Result<(), TrainError> {
        Ok(())
    }

    fn run(
        &self,
        job: &Job<'_>,
        _: &RunOptions,
        _: &mut dyn EventSink,
    ) -> Result<Outcome, TrainError> {
        fs::create_dir_all(job.out.join("checkpoints")).unwrap();
        if self
            .interrupt_after
            .is_some_and(|count| self.trained.borrow().len() >= count)
        {
            return Err(TrainError::Interrupted { step: 1 });
        }
        if self.failing_task == Some(job.task) {
            return Err(TrainError::EmptyStep { step: 3 });
        }
        fs::create_dir_all(job.out.join("model")).unwrap();
        let arm = job
            .model
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        self.trained.borrow_mut().push(format!(
            "{arm} {} {} seed {} at {}",
            job.task, job.mode, job.seed, job.rates
        ));
        let learnable = self.is_learnable(job.model)?;
        // Seeds are alike for both arms, so that pairs tell more than spreads.
        let stream = Stream::new(job.seed, Purpose::Probe, job.task.len() as u64);
        let own = Stream::new(job.seed, Purpose::Probe, 100 + u64::from(learnable));
        let rate = job.rates.learning_rate.unwrap_or(1e-4);
        let score = if self.undefined {
            f64::NAN
        } else if self.collapsed {
            0.5
        } else {
            0.62 + 0.03 * stream.normal(0)
                + 0.002 * own.normal(1)
                + if learnable { self.lead } else { 0.0 }
                // Best at 1e-4.
                - 0.05 * (rate.log10() + 4.0).abs()
        };
        let metrics = |score: f64| BTreeMap::from([("accuracy".to_owned(), score)]);
        Ok(Outcome {
            trainable_parameters: 1234,
            validation: metrics(score - 0.01),
            test: Some(metrics(score)),
            validation_score: score - 0.01,
            score,
            constant_score: Some(0.5),
            rows: 277,
            best_epoch: 3,
            epochs: 5,
            steps: 20,
            data: format!(
                "{} {}{}",
                job.task,
                job.seed,
                if self.changed_data { " other" } else { "" }
            ),
        })
    }
}
