//! The events of a fine-tuning.

use std::{collections::BTreeMap, time::Duration};

use pliant_train::{Event, finetune::SeedResult};

use super::{Running, TrainingProgress};
use crate::render::{
    number::{duration, grouped},
    summary,
    task::metric,
};

/// Validations of a fine-tuning so far.
pub(super) struct Epochs {
    count: u64,
    /// Value of the deciding metric, and the epoch, of the best one.
    best: Option<(String, u64)>,
}

impl TrainingProgress {
    /// What the model is, what of it trains, on which rows and how.
    pub(super) fn task_started(&mut self, event: &Event) {
        let Event::TaskStarted {
            step,
            steps,
            epochs,
            steps_per_epoch,
            stated,
            threads,
            precision,
            activation,
            parameters,
            trained,
            groups,
            ..
        } = event
        else {
            return;
        };
        let mut run = Running::new(*step, Some(*steps), None);
        run.epochs = Some(Epochs {
            count: *epochs,
            best: None,
        });
        self.begun(run);
        self.introduction(parameters, activation, precision, *threads);
        if self.introduce {
            let of = parameters.get("total").copied().unwrap_or(0) as u64;
            self.screen.note(&format!(
                "trains: {} of {}",
                summary::roles(trained),
                grouped(of)
            ));
            for rows in stated {
                self.screen.note(&format!("rows: {rows}"));
            }
            let rates: Vec<String> = groups
                .iter()
                .map(|group| format!("{} {}", group.name, group.learning_rate))
                .collect();
            let s = if *steps_per_epoch == 1 { "" } else { "s" };
            self.screen.note(&format!(
                "training: {epochs} epochs of {steps_per_epoch} step{s}; learning rates: {}",
                rates.join(", ")
            ));
        }
        self.goes_on(*step);
    }

    /// An epoch is over: a line that stays where there is no bar.
    pub(super) fn task_validated(
        &mut self,
        step: u64,
        epoch: u64,
        primary: &str,
        metrics: &BTreeMap<String, f64>,
        best: bool,
        now: Duration,
    ) {
        let Some(run) = &mut self.run else { return };
        let Some(epochs) = &mut run.epochs else {
            return;
        };
        let value = metric(metrics, primary);
        if best {
            epochs.best = Some((value.clone(), epoch));
        }
        let known = match &epochs.best {
            Some((best, of)) if *of != epoch => format!(" (best {best} in epoch {of})"),
            _ => String::new(),
        };
        run.validation = format!("epoch {epoch}/{}  {primary} {value}{known}", epochs.count);
        let share = run.share(0.0);
        let mut status = run.status(&self.title, share, self.whole.as_ref());
        status.position = step;
        if !self.screen.has_bars() {
            status.pace = &[];
        }
        self.screen.status(&status, now, true);
    }

    /// The seed is done.
    pub(super) fn task_finished(&mut self, result: &SeedResult) {
        self.ended();
        let early = if result.stopped_early {
            ", stopped early"
        } else {
            ""
        };
        let time = Duration::try_from_secs_f64(result.elapsed_seconds).unwrap_or_default();
        self.screen.note(&format!(
            "{}  done: {}, best epoch {} of {}{early}, {}",
            self.title,
            scores(result),
            result.best_epoch,
            result.epochs,
            duration(time)
        ));
    }
}

/// The deciding metric on both parts.
pub(crate) fn scores(result: &SeedResult) -> String {
    let name = &result.primary;
    let validation = format!("validation {name} {}", metric(&result.validation, name));
    match &result.test {
        Some(test) => format!("{validation}, test {}", metric(test, name)),
        None => validation,
    }
}
