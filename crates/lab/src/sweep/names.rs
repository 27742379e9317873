//! Names that other parts of the program define: tasks and modes.

/// Whether a text names a task.
pub(super) fn check_task(text: &str) -> Result<(), (String, Option<String>)> {
    const TASKS: [&str; 12] = [
        "cola", "sst2", "mrpc", "stsb", "qqp", "mnli", "qnli", "rte", "wnli", "snli", "squad",
        "squad2",
    ];
    check(text, &TASKS, "task")
}

/// Whether a text names a mode.
pub(super) fn check_mode(text: &str) -> Result<(), (String, Option<String>)> {
    const MODES: [&str; 8] = [
        "full",
        "frozen-activations",
        "bitfit",
        "bitfit+activations",
        "activations",
        "head",
        "matched-bias",
        "ia3",
    ];
    check(text, &MODES, "mode")
}

fn check(text: &str, names: &[&str], what: &str) -> Result<(), (String, Option<String>)> {
    if names.contains(&text) {
        return Ok(());
    }
    let hint = pliant_train::recipe::nearest(text, names.iter().copied())
        .map(|name| format!("did you mean `{name}`?"));
    Err((format!("`{text}` is no {what}"), hint))
}

/// What the score of a task is.
pub(super) fn metric(task: &str) -> &'static str {
    match task {
        "cola" => "Matthews",
        "stsb" => "mean of Pearson and Spearman",
        "mrpc" | "qqp" => "mean of accuracy and F1",
        "squad" | "squad2" => "F1",
        _ => "accuracy",
    }
}
