//! Progress of a fine-tuning, seed by seed.

use std::collections::HashSet;

use pliant_train::{Event, EventSink};

use super::{
    screen::{Screen, Whole},
    training::{TrainingProgress, scores},
};

/// Shows one seed after the other; what all of them have in common is told once.
pub(crate) struct FinetuningProgress {
    training: TrainingProgress,
    seeds: usize,
    /// Seeds that were begun or found.
    seen: usize,
    /// Whether a seed is being trained.
    running: bool,
    /// Warnings that were shown: every seed reads the same files.
    warned: HashSet<String>,
}

impl FinetuningProgress {
    pub(crate) fn new(screen: Screen, seeds: usize) -> Self {
        let mut training = TrainingProgress::new(screen, "finetune");
        training.whole = Some(Whole::new("seeds", 0, seeds, true));
        Self {
            training,
            seeds,
            seen: 0,
            running: false,
            warned: HashSet::new(),
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&mut self) {
        self.training.screen.clear();
    }

    /// The next seed's name in front of its lines.
    fn next(&mut self, seed: u64) -> String {
        self.seen += 1;
        match self.seeds {
            1 => format!("seed {seed}"),
            seeds => format!("{}/{seeds} seed {seed}", self.seen),
        }
    }
}

impl EventSink for FinetuningProgress {
    fn event(&mut self, event: &Event) {
        match event {
            Event::TaskStarted { seed, .. } => {
                let title = self.next(*seed);
                self.training.begin(&title);
                self.running = true;
            }
            Event::TaskFinished { result } if !self.running => {
                let title = self.next(result.seed);
                let text = format!("{title}  finished earlier: {}", scores(result));
                if let Some(whole) = &mut self.training.whole {
                    whole.one_more();
                }
                return self.training.screen.note(&text);
            }
            Event::Warning { message } if !self.warned.insert(message.clone()) => return,
            _ => {}
        }
        self.training.event(event);
        if let Event::TaskFinished { .. } = event {
            self.running = false;
            self.training.introduce = false;
        }
    }
}
