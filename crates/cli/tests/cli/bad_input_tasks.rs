//! What a user can do wrong with tasks, fine-tuned models and questions to them: what is said, and the exit code.

use serde_json::Value;

use crate::{
    models::Model,
    rows,
    workplace::{Finished, Workplace},
};

/// Asserts the exit code and snapshots the message.
fn refused(name: &str, code: i32, finished: &Finished) {
    assert_eq!(finished.code, Some(code), "{finished}");
    assert_eq!(finished.stdout, "", "{finished}");
    insta::assert_snapshot!(name, finished.error());
}

/// Made-up rows of RTE in `glue` and a model in `model`.
fn rte(model: Model) -> Workplace {
    let workplace = Workplace::with(model);
    rows::rte(&workplace, "glue", 40, 10);
    workplace
}

/// Fine-tunes on RTE with more arguments; a second --task or --data takes the place of these.
fn on_rte(workplace: &Workplace, arguments: &[&str]) -> Finished {
    let task: &[&str] = if arguments.contains(&"--task") {
        &[]
    } else {
        &["--task", "rte"]
    };
    let data: &[&str] = if arguments.contains(&"--data") {
        &[]
    } else {
        &["--data", "glue"]
    };
    let fixed = [
        "finetune", "--model", "model", "--epochs", "1", "--out", "out",
    ];
    workplace.run(&[&fixed, task, data, arguments].concat())
}

/// Fine-tunes on the user's own rows in `rows.csv`.
fn on_rows(workplace: &Workplace, arguments: &[&str]) -> Finished {
    let fixed = [
        "finetune", "--model", "model", "--epochs", "1", "--out", "out", "--train", "rows.csv",
    ];
    workplace.run(&[&fixed, arguments].concat())
}

fn predict(workplace: &Workplace, arguments: &[&str]) -> Finished {
    workplace.run(&[&["predict", "--model", "model"], arguments].concat())
}

#[test]
fn names_that_are_none() {
    let workplace = rte(Model::Gelu);
    refused("unknown_task", 2, &on_rte(&workplace, &["--task", "rtee"]));
    refused(
        "unknown_mode",
        2,
        &on_rte(&workplace, &["--mode", "bitfitt"]),
    );
    refused(
        "unknown_protocol",
        2,
        &on_rte(&workplace, &["--protocol", "papre"]),
    );
    refused(
        "seeds_backwards",
        2,
        &on_rte(&workplace, &["--seeds", "3-1"]),
    );
    assert!(!workplace.path("out").exists());
}

#[test]
fn files_that_are_not_there() {
    let workplace = rte(Model::Gelu);
    refused(
        "no_task_folder",
        3,
        &on_rte(&workplace, &["--data", "nowhere"]),
    );
    refused("no_task_files", 3, &on_rte(&workplace, &["--task", "cola"]));
    let columns = ["--text-columns", "text", "--label-column", "topic"];
    refused("no_own_file", 3, &on_rows(&workplace, &columns));
    refused(
        "no_input_file",
        3,
        &predict(&workplace, &["--input", "none.jsonl"]),
    );
    let nowhere = [
        "--task", "rte", "--data", "glue", "--epochs", "1", "--out", "out",
    ];
    let finished = workplace.run(&[&["finetune", "--model", "nowhere"], &nowhere[..]].concat());
    refused("no_model_folder", 2, &finished);
}

#[test]
fn columns_that_are_not_there() {
    let workplace = Workplace::with(Model::Gelu);
    rows::csv(&workplace, "rows.csv", 1, 20);
    let wrong = ["--text-columns", "txt", "--label-column", "topic"];
    refused("no_text_column", 3, &on_rows(&workplace, &wrong));
    let wrong = ["--text-columns", "text", "--label-column", "subject"];
    refused("no_label_column", 3, &on_rows(&workplace, &wrong));
    refused(
        "columns_not_given",
        2,
        &on_rows(&workplace, &["--text-columns", "text"]),
    );
    let words = [
        "--text-columns",
        "text",
        "--label-column",
        "topic",
        "--regression",
    ];
    refused("words_for_numbers", 3, &on_rows(&workplace, &words));
}

#[test]
fn labels_that_training_did_not_see() {
    let workplace = Workplace::with(Model::Topic);
    rows::csv(&workplace, "rows.csv", 1, 20);
    workplace.write(
        "valid.csv",
        "text,topic\nthe old river,water\ntall trees,land\nrain,weather\n",
    );
    let columns = ["--text-columns", "text", "--label-column", "topic"];
    let arguments = [&columns[..], &["--validation", "valid.csv"]].concat();
    refused("label_unseen", 3, &on_rows(&workplace, &arguments));
    let eval = [
        "eval",
        "--model",
        "model",
        "--task",
        "own",
        "--data",
        "valid.csv",
    ];
    refused(
        "label_unknown_to_model",
        3,
        &workplace.run(&[&eval[..], &columns].concat()),
    );
    rows::rte(&workplace, "glue", 8, 8);
    let eval = [
        "eval",
        "--model",
        "model",
        "--task",
        "rte",
        "--data",
        "glue/RTE/dev.tsv",
    ];
    refused("labels_of_another_task", 3, &workplace.run(&eval));
}

