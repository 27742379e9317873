//! What a user can do wrong with data and folders: what is said, and the exit code.

use std::fs;

use crate::{
    resume::{long_run, wait_for_step},
    workplace::{Finished, Workplace, text},
};

/// Trains the nano recipe with more settings.
fn pretrain(workplace: &Workplace, settings: &[&str]) -> Finished {
    let mut arguments = vec!["pretrain", "--recipe", "nano.toml", "--out", "run"];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    workplace.run(&arguments)
}

/// Asserts the exit code and snapshots the message.
macro_rules! refused {
    ($name:expr, $code:literal, $finished:expr) => {
        let finished = $finished;
        assert_eq!(finished.code, Some($code), "{finished}");
        insta::assert_snapshot!($name, finished.error());
    };
}

#[test]
fn an_empty_corpus() {
    let workplace = Workplace::nano();
    workplace.write("empty.txt", " \n\n");
    refused!(
        "empty_corpus",
        3,
        pretrain(&workplace, &["data.corpus=empty.txt"])
    );
}

#[test]
fn a_corpus_that_is_not_there() {
    let workplace = Workplace::nano();
    refused!(
        "missing_corpus",
        3,
        pretrain(&workplace, &["data.corpus=nowhere"])
    );
}

#[test]
fn text_that_is_not_utf8() {
    let workplace = Workplace::nano();
    workplace.write_bytes("latin.txt", b"a line\nna\xefve\n");
    refused!(
        "not_utf8",
        3,
        pretrain(&workplace, &["data.corpus=latin.txt"])
    );
}

#[test]
fn a_corpus_smaller_than_a_batch() {
    let workplace = Workplace::nano();
    workplace.write("small/train.txt", &text(1, 10));
    workplace.write("small/valid.txt", &text(2, 10));
    refused!(
        "small_corpus",
        3,
        pretrain(&workplace, &["data.corpus=small", "train.batch=64"])
    );
}

#[test]
fn an_unknown_activation() {
    let workplace = Workplace::nano();
    refused!(
        "unknown_activation",
        2,
        pretrain(&workplace, &["activation.function=ratonal"])
    );
}

#[test]
fn a_name_that_no_library_has() {
    let workplace = Workplace::nano();
    workplace.write(
        "shapes.toml",
        "[activations]\nbent = \"frozen(swish, [1.5])\"\n",
    );
    for (name, text) in [
        ("library_form", "@shapes.toml"),
        ("library_unknown", "@shapes.toml:bend"),
        ("library_missing", "@none.toml:bent"),
        ("library_wrong", "@nano.toml:bent"),
        ("layers_count", "layers([gelu, relu, gelu])"),
    ] {
        refused!(
            name,
            2,
            pretrain(&workplace, &[&format!("activation.function={text}")])
        );
    }
}

#[test]
fn degrees_of_zero() {
    let workplace = Workplace::nano();
    refused!(
        "degrees_zero",
        2,
        pretrain(&workplace, &["activation.function=rational(0/0)"])
    );
    refused!(
        "fit_degrees_zero",
        2,
        workplace.run(&["act", "fit", "gelu", "--degrees", "0/0"])
    );
}

#[test]
fn an_unknown_key() {
    let workplace = Workplace::nano();
    workplace.write("typo.toml", "[train]\nsteps = 5\nbacth = 8\n");
    refused!(
        "unknown_key",
        2,
        workplace.run(&["pretrain", "--recipe", "typo.toml", "--out", "run"])
    );
    refused!(
        "unknown_key_set",
        2,
        pretrain(&workplace, &["model.hiden_size=16"])
    );
}

#[test]
fn a_negative_learning_rate() {
    let workplace = Workplace::nano();
    refused!(
        "negative_learning_rate",
        2,
        pretrain(&workplace, &["optimizer.learning_rate=-1e-3"])
    );
}

#[test]
fn a_missing_recipe() {
    let workplace = Workplace::empty();
    refused!(
        "missing_recipe",
        2,
        workplace.run(&["pretrain", "--recipe", "none.toml", "--out", "run"])
    );
}

#[test]
fn a_recipe_of_a_comparison() {
    let workplace = Workplace::nano();
    workplace.write(
        "arms.toml",
        "[[arm]]\nname = \"a\"\nset = { \"activation.function\" = \"gelu\" }\n",
    );
    refused!(
        "recipe_with_arms",
        2,
        workplace.run(&["pretrain", "--recipe", "arms.toml", "--out", "run"])
    );
}

#[test]
fn a_corrupt_shard() {
    let workplace = Workplace::nano();
    assert_eq!(pretrain(&workplace, &["data.cache=cache"]).code, Some(0));
    fs::remove_dir_all(workplace.path("run")).unwrap();
    let shard = largest(&workplace, "cache");
    let mut bytes = workplace.read(&shard);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    workplace.write_bytes(&shard, &bytes);
    insta::with_settings!({filters => [(r"prepared-[0-9a-f]+", "prepared-[HASH]"), (r"[0-9a-f]{16,}", "[HASH]")]}, {
        refused!("corrupt_shard", 3, pretrain(&workplace, &["data.cache=cache"]));
    });
    bytes.truncate(middle);
    workplace.write_bytes(&shard, &bytes);
    insta::with_settings!({filters => [(r"prepared-[0-9a-f]+", "prepared-[HASH]"), (r"[0-9]+ bytes", "[N] bytes")]}, {
        refused!("truncated_shard", 3, pretrain(&workplace, &["data.cache=cache"]));
    });
}

