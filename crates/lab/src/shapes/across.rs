//! How far fine-tuning moved the activations, task by task: the second figure of the RAFT paper (Fang et al. 2022), with a number
//! for what it shows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_train::{InputHistogram, InputShapes, SiteShape};
use serde::{Deserialize, Serialize};

use super::curves::{self, GroupCurves, INPUTS};
use super::{ShapesError, drawn, file_stem, value_range};
use crate::csv::field;
use crate::plot::site::{HEIGHT, SiteCurves, SitePanel, WIDTH};
use crate::plot::style::{COLOURS, STANDALONE};
use crate::plot::svg::Svg;

/// Points of the tables of curves.
const TABLE_POINTS: usize = 401;
/// Points of the drawn curves.
const DRAWN_POINTS: usize = 161;
/// Panels beside each other.
const COLUMNS: usize = 3;
/// What the distance is, for whoever reads the numbers alone.
const DISTANCE: &str = "root mean square of the fine-tuned minus the pre-trained function over the inputs that the fine-tuned model feeds the site: over the centres of the bins of its histogram on validation batches, each with its share; groups of channels count alike";

/// What was compared and written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The pre-trained run.
    pub against: PathBuf,
    /// What `distance` is.
    pub distance: String,
    /// The fine-tuned runs, in the order given.
    pub runs: Vec<ComparedRun>,
    /// The sites that the pre-trained and every fine-tuned run have.
    pub sites: Vec<ComparedSite>,
    /// What a reader must know before believing the numbers.
    pub warnings: Vec<String>,
    /// All distances; columns `run`, `task`, `mode`, `seed`, `site`, `distance`, `outside`.
    pub csv: PathBuf,
    /// The figure: a panel for each site, a curve for each run, the pre-trained one dashed.
    pub svg: PathBuf,
    /// This, as JSON.
    pub json: PathBuf,
}

/// One fine-tuned run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// Its folder.
    pub run: PathBuf,
    /// Its name in tables: the task, with mode and seed where it takes them to tell runs apart.
    pub label: String,
    /// Its task.
    pub task: String,
    /// Its mode.
    pub mode: String,
    /// Its seed.
    pub seed: Option<u64>,
}

/// One site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedSite {
    /// The site, for instance `layer.0`.
    pub site: String,
    /// The activation's text form.
    pub activation: String,
    /// One entry for each run.
    pub distances: Vec<SiteDistance>,
    /// Columns `x`, `pretrained` and one for each run; a leading column `group` where channels do not share one function.
    pub csv: PathBuf,
}

/// How far one run moved one site.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SiteDistance {
    /// See [`Compared::distance`].
    pub distance: f64,
    /// Share of the inputs outside of the histogram, which the distance leaves out.
    pub outside: f64,
}

/// The part of a fine-tuned run's result that names it.
#[derive(Debug, Deserialize)]
struct Named {
    task: String,
    mode: String,
    seed: Option<u64>,
}

