//! Several runs without a common ancestor: for each arm the mean of its runs' curves, with a band from the lowest to the highest.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_train::{InputHistogram, InputShapes, SiteShape};
use serde::{Deserialize, Serialize};

use super::curves::{self, INPUTS};
use super::panels::DRAWN_POINTS;
use super::run::{save, save_json};
use super::{ShapesError, file_stem, value_range};
use crate::csv::field;
use crate::plot::multiples::{Key, Multiples};
use crate::plot::site::{Band, SiteCurves, SitePanel};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// Runs whose recipes differ in nothing but the seed, in the order of their first.
    pub arms: Vec<SeedsArm>,
    /// The sites that all runs have.
    pub sites: Vec<String>,
    /// The figure: a panel for each site, a curve with its band for each arm.
    pub svg: PathBuf,
    /// Columns `site`, `arm`, `runs`, `x`, `mean`, `deviation`, `low`, `high`; over the runs and their groups of channels alike.
    pub csv: PathBuf,
    /// This, as JSON.
    pub json: PathBuf,
}

/// Runs that differ in their seed alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedsArm {
    /// The activation, with a number where several arms have the same.
    pub name: String,
    /// The run folders.
    pub runs: Vec<PathBuf>,
}

/// One arm at one point.
struct Spread {
    mean: f64,
    /// Of the sample; 0 for one curve.
    deviation: f64,
    low: f64,
    high: f64,
}

/// Writes `seeds.svg`, `seeds.csv` and `seeds.json` of finished runs into `out`.
///
/// # Errors
/// A folder is no finished run, a run lacks a site that the first one has, or `out` cannot be written.
pub fn seeds(runs: &[PathBuf], out: &Path) -> Result<Seeds, ShapesError> {
    let inputs = runs
        .iter()
        .map(|run| curves::read_inputs(run))
        .collect::<Result<Vec<_>, _>>()?;
    let arms = arms(runs, &inputs)?;
    let histograms = inputs
        .iter()
        .flat_map(|run| run.sites.iter().map(|site| &site.inputs));
    let reach = curves::reach(histograms);
    let grid = curves::grid(-reach, reach, DRAWN_POINTS);
    let (first, first_run) = match (inputs.first(), runs.first()) {
        (Some(inputs), Some(run)) => (&inputs.sites[..], &**run),
        _ => (&[][..], out),
    };
    let mut csv = "site,arm,runs,x,mean,deviation,low,high\n".to_owned();
    let mut panels = Vec::new();
    for site in first {
        let mut panel = panel(site, reach);
        let mut all = Vec::new();
        let mut seen: Vec<&InputHistogram> = Vec::new();
        for (number, (arm, members)) in arms.iter().enumerate() {
            let mut of_arm = Vec::new();
            for &member in members {
                let (run, inputs) = (&runs[member], &inputs[member]);
                let found = inputs.sites.iter().find(|other| other.site == site.site);
                let found = found.ok_or_else(|| ShapesError::SiteMissing {
                    run: run.clone(),
                    site: site.site.clone(),
                    other: first_run.to_path_buf(),
                })?;
                seen.push(&found.inputs);
                of_arm.extend(curves::of_site(found, &grid, &run.join(INPUTS))?);
            }
            let spread: Vec<Spread> = (0..grid.len())
                .map(|index| spread(of_arm.iter().map(|group| group.learned[index])))
                .collect();
            for (x, at) in grid.iter().zip(&spread) {
                let _ = writeln!(
                    csv,
                    "{},{},{},{x},{},{},{},{}",
                    field(&site.site),
                    field(arm),
                    members.len(),
                    at.mean,
                    at.deviation,
                    at.low,
                    at.high
                );
            }
            let of = |value: fn(&Spread) -> f64| {
                let values: Vec<f64> = spread.iter().map(value).collect();
                curves::points(&grid, &values)
            };
            let class = class(number);
            if of_arm.len() > 1 {
                panel.bands.push(Band {
                    low: of(|at| at.low),
                    high: of(|at| at.high),
                    class: class.clone(),
                });
            }
            panel.curves.push(SiteCurves {
                learned: of(|at| at.mean),
                derivative: Vec::new(),
                class: Some(class),
            });
            all.extend(of_arm);
        }
        // With several arms the starts, which may differ, would hide the means.
        if let ([_], Some(start)) = (&arms[..], all.first().filter(|_| !site.learned.is_empty())) {
            panel.start = curves::points(&grid, &start.start);
        }
        panel.y_domain = value_range(&all, reach);
        panel.density = curves::mean_density(&seen);
        panels.push(panel);
    }
    fs::create_dir_all(out).map_err(ShapesError::io("create", out))?;
    let seeds = Seeds {
        sites: first.iter().map(|site| site.site.clone()).collect(),
        svg: out.join("seeds.svg"),
        csv: out.join("seeds.csv"),
        json: out.join("seeds.json"),
        arms: arms
            .into_iter()
            .map(|(name, members)| SeedsArm {
                name,
                runs: members
                    .into_iter()
                    .map(|member| runs[member].clone())
                    .collect(),
            })
            .collect(),
    };
    save(&seeds.csv, &csv)?;
    save(&seeds.svg, &figure(&seeds, panels))?;
    save_json(&seeds.json, &seeds)?;
    Ok(seeds)
}

