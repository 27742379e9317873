//! Adapters: what they add, that merging changes nothing, and their files.

use std::fs;
use std::path::Path;

use pliant_nn::{AdapterKind, MaskedLanguageModel, ModelError, Role, TaskHead, TaskModel};

use crate::support::index_of;
use crate::support::task::{
    ADAPTERS, TaskRows, adapted, disturb_adapter, heads, task_config, three_labels,
};

fn logits(model: &TaskModel) -> Vec<f32> {
    let batch = TaskRows::new(7, 6, 16, model.config());
    model.logits(&batch.input(model.head())).unwrap()
}

fn names(model: &TaskModel) -> Vec<String> {
    let names = model.parameters().iter();
    names.map(|info| info.name.clone()).collect()
}

/// Indices of pooler, classifier and span outputs.
fn head_indices(model: &TaskModel) -> Vec<usize> {
    let is_head = |name: &str| !name.starts_with("bert.e");
    (0..model.parameters().len())
        .filter(|index| is_head(&model.parameters()[*index].name))
        .collect()
}

#[test]
fn a_new_adapter_changes_no_bit_and_has_its_numbers() {
    for head in heads() {
        for (adapter, count) in [
            (ADAPTERS[0], 2 * (32 + 32 + 64)),
            (ADAPTERS[1], 2 * 2 * (3 * 32 + 32 * 3)),
        ] {
            let mut model = TaskModel::new(&task_config(), head.clone(), 3).unwrap();
            let (before, parameters) = (logits(&model), model.parameters().len());
            model.add_adapter(&adapter, 5).unwrap();
            assert_eq!(logits(&model), before, "{adapter}");
            assert_eq!(model.adapter(), Some(adapter));
            let added: Vec<_> = model
                .parameters()
                .iter()
                .filter(|info| info.role == Role::Adapter)
                .collect();
            assert_eq!(added.iter().map(|info| info.count()).sum::<usize>(), count);
            assert_eq!(parameters + added.len(), model.parameters().len());
        }
    }
}

/// (IA)³ of BERT-base has 12 · (768 + 768 + 3072) numbers.
#[test]
fn counts_of_bert_base() {
    let config = pliant_nn::Preset::Base
        .config(100, "gelu".parse().unwrap())
        .unwrap();
    let mut model = TaskModel::new(&config, three_labels(), 0).unwrap();
    model.add_adapter(&AdapterKind::Ia3, 0).unwrap();
    assert_eq!(
        pliant_nn::parameter_counts(model.parameters())[&Role::Adapter],
        55_296
    );
}

#[test]
fn adapters_are_drawn_from_seed_and_name() {
    let with = |seed: u64| {
        let mut model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
        model.add_adapter(&ADAPTERS[1], seed).unwrap();
        let read = |half: &str| {
            let name = format!("bert.encoder.layer.0.attention.self.query.lora_{half}.weight");
            model.read(index_of(&model, &name))
        };
        (read("A"), read("B"))
    };
    let (down, up) = with(1);
    assert_eq!((down.clone(), up.clone()), with(1));
    assert_ne!(down, with(2).0);
    let bound = 1.0 / 32.0_f32.sqrt();
    assert!(down.iter().all(|value| value.abs() <= bound));
    assert!(down.iter().any(|value| value.abs() > bound / 2.0));
    assert!(up.iter().all(|value| *value == 0.0));
}

#[test]
fn merging_leaves_the_logits_and_removes_the_parameters() {
    for head in heads() {
        for adapter in &ADAPTERS {
            let plain = TaskModel::new(&task_config(), head.clone(), 3).unwrap();
            let mut model = adapted(&head, adapter);
            let before = logits(&model);
            assert_ne!(before, logits(&plain));
            model.merge_adapter().unwrap();
            assert_eq!(names(&model), names(&plain));
            assert_eq!(model.adapter(), None);
            for (merged, before) in logits(&model).iter().zip(&before) {
                assert!(
                    merged == before || (merged - before).abs() <= 2e-6 * before.abs().max(1.0),
                    "{adapter}: {merged}, before {before}"
                );
            }
            // What is merged trains like any other.
            let batch = TaskRows::new(1, 2, 16, model.config());
            let (_, gradients) = model
                .forward_backward(&batch.input(&head), None, 1.0)
                .unwrap();
            assert!((0..gradients.len()).all(|index| gradients.get(index).is_some()));
        }
    }
}

