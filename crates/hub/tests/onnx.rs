//! ONNX files, run by `tract` beside the model they were made of.
//!
//! That ONNX's own checker and ONNX Runtime take them is checked by `python/checks/onnx_runtime.py`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pliant_hub::HubError;
use pliant_hub::onnx::{Element, ExportedOnnx, OnnxOptions, export};
use pliant_nn::{
    AdapterKind, Head, MaskedLanguageModel, Model, ModelConfig, ModelInput, NormPlacement,
    Positions, Preset, TaskHead, TaskInput, TaskModel, TaskTarget,
};
use tract_onnx::prelude::*;

/// Largest difference allowed, of logarithms of probabilities and of logits, which are of the size of 1.
const ALLOWED: f32 = 1e-4;
/// The same in half precision, whose numbers have 11 digits.
const ALLOWED_HALF: f32 = 3e-2;
const WORDS: usize = 60;
const LONGEST: usize = 12;
/// Batches of different sizes for one file: (sequences, length).
const SIZES: [(usize, usize); 3] = [(3, 7), (1, 3), (2, LONGEST)];
/// Everything that a file may be made of.
const OPERATORS: [&str; 31] = [
    "Abs",
    "Add",
    "ArgMax",
    "Cast",
    "Concat",
    "Div",
    "Erf",
    "Exp",
    "Gather",
    "GatherND",
    "LayerNormalization",
    "Less",
    "LessOrEqual",
    "Log",
    "MatMul",
    "Mul",
    "Neg",
    "ReduceMean",
    "Reshape",
    "Shape",
    "Sigmoid",
    "Sin",
    "Slice",
    "Softmax",
    "Split",
    "Sqrt",
    "Sub",
    "Tanh",
    "Transpose",
    "Unsqueeze",
    "Where",
];

/// A number in [-1, 1).
fn scrambled(seed: u64, index: usize) -> f32 {
    let mut x = seed
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(index as u64 + 1);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
}

struct Batch {
    sequences: usize,
    length: usize,
    ids: Vec<u32>,
    types: Vec<u32>,
    mask: Vec<u8>,
}

impl Batch {
    /// Padding of different lengths at the ends, a hole, and one sequence that begins with padding.
    fn new(sequences: usize, length: usize) -> Self {
        let places = sequences * length;
        let padded = |place: usize| match (place / length, place % length) {
            (0, _) => false,
            (1, at) => at + 2 >= length || at == 1,
            (_, at) => at == 0 || at + 1 == length,
        };
        let number = |seed, place, below: usize| {
            (f32::midpoint(scrambled(seed, place), 1.0) * below as f32) as u32
        };
        Self {
            sequences,
            length,
            ids: (0..places).map(|place| number(1, place, WORDS)).collect(),
            types: (0..places).map(|place| number(2, place, 2)).collect(),
            mask: (0..places).map(|place| u8::from(!padded(place))).collect(),
        }
    }

    fn real(&self) -> Vec<u32> {
        (0..self.mask.len() as u32)
            .filter(|place| self.mask[*place as usize] == 1)
            .collect()
    }

    /// The same with other words where padding is, and more of it behind.
    fn otherwise_padded(&self, longer: usize) -> Self {
        let length = self.length + longer;
        let at = |place: usize| {
            let (row, column) = (place / length, place % length);
            (column < self.length)
                .then_some(row * self.length + column)
                .filter(|old| self.mask[*old] == 1)
        };
        let moved = |place: usize, of: &[u32], else_: u32| at(place).map_or(else_, |old| of[old]);
        let places = 0..self.sequences * length;
        Self {
            sequences: self.sequences,
            length,
            ids: places
                .clone()
                .map(|place| moved(place, &self.ids, 7))
                .collect(),
            types: places
                .clone()
                .map(|place| moved(place, &self.types, 1))
                .collect(),
            mask: places.map(|place| u8::from(at(place).is_some())).collect(),
        }
    }