/// Names of arms with the places of their runs. Runs of one arm have the same recipe but for its seeds.
fn arms(
    runs: &[PathBuf],
    inputs: &[InputShapes],
) -> Result<Vec<(String, Vec<usize>)>, ShapesError> {
    let mut arms: Vec<(toml::Table, Vec<usize>)> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let path = run.join("recipe.toml");
        let text = fs::read_to_string(&path).map_err(ShapesError::io("read", &path))?;
        let mut recipe: toml::Table = text.parse().map_err(|error| ShapesError::Unreadable {
            path,
            reason: format!("{error}"),
        })?;
        recipe.remove("seed");
        if let Some(toml::Value::Table(train)) = recipe.get_mut("train") {
            train.remove("seed");
        }
        // Where prepared data lies changes nothing.
        if let Some(toml::Value::Table(data)) = recipe.get_mut("data") {
            data.remove("cache");
        }
        match arms.iter_mut().find(|(other, _)| *other == recipe) {
            Some((_, members)) => members.push(index),
            None => arms.push((recipe, vec![index])),
        }
    }
    let activation = |members: &[usize]| {
        let sites = members.first().map(|&member| &inputs[member].sites);
        let site = sites.and_then(|sites| {
            sites
                .iter()
                .find(|site| !site.learned.is_empty())
                .or(sites.first())
        });
        site.map_or_else(String::new, |site| site.activation.clone())
    };
    let names: Vec<String> = arms
        .iter()
        .map(|(_, members)| activation(members))
        .collect();
    let named = |index: usize| {
        let earlier = names[..index]
            .iter()
            .filter(|name| **name == names[index])
            .count();
        let all = names.iter().filter(|name| **name == names[index]).count();
        if all > 1 {
            format!("{} {}", names[index], earlier + 1)
        } else {
            names[index].clone()
        }
    };
    Ok(arms
        .into_iter()
        .enumerate()
        .map(|(index, (_, members))| (named(index), members))
        .collect())
}

fn spread(values: impl Iterator<Item = f64> + Clone) -> Spread {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.clone().map(|value| (value - mean).powi(2)).sum();
    Spread {
        mean,
        deviation: if count > 1.0 {
            (squares / (count - 1.0)).sqrt()
        } else {
            0.0
        },
        low: values.clone().fold(f64::INFINITY, f64::min),
        high: values.fold(f64::NEG_INFINITY, f64::max),
    }
}

fn class(arm: usize) -> String {
    format!("arm-{}", (arm + 1) % 8)
}

fn panel(site: &SiteShape, reach: f64) -> SitePanel {
    SitePanel {
        id: file_stem(&site.site),
        heading: site.site.clone(),
        description: format!(
            "{}: the mean curve of each arm over its runs, with a band from the lowest to the highest, and the mean density of the inputs.",
            site.site
        ),
        class: "arm-0".to_owned(),
        x_domain: (-reach, reach),
        ..SitePanel::default()
    }
}