/// (IA)³ multiplies (W x + b), so that the bias is merged too.
#[test]
fn merging_factors_reaches_the_bias() {
    let mut model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    let name = "bert.encoder.layer.0.attention.self.value";
    let bias = index_of(&model, &format!("{name}.bias"));
    model.write(bias, &[0.5; 32]).unwrap();
    model.add_adapter(&AdapterKind::Ia3, 0).unwrap();
    let factors = index_of(&model, &format!("{name}.ia3_l"));
    model.write(factors, &[3.0; 32]).unwrap();
    let before = logits(&model);
    model.merge_adapter().unwrap();
    let bias = index_of(&model, &format!("{name}.bias"));
    assert_eq!(model.read(bias), [1.5; 32]);
    for (merged, before) in logits(&model).iter().zip(&before) {
        assert!((merged - before).abs() <= 2e-6);
    }
}

#[test]
fn a_folder_keeps_an_adapter_that_is_not_merged() {
    for adapter in &ADAPTERS {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let model = adapted(&three_labels(), adapter);
        model.save(first.path()).unwrap();
        let loaded = TaskModel::load(first.path()).unwrap();
        assert_eq!(loaded.adapter(), Some(*adapter));
        assert_eq!(loaded.parameters(), model.parameters());
        assert_eq!(logits(&loaded), logits(&model));
        loaded.save(second.path()).unwrap();
        assert_equal_files(
            first.path(),
            second.path(),
            &["config.json", "model.safetensors"],
        );

        // As a base its adapter is merged.
        let other = TaskModel::from_encoder(first.path(), three_labels(), 1).unwrap();
        assert_eq!(other.adapter(), None);
        for (merged, before) in logits(&other).iter().zip(&logits(&model)) {
            assert!((merged - before).abs() <= 2e-6 * before.abs().max(1.0));
        }
    }
}

fn assert_equal_files(first: &Path, second: &Path, files: &[&str]) {
    for file in files {
        assert!(
            fs::read(first.join(file)).unwrap() == fs::read(second.join(file)).unwrap(),
            "{file}"
        );
    }
}

/// A pre-trained model in a folder.
fn base(folder: &Path, seed: u64) {
    MaskedLanguageModel::new(&task_config(), seed)
        .unwrap()
        .save(folder)
        .unwrap();
}

#[test]
fn an_adapter_file_and_its_base_give_the_model_back() {
    for head in heads() {
        for adapter in &ADAPTERS {
            let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            base(from.path(), 1);
            let mut model = TaskModel::from_encoder(from.path(), head.clone(), 9).unwrap();
            model.add_adapter(adapter, 5).unwrap();
            disturb_adapter(&mut model);
            model
                .save_adapter(to.path(), &head_indices(&model))
                .unwrap();
            let size = fs::metadata(to.path().join("adapter.safetensors"))
                .unwrap()
                .len();
            let whole = fs::metadata(from.path().join("model.safetensors"))
                .unwrap()
                .len();
            assert!(size < whole, "{size} of {whole}");

            let again = TaskModel::with_adapter(from.path(), to.path()).unwrap();
            assert_eq!(again.parameters(), model.parameters());
            assert_eq!(logits(&again), logits(&model));

            // Into a model that has the adapter already.
            let mut third = TaskModel::from_encoder(from.path(), head.clone(), 9).unwrap();
            third.add_adapter(adapter, 6).unwrap();
            third.load_adapter(to.path()).unwrap();
            assert_eq!(logits(&third), logits(&model));
            let copy = tempfile::tempdir().unwrap();
            third
                .save_adapter(copy.path(), &head_indices(&third))
                .unwrap();
            assert_equal_files(to.path(), copy.path(), &["adapter.safetensors"]);
        }
    }
}

/// Biases or coefficients of the encoder can be all that was trained.
#[test]
fn a_file_without_an_adapter_carries_what_was_trained() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    base(from.path(), 1);
    let mut model = TaskModel::from_encoder(from.path(), three_labels(), 9).unwrap();
    let mut trained = head_indices(&model);
    for (index, info) in model.parameters().to_vec().iter().enumerate() {
        if matches!(info.role, Role::Bias | Role::Activation) {
            let moved: Vec<f32> = model.read(index).iter().map(|value| value + 0.01).collect();
            model.write(index, &moved).unwrap();
            trained.push(index);
        }
    }
    model.save_adapter(to.path(), &trained).unwrap();
    let again = TaskModel::with_adapter(from.path(), to.path()).unwrap();
    assert_eq!(logits(&again), logits(&model));
    assert_eq!(again.adapter(), None);
}