/// Compares the activations of fine-tuned runs with those of the pre-trained run that they began from. Writes `shapes.svg`,
/// `distances.csv`, `distances.json` and a table of curves for each site into `out`.
///
/// # Errors
/// A folder is no finished run, a run has other sites or activations than the pre-trained one, or `out` cannot be written.
pub fn compare(runs: &[PathBuf], against: &Path, out: &Path) -> Result<Compared, ShapesError> {
    let pretrained = curves::read_inputs(against)?;
    let named = runs
        .iter()
        .map(|run| name(run))
        .collect::<Result<Vec<_>, _>>()?;
    let inputs = runs
        .iter()
        .map(|run| curves::read_inputs(run))
        .collect::<Result<Vec<_>, _>>()?;
    let runs = labelled(runs, named);
    fs::create_dir_all(out).map_err(ShapesError::io("create", out))?;
    let mut compared = Compared {
        against: against.to_path_buf(),
        distance: DISTANCE.to_owned(),
        runs,
        sites: Vec::new(),
        warnings: Vec::new(),
        csv: out.join("distances.csv"),
        svg: out.join("shapes.svg"),
        json: out.join("distances.json"),
    };
    let mut panels = Vec::new();
    let reach = curves::reach(histograms(&pretrained).chain(inputs.iter().flat_map(histograms)));
    let grids = Grids {
        table: curves::grid(-reach, reach, TABLE_POINTS),
        drawn: curves::grid(-reach, reach, DRAWN_POINTS),
        reach,
    };
    for site in &pretrained.sites {
        let found = inputs
            .iter()
            .zip(&compared.runs)
            .map(|(shapes, run)| matching(shapes, site, &run.run, against))
            .collect::<Result<Vec<_>, _>>()?;
        for (other, run) in found.iter().zip(&compared.runs) {
            let warning = format!(
                "{} did not begin with the activations of {}: the distances hold more than its fine-tuning.",
                run.label,
                against.display()
            );
            if other.start != site.learned && !compared.warnings.contains(&warning) {
                compared.warnings.push(warning);
            }
        }
        let compared_site = write_site(site, &found, &compared, &grids, out)?;
        panels.push(panel(site, &found, &compared, &grids)?);
        compared.sites.push(compared_site);
    }
    write(&compared.csv, &distances_csv(&compared))?;
    write(&compared.svg, &figure(&compared, panels))?;
    let json =
        serde_json::to_string_pretty(&compared).map_err(|error| ShapesError::Unreadable {
            path: compared.json.clone(),
            reason: error.to_string(),
        })?;
    write(&compared.json, &(json + "\n"))?;
    Ok(compared)
}

/// Where curves are computed.
struct Grids {
    table: Vec<f64>,
    drawn: Vec<f64>,
    reach: f64,
}

fn histograms(shapes: &InputShapes) -> impl Iterator<Item = &InputHistogram> {
    shapes.sites.iter().map(|site| &site.inputs)
}

fn write(path: &Path, text: &str) -> Result<(), ShapesError> {
    fs::write(path, text).map_err(ShapesError::io("write", path))
}

/// Task, mode and seed of a fine-tuned run; of another run, its folder's name.
fn name(run: &Path) -> Result<Named, ShapesError> {
    let path = run.join("result.json");
    if !path.is_file() {
        let folder = run.file_name().unwrap_or_default().to_string_lossy();
        return Ok(Named {
            task: folder.into_owned(),
            mode: String::new(),
            seed: None,
        });
    }
    let text = fs::read_to_string(&path).map_err(ShapesError::io("read", &path))?;
    serde_json::from_str(&text).map_err(|error| ShapesError::Unreadable {
        path,
        reason: error.to_string(),
    })
}

/// The shortest names that tell the runs apart.
fn labelled(runs: &[PathBuf], named: Vec<Named>) -> Vec<ComparedRun> {
    let seed = |run: &Named| {
        run.seed
            .map_or(String::new(), |seed| format!(" seed {seed}"))
    };
    let forms: [&dyn Fn(&Named) -> String; 4] = [
        &|run| run.task.clone(),
        &|run| format!("{}{}", run.task, seed(run)),
        &|run| format!("{} {}", run.task, run.mode),
        &|run| format!("{} {}{}", run.task, run.mode, seed(run)),
    ];
    let is_clear = |form: &&&dyn Fn(&Named) -> String| {
        let mut labels: Vec<String> = named.iter().map(form).collect();
        labels.sort_unstable();
        labels.windows(2).all(|pair| pair[0] != pair[1])
    };
    let labels: Vec<String> = match forms.iter().find(is_clear) {
        Some(form) => named.iter().map(form).collect(),
        None => named
            .iter()
            .enumerate()
            .map(|(index, run)| format!("{} {}", run.task, index + 1))
            .collect(),
    };
    runs.iter()
        .zip(named)
        .zip(labels)
        .map(|((run, named), label)| ComparedRun {
            run: run.clone(),
            label,
            task: named.task,
            mode: named.mode,
            seed: named.seed,
        })
        .collect()
}

/// The site of a fine-tuned run that belongs to a site of the pre-trained one.
fn matching<'s>(
    shapes: &'s InputShapes,
    site: &SiteShape,
    run: &Path,
    against: &Path,
) -> Result<&'s SiteShape, ShapesError> {
    let unlike = |reason: String| ShapesError::Unlike {
        run: run.to_path_buf(),
        against: against.to_path_buf(),
        reason,
    };
    let Some(found) = shapes.sites.iter().find(|other| other.site == site.site) else {
        return Err(unlike(format!("it has no site {}", site.site)));
    };
    if found.activation != site.activation {
        return Err(unlike(format!(
            "{} is `{}` there and `{}` in the pre-trained run",
            site.site, found.activation, site.activation
        )));
    }
    Ok(found)
}