    fn task(&self) -> TaskInput<'_> {
        TaskInput {
            sequences: self.sequences,
            length: self.length,
            ids: &self.ids,
            type_ids: &self.types,
            attention_mask: &self.mask,
            target: TaskTarget::None,
            first_sequence: 0,
        }
    }

    fn input(&self) -> ModelInput<'_> {
        ModelInput {
            sequences: self.sequences,
            length: self.length,
            ids: &self.ids,
            type_ids: &self.types,
            attention_mask: &self.mask,
            masked_positions: &[],
            labels: &[],
            first_sequence: 0,
        }
    }
}

/// A written file in `tract`.
struct Runner(Arc<TypedRunnableModel>);

impl Runner {
    fn new(file: &Path) -> Self {
        let model = tract_onnx::onnx().model_for_path(file).unwrap();
        Self(model.into_optimized().unwrap().into_runnable().unwrap())
    }

    /// Values and shape of every output.
    fn run(&self, batch: &Batch) -> TractResult<Vec<(Vec<f32>, Vec<usize>)>> {
        let shape = [batch.sequences, batch.length];
        let tensor = |values: Vec<i64>| Tensor::from_shape(&shape, &values).unwrap().into_tvalue();
        let wide = |values: &[u32]| tensor(values.iter().map(|value| i64::from(*value)).collect());
        let mask = tensor(batch.mask.iter().map(|value| i64::from(*value)).collect());
        let outputs = self
            .0
            .run(tvec!(wide(&batch.ids), mask, wide(&batch.types)))?;
        Ok(outputs
            .iter()
            .map(|output| {
                let values = output.to_plain_array_view::<f32>().unwrap();
                (values.iter().copied().collect(), output.shape().to_vec())
            })
            .collect())
    }
}

fn config(activation: &str) -> ModelConfig {
    let mut config = Preset::Tiny
        .config(WORDS, activation.parse().unwrap())
        .unwrap();
    config.hidden_size = 16;
    config.heads = 2;
    config.intermediate_size = 24;
    config.max_positions = LONGEST;
    config
}

/// Moves every value, so that no bias is 0, no norm 1 and no group like another.
fn stir<H: Head>(model: &mut Model<H>) {
    model
        .update(&mut |parameter, _, values| {
            for (index, value) in values.iter_mut().enumerate() {
                let by = scrambled(parameter as u64 + 9, index);
                *value = *value * (1.0 + 0.1 * by) + 0.02 * by;
            }
        })
        .unwrap();
}

fn masked(config: &ModelConfig, folder: &Path) -> MaskedLanguageModel {
    let mut model = MaskedLanguageModel::new(config, 5).unwrap();
    stir(&mut model);
    model.save(folder).unwrap();
    model
}

fn task(config: &ModelConfig, head: TaskHead, folder: &Path) -> TaskModel {
    let mut model = TaskModel::new(config, head, 5).unwrap();
    stir(&mut model);
    model.save(folder).unwrap();
    model
}

fn write(folder: &Path, options: &OnnxOptions) -> (ExportedOnnx, Runner) {
    let out = folder.join("model.onnx");
    let exported = export(folder, &out, options).unwrap();
    assert_eq!(exported.bytes, fs::metadata(&out).unwrap().len());
    check_operators(&out);
    (exported, Runner::new(&out))
}

/// Only known operators of ONNX's own domain; every node and tensor has a name of its own.
fn check_operators(file: &Path) {
    let proto = tract_onnx::onnx().proto_model_for_path(file).unwrap();
    assert_eq!(proto.opset_import.len(), 1);
    assert_eq!(
        (proto.opset_import[0].domain.as_str(), proto.ir_version),
        ("", 8)
    );
    let graph = proto.graph.unwrap();
    let mut names = BTreeSet::new();
    let mut tensors: BTreeSet<&String> = graph
        .initializer
        .iter()
        .map(|tensor| &tensor.name)
        .collect();
    assert_eq!(tensors.len(), graph.initializer.len());
    for node in &graph.node {
        assert!(
            node.domain.is_empty() && OPERATORS.contains(&node.op_type.as_str()),
            "{}",
            node.op_type
        );
        assert!(names.insert(&node.name), "{} occurs twice", node.name);
        for output in &node.output {
            assert!(tensors.insert(output), "{output} is made twice");
        }
    }
    let read: BTreeSet<&String> = graph.node.iter().flat_map(|node| &node.input).collect();
    for stored in &graph.initializer {
        assert!(
            read.contains(&stored.name),
            "{} is stored for nothing",
            stored.name
        );
    }
}