#[test]
fn another_base_is_refused_with_both_hashes() {
    let (from, other, to) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    base(from.path(), 1);
    base(other.path(), 2);
    let mut model = TaskModel::from_encoder(from.path(), three_labels(), 9).unwrap();
    model.add_adapter(&ADAPTERS[0], 5).unwrap();
    model
        .save_adapter(to.path(), &head_indices(&model))
        .unwrap();
    let error = TaskModel::with_adapter(other.path(), to.path()).unwrap_err();
    let ModelError::AdapterBase {
        expected, found, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_ne!(expected, found);
    let text = error.to_string();
    assert!(
        [expected, found]
            .iter()
            .all(|hash| hash.len() == 64 && text.contains(*hash)),
        "{text}"
    );
    assert!(error.hint().is_some());

    // The model that refuses is as it was.
    let mut refusing = TaskModel::from_encoder(other.path(), three_labels(), 9).unwrap();
    let before = (logits(&refusing), names(&refusing));
    refusing.load_adapter(to.path()).unwrap_err();
    assert_eq!((logits(&refusing), names(&refusing)), before);

    // One number is enough.
    let mut close = TaskModel::from_encoder(from.path(), three_labels(), 9).unwrap();
    let mut words = close.read(0);
    words[0] += 1e-6;
    close.write(0, &words).unwrap();
    let error = close.load_adapter(to.path()).unwrap_err();
    assert!(matches!(error, ModelError::AdapterBase { .. }), "{error}");
}

#[test]
fn adapters_of_other_heads_and_of_no_head_are_refused() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    base(from.path(), 1);
    let mut model = TaskModel::from_encoder(from.path(), three_labels(), 9).unwrap();
    model.add_adapter(&ADAPTERS[0], 5).unwrap();
    model.save_adapter(to.path(), &[]).unwrap();

    let mut other = TaskModel::from_encoder(from.path(), TaskHead::Regression, 9).unwrap();
    let error = other.load_adapter(to.path()).unwrap_err();
    assert!(matches!(error, ModelError::AdapterHead { .. }), "{error}");
    assert!(error.to_string().contains("no, perhaps, yes"), "{error}");

    let error = TaskModel::with_adapter(from.path(), to.path()).unwrap_err();
    assert!(
        matches!(error, ModelError::AdapterHeadMissing { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("classifier.weight"), "{error}");

    // A base with the head needs none in the file.
    let task = tempfile::tempdir().unwrap();
    TaskModel::from_encoder(from.path(), three_labels(), 9)
        .unwrap()
        .save(task.path())
        .unwrap();
    let again = TaskModel::with_adapter(task.path(), to.path()).unwrap();
    assert_eq!(logits(&again), logits(&model));
}

#[test]
fn what_does_not_fit_is_an_error_with_a_hint() {
    let mut model = TaskModel::new(&task_config(), three_labels(), 3).unwrap();
    for (rank, alpha, text) in [
        (0, 1.0, "rank is 0"),
        (33, 1.0, "from 1 to the hidden size 32"),
        (2, 0.0, "alpha is 0"),
        (2, f32::NAN, "alpha is NaN"),
    ] {
        let error = model
            .add_adapter(&AdapterKind::Lora { rank, alpha }, 0)
            .unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert!(error.hint().is_some());
    }
    let error = model.merge_adapter().unwrap_err();
    assert!(matches!(error, ModelError::AdapterMissing), "{error}");
    model.add_adapter(&ADAPTERS[0], 0).unwrap();
    let error = model.add_adapter(&ADAPTERS[1], 0).unwrap_err();
    assert!(
        error.to_string().contains("already has the adapter ia3"),
        "{error}"
    );

    let folder = tempfile::tempdir().unwrap();
    let error = model.load_adapter(folder.path()).unwrap_err();
    assert!(error.to_string().contains("adapter.safetensors"), "{error}");
    model.save(folder.path()).unwrap();
    fs::rename(
        folder.path().join("model.safetensors"),
        folder.path().join("adapter.safetensors"),
    )
    .unwrap();
    let error = model.load_adapter(folder.path()).unwrap_err();
    assert!(matches!(error, ModelError::AdapterFile { .. }), "{error}");
    fs::write(folder.path().join("adapter.safetensors"), [1, 2, 3]).unwrap();
    let error = model.load_adapter(folder.path()).unwrap_err();
    assert!(matches!(error, ModelError::WeightFile { .. }), "{error}");
}
