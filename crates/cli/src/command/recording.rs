//! What `--tensorboard` adds to a run.

use std::path::Path;

use pliant_hub::{HubError, tensorboard::TensorBoard};
use pliant_train::{Event, EventSink};

use crate::exit::{Code, Failure};

/// Passes events on to the `TensorBoard` record, where one is wanted.
pub(crate) struct Recording(Option<TensorBoard>);

impl Recording {
    /// For runs in or below `out`.
    pub(crate) fn new(wanted: bool, out: &Path) -> Self {
        Self(wanted.then(|| TensorBoard::new(out)))
    }

    /// The next run lies in `run`.
    pub(crate) fn enter(&mut self, run: &Path) {
        if let Some(board) = &mut self.0 {
            board.enter(run);
        }
    }

    /// Shows `event` with `progress` and records it.
    pub(crate) fn event(&mut self, event: &Event, progress: &mut dyn EventSink) {
        progress.event(event);
        if let Some(board) = &mut self.0 {
            board.event(event);
        }
    }

    /// Ends the record; what could not be written is a failure of the verb.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.0.map_or(Ok(()), TensorBoard::finish).map_err(failure)
    }
}

fn failure(error: HubError) -> Failure {
    let hint = error.hint();
    Failure::new(Code::Failed, error).hint(hint)
}