fn assert_near(found: &[f32], expected: &[f32], allowed: f32, case: &str) {
    assert_eq!(found.len(), expected.len(), "{case}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let apart = (found - expected).abs();
        assert!(
            apart <= allowed,
            "{case}: {found} instead of {expected} at {at}"
        );
    }
}

/// Logarithms of the probabilities of all words, at every token.
fn of_words(model: &MaskedLanguageModel, batch: &Batch) -> Vec<f32> {
    let tokens = model
        .fill_mask(&batch.input(), &batch.real(), WORDS)
        .unwrap();
    let mut all = Vec::new();
    for mut words in tokens {
        words.sort_by_key(|(word, _)| *word);
        all.extend(words.into_iter().map(|(_, probability)| probability.ln()));
    }
    all
}

fn log_softmax(logits: &[f32]) -> Vec<f32> {
    let sum: f64 = logits.iter().map(|logit| f64::from(*logit).exp()).sum();
    logits
        .iter()
        .map(|logit| (f64::from(*logit) - sum.ln()) as f32)
        .collect()
}

/// Holds a masked-language model's file to the model, at every token of batches of different sizes.
fn check_words(config: &ModelConfig, element: Element, allowed: f32, case: &str) {
    let folder = tempfile::tempdir().unwrap();
    let model = masked(config, folder.path());
    let options = OnnxOptions {
        element,
        ..OnnxOptions::default()
    };
    let (exported, runner) = write(folder.path(), &options);
    assert_eq!(
        (exported.kind, exported.outputs),
        ("masked-language", vec!["logits"])
    );
    for (sequences, length) in SIZES {
        let batch = Batch::new(sequences, length);
        let (logits, shape) = runner.run(&batch).unwrap().remove(0);
        assert_eq!(shape, [sequences, length, WORDS], "{case}");
        let found: Vec<f32> = batch
            .real()
            .into_iter()
            .flat_map(|place| log_softmax(&logits[place as usize * WORDS..][..WORDS]))
            .collect();
        assert_near(&found, &of_words(&model, &batch), allowed, case);
    }
}

fn variants() -> Vec<(String, ModelConfig)> {
    let mut variants = Vec::new();
    for norm in [
        NormPlacement::Post,
        NormPlacement::Pre,
        NormPlacement::DeepNorm,
    ] {
        for positions in [Positions::Learned, Positions::Rotary] {
            for embedding_norm in [false, true] {
                let mut config = config("rational");
                (config.norm, config.positions, config.embedding_norm) =
                    (norm, positions, embedding_norm);
                variants.push((
                    format!("{norm}, {positions}, embedding norm {embedding_norm}"),
                    config,
                ));
            }
        }
    }
    for sites in ["none", "1"] {
        let mut config = config("rational");
        config.sites = sites.parse().unwrap();
        variants.push((format!("sites {sites}"), config));
    }
    variants
}

#[test]
fn words_of_every_variant() {
    for (case, config) in variants() {
        check_words(&config, Element::F32, ALLOWED, &case);
    }
}

#[test]
fn words_with_every_form_and_share() {
    for form in ["a", "b", "c", "n"] {
        for share in ["layer", "group(4)", "channel", "group(6), numerator=shared"] {
            let text = format!("rational(form={form}, share={share})");
            check_words(&config(&text), Element::F32, ALLOWED, &text);
        }
    }
}

#[test]
fn words_with_every_family() {
    for entry in pliant_activation::list::list().unwrap() {
        check_words(&config(&entry.name), Element::F32, ALLOWED, &entry.name);
    }
}

#[test]
fn words_with_a_gate() {
    for text in [
        "glu(silu)",
        "glu(identity)",
        "glu(rational)",
        "glu(rational(form=b, share=group(8)))",
    ] {
        check_words(&config(text), Element::F32, ALLOWED, text);
        check_words(&config(text), Element::F16, ALLOWED_HALF, text);
    }
    let mut some = config("glu(gelu)");
    some.sites = "1".parse().unwrap();
    check_words(&some, Element::F32, ALLOWED, "one layer with a gate");
}

