//! Small multiples of activations: a panel for each site, a curve for each arm, under it what the site is fed.

use std::path::Path;

use pliant_train::{InputHistogram, InputShapes, SiteShape};

use crate::brief;
use crate::plot::Point;
use crate::plot::reading::Reading;
use crate::plot::scale::extent;
use crate::plot::site::{Band, SiteCurves, SitePanel, StartCurve};
use crate::shapes::curves::{self, GroupCurves, INPUTS};
use crate::shapes::{ShapesError, Spread, histograms, spreads};

/// Points of all curves together; half a megabyte or so.
const POINTS: usize = 40_000;
/// Distances of the points, the finest that [`POINTS`] allow; round, so that curves are read off at round places.
const STEPS: [f64; 4] = [0.05, 0.1, 0.25, 0.5];
/// Share of the inputs on each side that the vertical axis of a panel may leave out.
const TAIL: f64 = 0.02;
/// Starts of several arms that differ by less are drawn as one.
const ALIKE: f64 = 1e-3;

/// The runs of one colour.
pub(super) struct Arm<'a> {
    pub(super) name: &'a str,
    pub(super) class: String,
    /// Run folders with their sites.
    pub(super) runs: Vec<(&'a Path, &'a InputShapes)>,
}

/// What the curves are called.
pub(super) struct Words {
    before: &'static str,
    after: &'static str,
}

impl Words {
    pub(super) const PRE_TRAINING: Self = Self {
        before: "before training",
        after: "after training",
    };
    pub(super) const FINE_TUNING: Self = Self {
        before: "before fine-tuning",
        after: "after fine-tuning",
    };
}

/// The section, as its template reads it.
pub(super) struct Shapes {
    pub(super) arms: Vec<ArmKey>,
    pub(super) learned: String,
    pub(super) before: &'static str,
    pub(super) has_band: bool,
    pub(super) has_start: bool,
    pub(super) has_derivative: bool,
    pub(super) panels: Vec<Panel>,
}

/// An arm with its colour.
pub(super) struct ArmKey {
    pub(super) class: String,
    pub(super) name: String,
}

/// One site.
pub(super) struct Panel {
    pub(super) label: String,
    pub(super) svg: String,
}

/// One arm at one site.
struct Drawn<'a> {
    arm: &'a Arm<'a>,
    site: &'a SiteShape,
    inputs: Vec<&'a InputHistogram>,
    groups: Vec<GroupCurves>,
    /// What the curves are, where they are not the function itself.
    curve: Option<&'static str>,
}

impl Drawn<'_> {
    fn is_learnable(&self) -> bool {
        !self.site.learned.is_empty()
    }

    /// Whether a run has more than one curve.
    fn has_groups(&self) -> bool {
        self.groups.len() > self.inputs.len()
    }
}

