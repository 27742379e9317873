//! `docs/reference/activations.md` and its pictures, written from the families themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_activation::Activation;
use pliant_activation::list::{ListEntry, gated, list};
use pliant_lab::plot::Point;
use pliant_lab::plot::site::{SiteCurves, SitePanel};
use pliant_lab::plot::style::STANDALONE;
use pliant_nn::Preset;

const REACH: f64 = 4.0;
const POINTS: i32 = 160;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference")
}

/// `rational(form=b)` as `rational-form-b`.
fn file_name(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-")
}

/// The function and its derivative with the start coefficients.
fn picture(entry: &ListEntry) -> String {
    let activation = Activation::new(&entry.name.parse().unwrap()).unwrap();
    let curve = |value: &dyn Fn(f64) -> f64| -> Vec<Point> {
        (-POINTS..=POINTS)
            .map(|i| REACH * f64::from(i) / f64::from(POINTS))
            .map(|x| (x, value(x)))
            .collect()
    };
    let learned = curve(&|x| activation.value(&entry.start, x));
    let derivative = curve(&|x| activation.derivative(&entry.start, x));
    let bound = |pick: fn(f64, f64) -> f64, least: f64| {
        let values = learned.iter().chain(&derivative).map(|point| point.1);
        values.fold(least, pick).clamp(-6.0, 6.0)
    };
    let y_domain = (bound(f64::min, -0.5) - 0.2, bound(f64::max, 1.0) + 0.2);
    SitePanel {
        id: file_name(&entry.name),
        heading: entry.name.clone(),
        note: "f (strong) and f′ at the start".into(),
        description: format!("{} and its derivative on ±{REACH}", entry.name),
        class: "arm-1".into(),
        x_domain: (-REACH, REACH),
        y_domain,
        curves: vec![SiteCurves {
            learned,
            derivative,
            class: None,
            name: String::new(),
        }],
        style: Some(STANDALONE),
        ..SitePanel::default()
    }
    .render()
}

fn section(entry: &ListEntry) -> String {
    let mut text = format!("## `{}`\n\n", entry.name);
    let _ = writeln!(
        text,
        "![{0}](activations/{1}.svg)\n",
        entry.name,
        file_name(&entry.name)
    );
    let _ = writeln!(
        text,
        "    f(x)  = {}\n    f'(x) = {}\n",
        entry.formula, entry.derivative
    );
    if entry.learnable {
        let mut starts = entry.start.iter();
        for (tensor, symbols) in &entry.tensors {
            let values: Vec<String> = symbols
                .iter()
                .zip(starts.by_ref())
                .map(|(symbol, start)| format!("{symbol} = {}", (start * 1e6).round() / 1e6))
                .collect();
            let _ = writeln!(text, "- learned, `{tensor}`: {}", values.join(", "));
        }
    } else {
        let _ = writeln!(text, "- fixed");
    }
    if !entry.options.is_empty() {
        let _ = writeln!(text, "- options: `{}`", entry.options.join("`, `"));
    }
    if !entry.examples.is_empty() {
        let _ = writeln!(text, "- examples: `{}`", entry.examples.join("`, `"));
    }
    if !entry.note.is_empty() {
        let _ = writeln!(text, "- {}", entry.note);
    }
    let _ = writeln!(text, "- source: {}\n", entry.source);
    text
}

/// What is no function of one input.
fn layers_with_a_gate() -> String {
    let mut text = String::from(
        "# Layers with a gate\n\n\
         A feed-forward layer computes `down(f(gate(x))·value(x))` in the place of `down(f(up(x)))`, each of the four a matrix with a bias. It has three\n\
         matrices for two, so gate and value have two thirds of `model.intermediate_size`, to the nearest multiple of 8 (at least 8), and the layer as many\n\
         parameters as a plain one:\n\n\
         | intermediate size | gate and value | parameters of the layers, against plain ones |\n|---|---|---|\n",
    );
    let mut sizes = Vec::new();
    for preset in Preset::ALL {
        let [plain, gated] =
            ["gelu", "glu(silu)"].map(|name| preset.config(1, name.parse().unwrap()).unwrap());
        let (hidden, size) = (plain.hidden_size, plain.intermediate_size);
        let inner = gated.inner_size(&gated.activation);
        if sizes.contains(&size) {
            continue;
        }
        sizes.push(size);
        let (plain, gated) = (
            2 * hidden * size + size + hidden,
            3 * hidden * inner + 2 * inner + hidden,
        );
        let more = 100.0 * (gated as f64 / plain as f64 - 1.0);
        let _ = writeln!(text, "| {size} (`{preset}`) | {inner} | {more:+.2} % |");
    }
    text += "\nBeside each other, as one product, lie `intermediate.dense` (the gate) and `intermediate.value`; `share=group(n)` groups the channels of the gate. With\n\
         `initialisation = \"variance_preserving\"` the matrix behind has the deviation of a plain layer's: a value of variance one that does not depend on its gate\n\
         leaves `E[f(z)²]` as it is. Where the comparison says that all else is equal, it names the gate: matrices of other sizes cannot start equal.\n\n";
    for entry in gated() {
        let _ = writeln!(text, "## `{}`\n\n    {}\n", entry.name, entry.formula);
        let _ = writeln!(text, "- options: `{}`", entry.options.join("`, `"));
        let _ = writeln!(text, "- examples: `{}`", entry.examples.join("`, `"));
        let _ = writeln!(text, "- {}", entry.note);
        let _ = writeln!(text, "- source: {}\n", entry.source);
    }
    text
}

/// The files below `docs/reference` by their names.
fn files() -> BTreeMap<String, String> {
    let entries = list().unwrap();
    let mut page = String::from(
        "# Activations\n\n<!-- Written from the families in crates/activation/src/family; a test holds them together. -->\n\n\
         Every function, as `pliant act list` knows it. Coefficients are shown with their starts under the default options; the\n\
         text forms go wherever an activation is named: recipes, `--arms`, `pliant act`. Derivatives at kinks follow PyTorch.\n\
         `share=layer`, `group(n)` or `channel` says which channels of a layer share a set of coefficients. How each is held to\n\
         PyTorch: `crates/activation/tests/golden.rs`.\n\n",
    );
    let mut files = BTreeMap::new();
    for entry in &entries {
        page += &section(entry);
        files.insert(
            format!("activations/{}.svg", file_name(&entry.name)),
            picture(entry),
        );
    }
    page += &layers_with_a_gate();
    let page = page.trim_end().to_owned() + "\n";
    files.insert("activations.md".into(), page);
    files
}

#[test]
fn the_page_and_its_pictures_are_up_to_date() {
    for (name, text) in files() {
        let file = folder().join(&name);
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &text).unwrap();
        }
        let found = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == text,
            "docs/reference/{name} differs from the families; write it anew with UPDATE_REFERENCE=1"
        );
    }
}