/// The largest file of a folder's tree: the train shard.
fn largest(workplace: &Workplace, folder: &str) -> String {
    let mut files = Vec::new();
    for entry in fs::read_dir(workplace.path(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files.push(largest(workplace, &name));
        } else {
            files.push(name);
        }
    }
    files
        .into_iter()
        .max_by_key(|name| fs::metadata(workplace.path(name)).unwrap().len())
        .unwrap()
}

#[test]
fn a_checkpoint_without_done_is_ignored_and_said_so() {
    let workplace = Workplace::nano();
    assert_eq!(pretrain(&workplace, &[]).code, Some(0));
    let whole = workplace.read("run/model/model.safetensors");
    for unfinished in ["model", "summary.json", "checkpoints/step-00000020/DONE"] {
        let path = workplace.path("run").join(unfinished);
        if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        }
        .unwrap();
    }
    let resumed = workplace.succeed(&["pretrain", "--out", "run", "--resume"]);
    let warning = resumed
        .stderr
        .lines()
        .find(|line| line.starts_with("warning: "))
        .unwrap_or_else(|| panic!("{resumed}"));
    insta::assert_snapshot!("checkpoint_without_done", warning);
    assert!(resumed.stderr.contains("goes on from step 10"), "{resumed}");
    assert!(workplace.read("run/model/model.safetensors") == whole);

    // With no complete checkpoint at all there is nothing to resume.
    for step in ["step-00000010", "step-00000020"] {
        let done = workplace.path("run/checkpoints").join(step).join("DONE");
        if done.exists() {
            fs::remove_file(done).unwrap();
        }
    }
    fs::remove_file(workplace.path("run/summary.json")).unwrap();
    refused!(
        "no_complete_checkpoint",
        2,
        workplace.run(&["pretrain", "--out", "run", "--resume"])
    );
}

#[test]
fn a_folder_that_holds_another_run() {
    let workplace = Workplace::nano();
    assert_eq!(pretrain(&workplace, &[]).code, Some(0));
    refused!("another_run", 2, pretrain(&workplace, &["train.seed=2"]));
    let resumed = [
        "pretrain",
        "--recipe",
        "nano.toml",
        "--out",
        "run",
        "--resume",
        "--set",
        "model.hidden_size=32",
    ];
    refused!("another_recipe_on_resume", 2, workplace.run(&resumed));
    let folder = fs::read_dir(workplace.path("run")).unwrap().count();
    assert!(folder > 0, "the run is still there");
}

#[test]
fn a_folder_that_another_process_writes() {
    let workplace = Workplace::nano();
    let mut child = workplace.start(&long_run("run", &["--set", "train.steps=1000000"]));
    wait_for_step(&workplace, "run", &mut child, 2);
    let finished = workplace.run(&["pretrain", "--out", "run", "--resume"]);
    child.kill().unwrap();
    child.wait().unwrap();
    refused!("locked", 1, finished);
}

#[test]
fn an_out_folder_that_is_a_file() {
    let workplace = Workplace::nano();
    workplace.write("run", "");
    let finished = pretrain(&workplace, &[]);
    assert!(matches!(finished.code, Some(1 | 2)), "{finished}");
    assert!(
        finished.stderr.contains("error: ") && finished.stderr.contains("run"),
        "{finished}"
    );
}

#[test]
fn a_model_that_is_none() {
    let workplace = Workplace::nano();
    refused!(
        "no_model",
        2,
        workplace.run(&["eval", "--model", "text", "--corpus", "text/valid.txt"])
    );
}

#[test]
fn shapes_of_what_is_no_run() {
    let workplace = Workplace::nano();
    refused!(
        "no_run",
        2,
        workplace.run(&["shapes", "text", "--out", "shapes"])
    );
    refused!(
        "no_folder",
        2,
        workplace.run(&["shapes", "nowhere", "--out", "shapes"])
    );
}

#[test]
fn a_comparison_in_a_foreign_folder() {
    let workplace = Workplace::nano();
    refused!(
        "foreign_folder",
        2,
        workplace.run(&["compare", "--recipe", "nano.toml", "--out", "text"])
    );
}

#[test]
fn a_diverging_run() {
    let workplace = Workplace::nano();
    let finished = pretrain(
        &workplace,
        &[
            "optimizer.learning_rate=1e30",
            "optimizer.warmup=0",
            "train.gradient_clip=0",
        ],
    );
    assert_eq!(finished.code, Some(4), "{finished}");
    assert!(
        finished.stderr.contains("error: ") && finished.stderr.contains("hint: "),
        "{finished}"
    );
}