impl Shapes {
    /// The panels of all sites of `arms`; `None` without a site.
    pub(super) fn draw(arms: &[Arm<'_>], words: &Words) -> Result<Option<Self>, ShapesError> {
        let sites = || {
            let runs = arms.iter().flat_map(|arm| &arm.runs);
            runs.flat_map(|(_, shapes)| &shapes.sites)
        };
        let mut names: Vec<&str> = Vec::new();
        for site in sites() {
            if !names.contains(&site.site.as_str()) {
                names.push(&site.site);
            }
        }
        let reach = histograms::reach(sites().map(|site| &site.inputs));
        // Mean, both ends of the band, start and derivative of every arm.
        let grid = grid(reach, names.len() * arms.len() * 5);
        let mut shapes = Self {
            arms: Vec::new(),
            learned: words.after.to_owned(),
            before: words.before,
            has_band: false,
            has_start: false,
            has_derivative: false,
            panels: Vec::new(),
        };
        let mut has_groups = false;
        for (index, name) in names.iter().enumerate() {
            let drawn = arms
                .iter()
                .filter_map(|arm| at_site(arm, name, &grid).transpose())
                .collect::<Result<Vec<_>, _>>()?;
            has_groups |= drawn.iter().any(Drawn::has_groups);
            let panel = panel(index, &drawn, &grid, reach, words);
            shapes.has_band |= !panel.bands.is_empty();
            shapes.has_start |= !panel.starts.is_empty();
            shapes.has_derivative |= panel
                .curves
                .iter()
                .any(|curves| !curves.derivative.is_empty());
            shapes.panels.push(Panel {
                label: format!("{}: the activation", panel.heading),
                svg: panel.render(),
            });
        }
        shapes.arms = arms
            .iter()
            .map(|arm| ArmKey {
                class: arm.class.clone(),
                name: arm.name.to_owned(),
            })
            .collect();
        if shapes.has_band {
            let over = match (arms.iter().any(|arm| arm.runs.len() > 1), has_groups) {
                (true, true) => "seeds and groups of channels",
                (true, false) => "seeds",
                (false, _) => "groups of channels",
            };
            shapes.learned = format!("{}, mean over the {over}", words.after);
        }
        Ok((!shapes.panels.is_empty()).then_some(shapes))
    }
}

/// From `-reach` to `reach` in the finest step with which `lines` curves have no more than [`POINTS`] points.
fn grid(reach: f64, lines: usize) -> Vec<f64> {
    let count = |step: f64| (2.0 * reach / step).round() as usize + 1;
    let [.., coarsest] = STEPS;
    let step = STEPS
        .into_iter()
        .find(|&step| lines * count(step) <= POINTS)
        .unwrap_or(coarsest);
    curves::grid(-reach, reach, count(step))
}

/// The curves of `arm` at the site `name`; `None` where it has no such site.
fn at_site<'a>(
    arm: &'a Arm<'a>,
    name: &str,
    grid: &[f64],
) -> Result<Option<Drawn<'a>>, ShapesError> {
    let found: Vec<(&Path, &SiteShape)> = arm
        .runs
        .iter()
        .filter_map(|(folder, shapes)| {
            let site = shapes.sites.iter().find(|site| site.site == name)?;
            Some((*folder, site))
        })
        .collect();
    let Some(&(folder, site)) = found.first() else {
        return Ok(None);
    };
    // A fixed function is the same in every run.
    let different = if site.learned.is_empty() {
        1
    } else {
        found.len()
    };
    let mut groups = Vec::new();
    for (folder, site) in &found[..different] {
        groups.extend(curves::of_site(site, grid, &folder.join(INPUTS))?);
    }
    let curve = curves::activation(site, &folder.join(INPUTS))?.curve();
    Ok(Some(Drawn {
        arm,
        site,
        curve,
        inputs: found.iter().map(|(_, site)| &site.inputs).collect(),
        groups,
    }))
}