#[test]
fn words_in_half_precision() {
    for (case, config) in variants() {
        check_words(&config, Element::F16, ALLOWED_HALF, &format!("{case}, f16"));
    }
}

#[test]
fn a_rational_of_large_inputs_stays_finite_in_half_precision() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = masked(&config("rational"), folder.path());
    model
        .update(&mut |_, parameter, values| {
            if parameter.name.ends_with("intermediate.dense.bias") {
                // To the fifth power it is far beyond the largest number of the format.
                values.fill(60.0);
            }
        })
        .unwrap();
    model.save(folder.path()).unwrap();
    let options = OnnxOptions {
        element: Element::F16,
        ..OnnxOptions::default()
    };
    let (logits, _) = write(folder.path(), &options)
        .1
        .run(&Batch::new(2, 5))
        .unwrap()
        .remove(0);
    assert!(logits.iter().all(|logit| logit.is_finite()));
}

#[test]
fn task_heads_with_and_without_the_pooler_as_a_site() {
    let labels = ["no", "maybe", "yes"].map(str::to_owned).to_vec();
    let heads = [
        TaskHead::Classification { labels },
        TaskHead::Regression,
        TaskHead::Span,
    ];
    for head in heads {
        for (sites, element) in [
            ("all", Element::F32),
            ("1+pooler", Element::F32),
            ("all+pooler", Element::F16),
        ] {
            let mut config = config("rational(share=group(8))");
            config.sites = sites.parse().unwrap();
            let folder = tempfile::tempdir().unwrap();
            let model = task(&config, head.clone(), folder.path());
            let options = OnnxOptions {
                element,
                ..OnnxOptions::default()
            };
            let (exported, runner) = write(folder.path(), &options);
            let allowed = if element == Element::F32 {
                ALLOWED
            } else {
                ALLOWED_HALF
            };
            let case = format!("{}, {sites}, {element:?}", head.kind());
            for (sequences, length) in SIZES {
                let batch = Batch::new(sequences, length);
                let expected = model.logits(&batch.task()).unwrap();
                let found = runner.run(&batch).unwrap();
                if head == TaskHead::Span {
                    assert_eq!(exported.outputs, ["start_logits", "end_logits"]);
                    for (end, (logits, shape)) in found.iter().enumerate() {
                        assert_eq!(*shape, [sequences, length]);
                        for place in batch.real() {
                            let place = place as usize;
                            assert_near(
                                &logits[place..=place],
                                &expected[2 * place + end..][..1],
                                allowed,
                                &case,
                            );
                        }
                    }
                } else {
                    assert_eq!(
                        (exported.kind, &exported.outputs[..]),
                        (head.kind(), &["logits"][..])
                    );
                    assert_eq!(found[0].1, [sequences, head.outputs()]);
                    assert_near(&found[0].0, &expected, allowed, &case);
                }
            }
        }
    }
}

/// Hidden values, two of them at a time through a span head that picks them.
fn hidden(folder: &Path, batch: &Batch) -> Vec<f32> {
    let mut model = TaskModel::from_encoder(folder, TaskHead::Span, 0).unwrap();
    let size = model.config().hidden_size;
    let index = |model: &TaskModel, name: &str| {
        model
            .parameters()
            .iter()
            .position(|parameter| parameter.name == name)
            .unwrap()
    };
    let (weight, bias) = (
        index(&model, "qa_outputs.weight"),
        index(&model, "qa_outputs.bias"),
    );
    model.write(bias, &[0.0, 0.0]).unwrap();
    let mut hidden = vec![0.0; batch.mask.len() * size];
    for first in (0..size).step_by(2) {
        let mut picks = vec![0.0; 2 * size];
        picks[first] = 1.0;
        picks[size + first + 1] = 1.0;
        model.write(weight, &picks).unwrap();
        let pairs = model.logits(&batch.task()).unwrap();
        for (place, pair) in pairs.as_chunks::<2>().0.iter().enumerate() {
            hidden[place * size + first..][..2].copy_from_slice(pair);
        }
    }
    hidden
}