fn write_site(
    site: &SiteShape,
    found: &[&SiteShape],
    compared: &Compared,
    grids: &Grids,
    out: &Path,
) -> Result<ComparedSite, ShapesError> {
    let before = curves::of_site(site, &grids.table, &compared.against.join(INPUTS))?;
    let mut after = Vec::new();
    let mut distances = Vec::new();
    for (other, run) in found.iter().zip(&compared.runs) {
        let source = run.run.join(INPUTS);
        after.push(curves::of_site(other, &grids.table, &source)?);
        distances.push(distance(site, other, compared, &source)?);
    }
    let csv = out.join(format!("{}.csv", file_stem(&site.site)));
    write(&csv, &curves_csv(&grids.table, &before, &after, compared))?;
    Ok(ComparedSite {
        site: site.site.clone(),
        activation: site.activation.clone(),
        distances,
        csv,
    })
}

/// See [`DISTANCE`].
fn distance(
    before: &SiteShape,
    after: &SiteShape,
    compared: &Compared,
    source: &Path,
) -> Result<SiteDistance, ShapesError> {
    let inputs = &after.inputs;
    let bins = inputs.counts.len();
    let width = (inputs.high - inputs.low) / bins.max(1) as f64;
    let centres: Vec<f64> = (0..bins)
        .map(|bin| inputs.low + width * (bin as f64 + 0.5))
        .collect();
    let old = curves::of_site(before, &centres, &compared.against.join(INPUTS))?;
    let new = curves::of_site(after, &centres, source)?;
    let inside: u64 = inputs.counts.iter().sum();
    let mut squares = 0.0;
    for (old, new) in old.iter().zip(&new) {
        for (bin, &count) in inputs.counts.iter().enumerate() {
            squares += count as f64 * (new.learned[bin] - old.learned[bin]).powi(2);
        }
    }
    let weight = inside as f64 * new.len() as f64;
    Ok(SiteDistance {
        distance: if weight > 0.0 {
            (squares / weight).sqrt()
        } else {
            0.0
        },
        outside: if inputs.count > 0 {
            (inputs.below + inputs.above) as f64 / inputs.count as f64
        } else {
            0.0
        },
    })
}

fn curves_csv(
    grid: &[f64],
    before: &[GroupCurves],
    after: &[Vec<GroupCurves>],
    compared: &Compared,
) -> String {
    let several = before.len() > 1;
    let mut text = String::from(if several {
        "group,x,pretrained"
    } else {
        "x,pretrained"
    });
    for run in &compared.runs {
        let _ = write!(text, ",{}", field(&run.label));
    }
    text.push('\n');
    for (group, old) in before.iter().enumerate() {
        for (index, x) in grid.iter().enumerate() {
            if several {
                let _ = write!(text, "{group},");
            }
            let _ = write!(text, "{x},{}", old.learned[index]);
            for new in after {
                // A run with fewer groups than the pre-trained one was refused with its activation.
                let value = new.get(group).map_or(f64::NAN, |new| new.learned[index]);
                let _ = write!(text, ",{value}");
            }
            text.push('\n');
        }
    }
    text
}

fn distances_csv(compared: &Compared) -> String {
    let mut text = "run,task,mode,seed,site,distance,outside\n".to_owned();
    for site in &compared.sites {
        for (run, entry) in compared.runs.iter().zip(&site.distances) {
            let seed = run.seed.map(|seed| seed.to_string()).unwrap_or_default();
            let fields = [
                field(&run.run.display().to_string()),
                field(&run.task),
                field(&run.mode),
                seed,
                field(&site.site),
                entry.distance.to_string(),
                entry.outside.to_string(),
            ];
            let _ = writeln!(text, "{}", fields.join(","));
        }
    }
    text
}