fn panel(index: usize, drawn: &[Drawn<'_>], grid: &[f64], reach: f64, words: &Words) -> SitePanel {
    let learning = drawn.iter().filter(|drawn| drawn.is_learnable()).count();
    let mut panel = SitePanel {
        id: format!("site-{index}"),
        description: describe(drawn),
        x_domain: (-reach, reach),
        starts: starts(drawn, grid, words),
        reading: Some(Reading {
            label: "x".to_owned(),
            x_decimals: 2,
            y_decimals: 3,
            is_from_end: false,
        }),
        note: note(drawn),
        ..SitePanel::default()
    };
    if let Some(Drawn { site, .. }) = drawn.first() {
        panel.heading = site
            .layer
            .map_or_else(|| site.site.clone(), |layer| format!("Layer {}", layer + 1));
    }
    for one in drawn {
        let class = &one.arm.class;
        let spread = spreads(&one.groups, |group| &group.learned);
        let of = |value: fn(&Spread) -> f64| points(grid, spread.iter().map(value));
        if one.groups.len() > 1 {
            panel.bands.push(Band {
                low: of(|at| at.low),
                high: of(|at| at.high),
                class: class.clone(),
                name: one.arm.name.to_owned(),
            });
        }
        // The derivatives of several arms would hide the curves.
        let derivative = if one.is_learnable() && learning == 1 {
            let slopes = spreads(&one.groups, |group| &group.derivative);
            points(grid, slopes.iter().map(|at| at.mean))
        } else {
            Vec::new()
        };
        panel.curves.push(SiteCurves {
            learned: of(|at| at.mean),
            derivative,
            class: Some(class.clone()),
            name: one.arm.name.to_owned(),
        });
        let mut density = histograms::mean_density(&one.inputs);
        density.class = Some(class.clone());
        panel.densities.push(density);
    }
    panel.y_domain = values(&panel, drawn, reach);
    panel
}

/// The curves before training: one where the arms began alike, else one for each arm in its colour.
fn starts(drawn: &[Drawn<'_>], grid: &[f64], words: &Words) -> Vec<StartCurve> {
    let found: Vec<(&Drawn<'_>, Vec<f64>)> = drawn
        .iter()
        .filter(|one| one.is_learnable())
        .map(|one| {
            let spread = spreads(&one.groups, |group| &group.start);
            (one, spread.iter().map(|at| at.mean).collect())
        })
        .collect();
    let Some(((_, first), others)) = found.split_first() else {
        return Vec::new();
    };
    let is_alike = others.iter().all(|(_, other)| {
        let pairs = first.iter().zip(other);
        pairs.clone().all(|(a, b)| (a - b).abs() <= ALIKE)
    });
    if is_alike {
        return vec![StartCurve {
            points: curves::points(grid, first),
            class: None,
            name: words.before.to_owned(),
        }];
    }
    found
        .iter()
        .map(|(one, values)| StartCurve {
            points: curves::points(grid, values),
            class: Some(one.arm.class.clone()),
            name: format!("{}, {}", one.arm.name, words.before),
        })
        .collect()
}

/// Bounds that hold the learned curves of every arm where nearly all of its inputs fall, and a derivative between -0.5 and 1.5: a steep
/// tail outside of the inputs would squeeze everything that matters.
fn values(panel: &SitePanel, drawn: &[Drawn<'_>], reach: f64) -> (f64, f64) {
    let seen = |one: &Drawn<'_>| {
        let inputs = one.inputs.iter().filter(|inputs| inputs.count > 0);
        let ends = inputs.map(|inputs| histograms::bulk(inputs, TAIL));
        extent(ends.flat_map(|(low, high)| [low, high])).unwrap_or((-reach, reach))
    };
    let inside = |points: &[Point], (low, high): (f64, f64)| {
        let points = points
            .iter()
            .filter(|point| (low..=high).contains(&point.0));
        extent(points.map(|point| point.1))
    };
    let mut ends = vec![-0.5, 1.5];
    for (one, curves) in drawn.iter().zip(&panel.curves) {
        let seen = seen(one);
        let bands = panel.bands.iter().filter(|band| band.name == one.arm.name);
        let lines = bands.flat_map(|band| [&band.low, &band.high]);
        let lines = lines.chain([&curves.learned]);
        for line in lines {
            ends.extend(
                inside(line, seen)
                    .into_iter()
                    .flat_map(|(low, high)| [low, high]),
            );
        }
    }
    let limit = 1.5 * reach;
    let ends = ends.into_iter().map(|end| end.clamp(-limit, limit));
    let (low, high) = extent(ends).unwrap_or((-0.5, 1.5));
    let margin = 0.04 * (high - low);
    (low - margin, high + margin)
}

fn points(grid: &[f64], values: impl Iterator<Item = f64>) -> Vec<Point> {
    grid.iter().copied().zip(values).collect()
}

/// Which curves are not the function itself, and what they are.
fn note(drawn: &[Drawn<'_>]) -> String {
    let notes = drawn
        .iter()
        .filter_map(|one| Some(format!("{}: {}", one.arm.name, one.curve?)));
    notes.collect::<Vec<_>>().join("; ")
}

/// What a panel shows, in words, for those who do not see it.
fn describe(drawn: &[Drawn<'_>]) -> String {
    let arms = drawn.iter().map(|one| {
        let count = one.inputs.len() as f64;
        let mean = |value: fn(&InputHistogram) -> f64| {
            one.inputs.iter().map(|inputs| value(inputs)).sum::<f64>() / count
        };
        format!(
            "{}: {}{}, fed with inputs of mean {:.2} and standard deviation {:.2}",
            one.arm.name,
            brief(&one.site.activation),
            one.curve
                .map_or_else(String::new, |curve| format!(" ({curve})")),
            mean(|inputs| inputs.mean),
            mean(|inputs| inputs.deviation)
        )
    });
    format!("{}.", arms.collect::<Vec<_>>().join("; "))
}