fn figure(seeds: &Seeds, panels: Vec<SitePanel>) -> String {
    let mut keys: Vec<Key> = seeds
        .arms
        .iter()
        .enumerate()
        .map(|(number, arm)| {
            let count = match arm.runs.len() {
                1 => "1 run".to_owned(),
                runs => format!("mean of {runs} runs, lowest to highest"),
            };
            Key::learned(format!("{}: {count}", arm.name), &class(number))
        })
        .collect();
    if panels.iter().any(|panel| !panel.start.is_empty()) {
        keys.push(Key::start("before training"));
    }
    Multiples {
        id: "seeds".to_owned(),
        title: "Learned activations over seeds".to_owned(),
        description: "A panel for each activation site: the mean curve of each arm with a band from the lowest to the highest run.".to_owned(),
        keys,
        panels,
        is_alike: false,
        moments: Vec::new(),
    }
    .render()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A finished run of a rational of degrees 1/1 in form N that is `slope · x`.
    fn run(parent: &Path, name: &str, recipe: &str, site: &str, slope: f64) -> PathBuf {
        let run = parent.join(name);
        fs::create_dir_all(run.join("shapes")).unwrap();
        fs::create_dir(run.join("model")).unwrap();
        fs::write(run.join("summary.json"), "{}").unwrap();
        fs::write(run.join("recipe.toml"), recipe).unwrap();
        let tensors = format!(
            "[{{\"name\":\"numerator\",\"shape\":[1,2],\"values\":[0.0,{slope}]}},{{\"name\":\"denominator\",\"shape\":[1,1],\"values\":[0.0]}}]"
        );
        let shapes = format!(
            "{{\"step\":7,\"sites\":[{{\"site\":\"{site}\",\"layer\":0,\"activation\":\"rational(1/1, form=n)\",\"start\":{tensors},\
             \"learned\":{tensors},\"inputs\":{{\"low\":-2.0,\"high\":2.0,\"counts\":[1,1],\"below\":0,\"above\":0,\"count\":2,\"mean\":0.0,\
             \"deviation\":1.0,\"minimum\":-1.0,\"maximum\":1.0}}}}]}}"
        );
        fs::write(run.join(INPUTS), shapes).unwrap();
        run
    }

    fn recipe(seed: u64, rate: f64) -> String {
        format!(
            "[data]\ncache = \"{seed}\"\n[train]\nseed = {seed}\n[optimizer]\nlearning_rate = {rate}\n"
        )
    }

    #[test]
    fn runs_that_differ_in_the_seed_alone_share_a_mean_and_a_band() {
        let place = tempfile::tempdir().unwrap();
        let runs = [
            run(place.path(), "a", &recipe(1, 0.1), "layer.0", 1.0),
            run(place.path(), "b", &recipe(2, 0.1), "layer.0", 2.0),
            run(place.path(), "c", &recipe(1, 0.2), "layer.0", 5.0),
            run(place.path(), "d", &recipe(3, 0.1), "layer.0", 6.0),
        ];
        let seeds = seeds(&runs, &place.path().join("out")).unwrap();
        assert_eq!(seeds.arms.len(), 2);
        assert_eq!(
            seeds.arms[0].runs,
            [&runs[0], &runs[1], &runs[3]].map(Clone::clone)
        );
        assert_eq!(seeds.arms[0].name, "rational(1/1, form=n) 1");
        let csv = fs::read_to_string(&seeds.csv).unwrap();
        assert_eq!(csv.lines().count(), 1 + 2 * DRAWN_POINTS);
        // At x = -3: -3, -6 and -18.
        let deviation = ((6.0_f64.powi(2) + 3.0_f64.powi(2) + 9.0_f64.powi(2)) / 2.0).sqrt();
        let row = format!("layer.0,\"rational(1/1, form=n) 1\",3,-3,-9,{deviation},-18,-3\n");
        assert!(csv.contains(&row), "{row}{csv}");
        assert!(csv.contains("2\",1,-3,-15,0,-15,-15\n"));
        let svg = fs::read_to_string(&seeds.svg).unwrap();
        assert_eq!(svg.matches(" band\"").count(), 1);
        assert_eq!(svg.matches("arm-2 learned").count(), 2);
        assert!(svg.contains("mean of 3 runs") && !svg.contains("class=\"start\""));
    }

    #[test]
    fn models_of_other_sites_are_refused() {
        let place = tempfile::tempdir().unwrap();
        let runs = [
            run(place.path(), "a", &recipe(1, 0.1), "layer.0", 1.0),
            run(place.path(), "b", &recipe(2, 0.1), "layer.1", 2.0),
        ];
        let error = seeds(&runs, place.path()).unwrap_err();
        assert!(error.to_string().contains("has no site layer.0"), "{error}");
        assert!(error.hint().is_some());
    }
}