/// The colour of a run is that of its task: eight, then again from the first.
fn classes(compared: &Compared) -> Vec<(String, String)> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    compared
        .runs
        .iter()
        .map(|run| {
            let next = known.len();
            let number = *known.entry(&run.task).or_insert(next);
            (run.task.clone(), format!("arm-{}", (number + 1) % 8))
        })
        .collect()
}

fn panel(
    site: &SiteShape,
    found: &[&SiteShape],
    compared: &Compared,
    grids: &Grids,
) -> Result<SitePanel, ShapesError> {
    let before = curves::of_site(site, &grids.drawn, &compared.against.join(INPUTS))?;
    let mut groups = before.clone();
    let mut shown = Vec::new();
    for ((other, run), (_, class)) in found.iter().zip(&compared.runs).zip(classes(compared)) {
        let after = curves::of_site(other, &grids.drawn, &run.run.join(INPUTS))?;
        shown.extend(
            drawn(&grids.drawn, &after)
                .into_iter()
                .map(|curves| SiteCurves {
                    class: Some(class.clone()),
                    // The derivatives of many runs would hide the curves.
                    derivative: Vec::new(),
                    ..curves
                }),
        );
        groups.extend(after);
    }
    let inputs: Vec<&InputHistogram> = found.iter().map(|other| &other.inputs).collect();
    Ok(SitePanel {
        id: file_stem(&site.site),
        heading: site
            .layer
            .map_or_else(|| site.site.clone(), |layer| format!("Layer {}", layer + 1)),
        description: format!(
            "Activation {} at {}: a curve for each fine-tuned run, the pre-trained one dashed, and the mean density of the inputs after fine-tuning.",
            site.activation, site.site
        ),
        class: "arm-0".to_owned(),
        x_domain: (-grids.reach, grids.reach),
        y_domain: value_range(&groups, grids.reach),
        start: before
            .first()
            .map(|group| curves::points(&grids.drawn, &group.learned))
            .unwrap_or_default(),
        curves: shown,
        density: curves::mean_density(&inputs),
        style: None,
    })
}

