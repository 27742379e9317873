use pliant_kernels::{Engine, Precision, bf16_is_fast, dispatch};
use pliant_train::environment::{self, Environment};
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::{self, VERSION},
    exit::Failure,
    render::{
        palette::Palette,
        summary::{lines, memory},
    },
};

#[derive(Serialize)]
struct Examination {
    version: &'static str,
    #[serde(flatten)]
    environment: Environment,
    /// Free space on the disk of the working directory in bytes.
    free_disk_bytes: Option<u64>,
    /// Vector instructions that the kernels use.
    level: &'static str,
    /// What computes matrix products.
    products: Vec<Products>,
    /// Vector instructions, and whether the processor has them.
    features: Vec<Feature>,
}

#[derive(Serialize)]
struct Products {
    precision: &'static str,
    engine: &'static str,
}

#[derive(Serialize)]
struct Feature {
    name: &'static str,
    found: bool,
}

pub(crate) fn run(_: &arguments::doctor::Doctor, context: &Context) -> Result<(), Failure> {
    let features = dispatch::features()
        .into_iter()
        .map(|(name, found)| Feature { name, found })
        .collect();
    let products = Precision::ALL
        .map(|precision| Products {
            precision: precision.name(),
            engine: Engine::of(precision).name(),
        })
        .into();
    let mut environment = environment::inspect();
    // Obeys --threads and RAYON_NUM_THREADS.
    environment.threads = rayon::current_num_threads();
    let examination = Examination {
        version: VERSION,
        environment,
        free_disk_bytes: free_disk(),
        level: dispatch::level().name(),
        products,
        features,
    };
    context
        .output
        .result(&examination, |palette| text(&examination, palette))
}

fn text(examination: &Examination, palette: Palette) -> String {
    let Examination {
        version,
        environment,
        level,
        products,
        features,
        ..
    } = examination;
    let names = |found: bool| {
        let names: Vec<_> = features
            .iter()
            .filter(|feature| feature.found == found)
            .map(|feature| feature.name)
            .collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(" ")
        }
    };
    let engines = products
        .iter()
        .map(|products| format!("{} by {}", products.precision, products.engine))
        .collect::<Vec<_>>()
        .join("; ");
    let advice = if bf16_is_fast() {
        "train.precision = \"bf16\" is faster than f32"
    } else {
        "train.precision = \"bf16\" is slower than f32: keep f32"
    };
    let disk = format!("{} free here", memory(examination.free_disk_bytes));
    let memory = format!(
        "{}, {} available",
        memory(environment.memory_bytes),
        memory(environment.available_memory_bytes)
    );
    lines(
        palette,
        &[
            ("pliant", (*version).to_owned()),
            ("platform", environment.platform.clone()),
            (
                "processor",
                environment
                    .processor
                    .clone()
                    .unwrap_or_else(|| "unknown".to_owned()),
            ),
            ("cores", environment.cores.to_string()),
            ("threads", environment.threads.to_string()),
            ("features found", names(true)),
            ("not found", names(false)),
            ("kernels use", (*level).to_owned()),
            ("products", engines),
            ("precision", advice.to_owned()),
            ("memory", memory),
            ("disk", disk),
        ],
    )
}

/// Free space for this user on the disk of the working directory.
#[cfg(unix)]
fn free_disk() -> Option<u64> {
    let disk = rustix::fs::statvfs(".").ok()?;
    Some(disk.f_bavail * disk.f_frsize)
}

#[cfg(not(unix))]
fn free_disk() -> Option<u64> {
    None
}
