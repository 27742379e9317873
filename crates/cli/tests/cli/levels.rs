//! The program on a lower level of instructions, as on an older processor: the same result to rounding.

use crate::workplace::{Finished, Workplace};

/// Losses of all steps on the level, `None` for the best one.
fn losses(workplace: &Workplace, level: Option<&str>, precision: &str) -> Vec<f64> {
    let out = format!("{precision}-{}", level.unwrap_or("best"));
    let setting = format!("train.precision={precision}");
    let mut command = workplace.command(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--set",
        "data.cache=data",
        "--set",
        &setting,
        "--out",
        &out,
    ]);
    if let Some(level) = level {
        command.env("PLIANT_SIMD", level);
    }
    let finished = Finished::new(command.output().unwrap(), &workplace.path(""));
    assert_eq!(finished.code, Some(0), "{finished}");
    let metrics = String::from_utf8(workplace.read(&format!("{out}/metrics.jsonl"))).unwrap();
    metrics
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|event| event["event"] == "step")
        .map(|event| event["loss"].as_f64().unwrap())
        .collect()
}

/// Largest relative distance.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!((a.len(), b.len()), (20, 20));
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs() / a)
        .fold(0.0, f64::max)
}

#[test]
fn every_level_trains_the_same_to_rounding() {
    let workplace = Workplace::nano();
    let best = losses(&workplace, None, "f32");
    for level in ["portable", "avx2", "avx512"] {
        let distance = distance(&best, &losses(&workplace, Some(level), "f32"));
        assert!(distance < 1e-5, "{level}: {distance}");
    }
}

/// Equal operands are rounded alike; later ones, which come of sums in another order, now and then to the neighbouring
/// bf16 number.
#[test]
fn every_level_rounds_to_bf16_alike() {
    let workplace = Workplace::nano();
    let best = losses(&workplace, None, "bf16");
    let full = losses(&workplace, None, "f32");
    for level in ["portable", "avx2", "avx512"] {
        let own = losses(&workplace, Some(level), "bf16");
        let distance = distance(&best, &own);
        assert!(distance < 3e-3, "{level}: {distance}");
        let first = (best[0] - own[0]).abs() / best[0];
        assert!(first < 1e-6, "{level}: {first} at the first step");
        assert_ne!(own, full, "{level}: nothing was rounded");
    }
}