/// All panels under one legend; the axes are the same in each.
fn figure(compared: &Compared, panels: Vec<SitePanel>) -> String {
    const MARGIN: f64 = 16.0;
    const GAP: f64 = 22.0;
    const LINE: f64 = 20.0;
    let y_domain = panels.iter().fold((0.0_f64, 0.0_f64), |range, panel| {
        (range.0.min(panel.y_domain.0), range.1.max(panel.y_domain.1))
    });
    let columns = COLUMNS.min(panels.len()).max(1);
    let rows = panels.len().div_ceil(columns);
    let mut keys = vec![("pre-trained".to_owned(), None)];
    for (task, class) in classes(compared) {
        let key = (task, Some(class));
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let width = 2.0 * MARGIN + columns as f64 * (WIDTH + GAP) - GAP;
    let key_width = keys
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0) as f64
        * 6.6
        + 44.0;
    let per_line = ((width - 2.0 * MARGIN) / key_width).floor().max(1.0) as usize;
    let top = MARGIN + keys.len().div_ceil(per_line) as f64 * LINE + 12.0;
    let height = top + rows as f64 * (HEIGHT + GAP) - GAP + MARGIN;
    let names: Vec<&str> = compared.runs.iter().map(|run| run.label.as_str()).collect();
    let mut svg = Svg::new(
        "shapes",
        width,
        height,
        "Activations after fine-tuning",
        &format!(
            "A panel for each layer; curves of {}; the pre-trained function dashed.",
            names.join(", ")
        ),
    );
    svg.style(&format!("{STANDALONE}{COLOURS}"));
    svg.rectangle("paper", 0.0, 0.0, width, height);
    for (index, (name, class)) in keys.iter().enumerate() {
        let x = MARGIN + (index % per_line) as f64 * key_width;
        let y = MARGIN + (index / per_line) as f64 * LINE + 8.0;
        let class = class
            .as_ref()
            .map_or_else(|| "start".to_owned(), |class| format!("{class} learned"));
        svg.path(&class, &[(x, y), (x + 26.0, y)]);
        svg.text("note", x + 33.0, y + 4.0, name);
    }
    for (index, panel) in panels.into_iter().enumerate() {
        let x = MARGIN + (index % columns) as f64 * (WIDTH + GAP);
        let y = top + (index / columns) as f64 * (HEIGHT + GAP);
        let picture = SitePanel { y_domain, ..panel }.render();
        svg.embed(x, y, WIDTH, HEIGHT, &picture);
    }
    svg.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pliant_train::NamedTensor;

    use super::*;

    /// A rational of degrees 1/1 in form N: (a0 + a1 x) / (1 + b1 x).
    fn site(
        name: &str,
        layer: usize,
        start: [f32; 2],
        learned: [f32; 2],
        counts: Vec<u64>,
    ) -> SiteShape {
        let tensors = |numerator: [f32; 2]| {
            vec![
                NamedTensor {
                    name: "numerator".to_owned(),
                    shape: vec![1, 2],
                    values: numerator.to_vec(),
                },
                NamedTensor {
                    name: "denominator".to_owned(),
                    shape: vec![1, 1],
                    values: vec![0.0],
                },
            ]
        };
        let count = counts.iter().sum::<u64>() + 10;
        SiteShape {
            site: name.to_owned(),
            layer: Some(layer),
            activation: "rational(1/1, form=n)".to_owned(),
            start: tensors(start),
            learned: tensors(learned),
            inputs: InputHistogram {
                low: -2.0,
                high: 2.0,
                counts,
                below: 5,
                above: 5,
                count,
                mean: 0.0,
                deviation: 1.0,
                minimum: -3.0,
                maximum: 3.0,
            },
        }
    }

    /// A run folder with these sites; with a task it is a fine-tuned one.
    fn folder(
        parent: &Path,
        name: &str,
        task: Option<(&str, u64)>,
        sites: Vec<SiteShape>,
    ) -> PathBuf {
        let run = parent.join(name);
        fs::create_dir_all(run.join("shapes")).unwrap();
        fs::write(run.join("recipe.toml"), "").unwrap();
        if let Some((task, seed)) = task {
            let result = format!("{{\"task\":\"{task}\",\"mode\":\"full\",\"seed\":{seed}}}");
            fs::write(run.join("result.json"), result).unwrap();
        } else {
            fs::write(run.join("summary.json"), "{}").unwrap();
            fs::create_dir(run.join("model")).unwrap();
        }
        let shapes = InputShapes { step: 7, sites };
        fs::write(run.join(INPUTS), serde_json::to_string(&shapes).unwrap()).unwrap();
        run
    }

    /// Both layers are the identity before fine-tuning.
    fn pretrained(parent: &Path) -> PathBuf {
        let layer = |index: usize| {
            site(
                &format!("layer.{index}"),
                index,
                [0.0, 0.5],
                [0.0, 1.0],
                vec![1, 1],
            )
        };
        folder(parent, "pretrained", None, vec![layer(0), layer(1)])
    }

    fn tuned(parent: &Path, name: &str, task: &str, seed: u64, shift: f32, slope: f32) -> PathBuf {
        let sites = vec![
            site("layer.0", 0, [0.0, 1.0], [shift, 1.0], vec![30, 10]),
            site("layer.1", 1, [0.0, 1.0], [0.0, slope], vec![30, 10, 10, 30]),
            site("pooler", 9, [0.0, 1.0], [0.0, 1.0], vec![1, 1]),
        ];
        folder(parent, name, Some((task, seed)), sites)
    }

    #[test]
    fn distances_are_weighted_by_the_inputs() {
        let place = tempfile::tempdir().unwrap();
        let against = pretrained(place.path());
        let runs = [
            tuned(place.path(), "a", "rte", 1, 0.25, 2.0),
            tuned(place.path(), "b", "cola", 1, 0.0, 1.0),
        ];
        let out = place.path().join("out");
        let compared = compare(&runs, &against, &out).unwrap();
        assert_eq!(
            compared.sites.len(),
            2,
            "the pooler has no pre-trained twin"
        );
        let of = |site: usize, run: usize| compared.sites[site].distances[run];
        // A shift is the same everywhere.
        assert!((of(0, 0).distance - 0.25).abs() < 1e-7);
        assert!((of(0, 0).outside - 10.0 / 50.0).abs() < 1e-12);
        // A slope of 2 is off by x: bins of width 1 with centres ±1.5 (3/8 each) and ±0.5 (1/8 each).
        let by_hand = (0.75_f64 * 2.25 + 0.25 * 0.25).sqrt();
        assert!((of(1, 0).distance - by_hand).abs() < 1e-7);
        assert_eq!((of(0, 1).distance, of(1, 1).distance), (0.0, 0.0));
        assert!(compared.warnings.is_empty());
        assert_eq!(compared.runs[0].label, "rte");

        let csv = fs::read_to_string(&compared.csv).unwrap();
        assert_eq!(csv.lines().count(), 1 + 4);
        assert!(csv.starts_with("run,task,mode,seed,site,distance,outside\n"));
        assert!(csv.contains(",rte,full,1,layer.0,0.25,0.2\n"));
        let table = fs::read_to_string(out.join("layer.1.csv")).unwrap();
        assert!(table.starts_with("x,pretrained,rte,cola\n"));
        let last: Vec<f64> = table
            .lines()
            .last()
            .unwrap()
            .split(',')
            .map(|n| n.parse().unwrap())
            .collect();
        assert!(last[1] == last[0] && last[2] == 2.0 * last[0] && last[3] == last[0]);
        let saved: Compared =
            serde_json::from_str(&fs::read_to_string(&compared.json).unwrap()).unwrap();
        assert_eq!(saved.runs, compared.runs);
    }

    #[test]
    fn the_figure_has_a_panel_for_each_layer_and_a_curve_for_each_run() {
        let place = tempfile::tempdir().unwrap();
        let against = pretrained(place.path());
        let runs = [
            tuned(place.path(), "a", "rte", 1, 0.25, 2.0),
            tuned(place.path(), "b", "rte", 2, 0.2, 1.5),
            tuned(place.path(), "c", "cola", 1, 0.0, 1.0),
        ];
        let compared = compare(&runs, &against, &place.path().join("out")).unwrap();
        let labels: Vec<&str> = compared.runs.iter().map(|run| run.label.as_str()).collect();
        assert_eq!(labels, ["rte seed 1", "rte seed 2", "cola seed 1"]);
        let figure = fs::read_to_string(&compared.svg).unwrap();
        assert_eq!(figure.matches("<svg ").count(), 1 + 2);
        assert_eq!(figure.matches("</svg>").count(), 1 + 2);
        // Two runs of one task share its colour; one stroke each in the legend.
        assert_eq!(figure.matches("\"arm-1 learned\"").count(), 2 * 2 + 1);
        assert_eq!(figure.matches("\"arm-2 learned\"").count(), 2 + 1);
        assert_eq!(figure.matches("class=\"start\"").count(), 2 + 1);
        assert!(figure.contains("Layer 2") && !figure.contains("NaN"));
    }

    #[test]
    fn runs_that_are_none_of_its_children_are_told_or_refused() {
        let place = tempfile::tempdir().unwrap();
        let against = pretrained(place.path());
        let out = place.path().join("out");
        let strange = folder(
            place.path(),
            "strange",
            Some(("rte", 1)),
            vec![
                site("layer.0", 0, [0.5, 1.0], [0.0, 1.0], vec![1, 1]),
                site("layer.1", 1, [0.0, 1.0], [0.0, 1.0], vec![1, 1]),
            ],
        );
        let compared = compare(&[strange], &against, &out).unwrap();
        assert!(compared.warnings[0].starts_with("rte did not begin with the activations of "));
        let small = folder(
            place.path(),
            "small",
            Some(("rte", 1)),
            vec![site("layer.0", 0, [0.0, 1.0], [0.0, 1.0], vec![1, 1])],
        );
        let error = compare(&[small], &against, &out).unwrap_err();
        assert!(
            error.to_string().ends_with("it has no site layer.1"),
            "{error}"
        );
        let mut other = site("layer.0", 0, [0.0, 1.0], [0.0, 1.0], vec![1, 1]);
        other.activation = "gelu".to_owned();
        let fixed = folder(place.path(), "fixed", Some(("rte", 1)), vec![other]);
        let error = compare(&[fixed], &against, &out).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("layer.0 is `gelu` there and `rational(1/1, form=n)`"),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("--against"));
    }
}