#[test]
fn the_encoder_alone_of_any_model() {
    for is_task in [false, true] {
        for norm in [NormPlacement::Post, NormPlacement::Pre] {
            let mut config = config("rational");
            config.norm = norm;
            let folder = tempfile::tempdir().unwrap();
            if is_task {
                task(&config, TaskHead::Regression, folder.path());
            } else {
                masked(&config, folder.path());
            }
            let options = OnnxOptions {
                encoder_only: true,
                ..OnnxOptions::default()
            };
            let (exported, runner) = write(folder.path(), &options);
            assert_eq!(
                (exported.kind, exported.outputs),
                ("encoder", vec!["last_hidden_state"])
            );
            for (sequences, length) in SIZES {
                let batch = Batch::new(sequences, length);
                let (found, shape) = runner.run(&batch).unwrap().remove(0);
                assert_eq!(shape, [sequences, length, 16]);
                let expected = hidden(folder.path(), &batch);
                for place in batch.real() {
                    let row = place as usize * 16..(place as usize + 1) * 16;
                    assert_near(
                        &found[row.clone()],
                        &expected[row],
                        ALLOWED,
                        &format!("{norm}"),
                    );
                }
            }
        }
    }
}

#[test]
fn padding_changes_no_result() {
    let folder = tempfile::tempdir().unwrap();
    masked(&config("rational"), folder.path());
    let runner = write(folder.path(), &OnnxOptions::default()).1;
    let batch = Batch::new(3, 7);
    let other = batch.otherwise_padded(4);
    let (first, second) = (
        runner.run(&batch).unwrap().remove(0).0,
        runner.run(&other).unwrap().remove(0).0,
    );
    for place in batch.real() {
        let (row, column) = (place as usize / batch.length, place as usize % batch.length);
        let elsewhere = row * other.length + column;
        let (a, b) = (
            &first[place as usize * WORDS..][..WORDS],
            &second[elsewhere * WORDS..][..WORDS],
        );
        assert_near(a, b, 1e-5, "padding");
    }
}

#[test]
fn a_sequence_longer_than_the_positions_is_an_error() {
    for positions in [Positions::Learned, Positions::Rotary] {
        let mut config = config("rational");
        config.positions = positions;
        let folder = tempfile::tempdir().unwrap();
        masked(&config, folder.path());
        let runner = write(folder.path(), &OnnxOptions::default()).1;
        assert!(runner.run(&Batch::new(1, LONGEST)).is_ok());
        assert!(
            runner.run(&Batch::new(1, LONGEST + 1)).is_err(),
            "{positions}"
        );
    }
}

#[test]
fn adapters_are_merged() {
    let head = TaskHead::Regression;
    for adapter in [
        AdapterKind::Ia3,
        AdapterKind::Lora {
            rank: 2,
            alpha: 4.0,
        },
    ] {
        let base = tempfile::tempdir().unwrap();
        let mut model = task(&config("rational"), head.clone(), base.path());
        model.add_adapter(&adapter, 3).unwrap();
        model
            .update(&mut |parameter, info, values| {
                if info.role == pliant_nn::Role::Adapter {
                    for (index, value) in values.iter_mut().enumerate() {
                        *value += 0.3 * scrambled(parameter as u64, index);
                    }
                }
            })
            .unwrap();
        // In the model's own folder, and beside it.
        let whole = tempfile::tempdir().unwrap();
        model.save(whole.path()).unwrap();
        let beside = tempfile::tempdir().unwrap();
        model.save_adapter(beside.path(), &[]).unwrap();
        let batch = Batch::new(3, 7);
        let expected = model.logits(&batch.task()).unwrap();
        let own = write(whole.path(), &OnnxOptions::default()).1;
        let options = OnnxOptions {
            adapter: Some(beside.path().to_owned()),
            ..OnnxOptions::default()
        };
        let added = write(base.path(), &options).1;
        for runner in [own, added] {
            assert_near(
                &runner.run(&batch).unwrap()[0].0,
                &expected,
                ALLOWED,
                &adapter.to_string(),
            );
        }
    }
}