#[test]
fn texts_that_are_empty() {
    let workplace = Workplace::with(Model::Topic);
    workplace.write(
        "rows.csv",
        "text,topic\nthe old river,water\n\"\",land\ntall trees,land\nrain,water\n",
    );
    let columns = ["--text-columns", "text", "--label-column", "topic"];
    let finished = on_rows(
        &workplace,
        &[&columns[..], &["--validation", "rows.csv"]].concat(),
    );
    refused("empty_row", 3, &finished);
    refused("empty_text", 3, &predict(&workplace, &["--text", " "]));
}

#[test]
fn more_examples_than_there_are() {
    let workplace = rte(Model::Gelu);
    refused(
        "too_many_examples",
        2,
        &on_rte(&workplace, &["--examples", "31"]),
    );
    refused(
        "too_many_validation",
        2,
        &on_rte(&workplace, &["--examples", "11"]),
    );
}

#[test]
fn a_model_that_does_not_fit() {
    let workplace = rte(Model::Gelu);
    refused(
        "too_long",
        2,
        &on_rte(&workplace, &["--max-length", "1000"]),
    );
    refused(
        "no_activations",
        2,
        &on_rte(&workplace, &["--mode", "activations"]),
    );
    // The tokenizer of another model: one word less.
    let mut tokenizer: Value =
        serde_json::from_slice(&workplace.read("model/tokenizer.json")).unwrap();
    let words = tokenizer["model"]["vocab"].as_object_mut().unwrap();
    let last = words
        .iter()
        .max_by_key(|(_, id)| id.as_u64())
        .unwrap()
        .0
        .clone();
    words.remove(&last);
    workplace.write("model/tokenizer.json", &tokenizer.to_string());
    refused("another_vocabulary", 2, &on_rte(&workplace, &[]));
    refused(
        "another_vocabulary_asked",
        2,
        &predict(&workplace, &["--text", "[MASK]"]),
    );
    std::fs::remove_file(workplace.path("model/tokenizer.json")).unwrap();
    refused("no_tokenizer", 2, &on_rte(&workplace, &[]));
}

#[test]
fn an_adapter_on_the_wrong_base() {
    let workplace = rte(Model::Rational);
    let trained = on_rte(&workplace, &["--mode", "ia3"]);
    assert_eq!(trained.code, Some(0), "{trained}");
    let ask = |model| {
        let pair = ["--text", "the old river", "--text-pair", "rain"];
        let adapter = ["--adapter", "out/seed-1/adapter"];
        workplace.run(&[&["predict", "--model", model], &pair[..], &adapter].concat())
    };
    assert_eq!(ask("model").code, Some(0));
    // The same sizes and names, other weights.
    Model::Topic.put(&workplace, "other");
    insta::with_settings!({filters => [("[0-9a-f]{12,}", "[HASH]")]}, {
        refused("adapter_on_the_wrong_base", 2, &ask("other"));
    });
}

#[test]
fn models_of_another_kind() {
    let workplace = rte(Model::Gelu);
    workplace.write("text.txt", "the old river\n");
    Model::Topic.put(&workplace, "topic");
    let eval = |model, more: &[&str]| workplace.run(&[&["eval", "--model", model], more].concat());
    let task = ["--task", "rte", "--data", "glue"];
    refused("masked_model_on_a_task", 2, &eval("model", &task));
    refused(
        "task_model_on_a_text",
        2,
        &eval("topic", &["--corpus", "text.txt"]),
    );
    rows::squad(&workplace, "squad.json", 1, 3);
    let questions = ["--task", "squad", "--data", "squad.json"];
    refused("label_model_on_questions", 2, &eval("topic", &questions));
    refused("nothing_to_measure_on", 2, &eval("model", &[]));
    let table = ["--task", "own", "--data", "text.txt"];
    refused("own_table_without_columns", 2, &eval("topic", &table));
    let columns = [&task[..], &["--label-column", "label"]].concat();
    refused("columns_of_a_known_task", 2, &eval("topic", &columns));
}

#[test]
fn questions_that_the_model_does_not_answer() {
    let workplace = Workplace::with(Model::Gelu);
    refused(
        "no_mask",
        3,
        &predict(&workplace, &["--text", "the old river"]),
    );
    let question = ["--question", "past where", "--context", "past the mill"];
    refused(
        "question_to_a_masked_model",
        2,
        &predict(&workplace, &question),
    );
    refused(
        "context_without_question",
        2,
        &predict(&workplace, &["--context", "past"]),
    );
    refused(
        "text_and_stream",
        2,
        &predict(&workplace, &["--text", "a", "--input", "-"]),
    );
    Model::Answer.put(&workplace, "model");
    refused(
        "text_to_an_answering_model",
        2,
        &predict(&workplace, &["--text", "[MASK]"]),
    );
    let long = "past where ".repeat(60);
    let question = ["--question", &long, "--context", "past the mill"];
    refused(
        "question_longer_than_the_window",
        3,
        &predict(&workplace, &question),
    );
    let question = ["--question", "past where", "--context", ""];
    refused("empty_context", 3, &predict(&workplace, &question));
}