#[test]
fn the_word_table_is_stored_once_and_half_precision_takes_half() {
    let folder = tempfile::tempdir().unwrap();
    let model = masked(&config("rational"), folder.path());
    write(folder.path(), &OnnxOptions::default());
    let bytes = |file: &Path| -> usize {
        let graph = tract_onnx::onnx()
            .proto_model_for_path(file)
            .unwrap()
            .graph
            .unwrap();
        graph
            .initializer
            .iter()
            .map(|tensor| tensor.raw_data.len())
            .sum()
    };
    let parameters: usize = model
        .parameters()
        .iter()
        .map(pliant_nn::ParameterInfo::count)
        .sum();
    let whole = bytes(&folder.path().join("model.onnx"));
    // Beside the parameters there are a few shapes and numbers, and the angles of the positions.
    let angles = 2 * LONGEST * 4;
    assert!(
        whole >= 4 * parameters && whole < 4 * (parameters + angles) + 400,
        "{whole}, {parameters}"
    );
    let half = OnnxOptions {
        element: Element::F16,
        ..OnnxOptions::default()
    };
    write(folder.path(), &half);
    assert!(bytes(&folder.path().join("model.onnx")) < whole / 2 + 400);
}

#[test]
fn the_file_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let labels = ["no", "yes"].map(str::to_owned).to_vec();
    task(
        &config("rational(form=b)"),
        TaskHead::Classification { labels },
        folder.path(),
    );
    let (exported, _) = write(folder.path(), &OnnxOptions::default());
    let proto = tract_onnx::onnx()
        .proto_model_for_path(&exported.file)
        .unwrap();
    assert_eq!(
        (
            proto.producer_name.as_str(),
            proto.producer_version.as_str()
        ),
        ("pliant", env!("CARGO_PKG_VERSION"))
    );
    let of = |key: &str| {
        let entry = proto.metadata_props.iter().find(|entry| entry.key == key);
        entry.unwrap_or_else(|| panic!("{key}")).value.clone()
    };
    assert_eq!(of("activation"), "rational(form=b)");
    assert_eq!(of("labels"), "[\"no\",\"yes\"]");
    assert_eq!(of("max_position_embeddings"), LONGEST.to_string());
    let graph = proto.graph.as_ref().unwrap();
    let inputs: Vec<&str> = graph
        .input
        .iter()
        .map(|input| input.name.as_str())
        .collect();
    assert_eq!(inputs, ["input_ids", "attention_mask", "token_type_ids"]);
}

#[test]
fn what_cannot_be_exported_leaves_no_file() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out/model.onnx");
    let refused = |model: &Path, options: &OnnxOptions| {
        let error = export(model, &out, options).unwrap_err();
        assert!(!out.exists() && error.hint().is_some(), "{error}");
        error
    };
    let whole = OnnxOptions::default();
    assert!(matches!(refused(place.path(), &whole), HubError::Model(_)));

    let folder = tempfile::tempdir().unwrap();
    let mut model = masked(&config("rational"), folder.path());
    let weights: PathBuf = folder.path().join("model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() - 4]).unwrap();
    assert!(matches!(refused(folder.path(), &whole), HubError::Model(_)));

    let norm = model
        .parameters()
        .iter()
        .position(|info| info.name == "cls.predictions.bias")
        .unwrap();
    model.write(norm, &[7e4; WORDS]).unwrap();
    model.save(folder.path()).unwrap();
    let half = OnnxOptions {
        element: Element::F16,
        ..OnnxOptions::default()
    };
    let error = refused(folder.path(), &half);
    assert!(
        matches!(&error, HubError::Range { tensor, .. } if tensor == "cls.predictions.bias"),
        "{error}"
    );
    export(folder.path(), &out, &whole).unwrap();

    let error = export(folder.path(), place.path(), &whole).unwrap_err();
    assert!(
        matches!(
            error,
            HubError::Taken {
                found: "a folder",
                ..
            }
        ),
        "{error}"
    );
    fs::write(&out, "thesis").unwrap();
    assert!(matches!(
        export(folder.path(), &out, &whole),
        Err(HubError::Taken { .. })
    ));
    assert_eq!(fs::read(&out).unwrap(), b"thesis");
}
