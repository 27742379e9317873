//! The figure: a panel for each site, a curve for each run.

use std::collections::BTreeMap;

use pliant_train::{InputHistogram, SiteShape};

use super::{Compared, Grids};
use crate::ShapesError;
use crate::brief;
use crate::plot::multiples::{Key, Multiples};
use crate::plot::site::{SiteCurves, SitePanel};
use crate::shapes::curves::{self, INPUTS};
use crate::shapes::{drawn, file_stem, histograms, panels, value_range};

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

/// One site of every run over the pre-trained one.
pub(super) fn panel(
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
            brief(&site.activation),
            site.site
        ),
        note: curves::note(site, &compared.against.join(INPUTS))?,
        class: "arm-0".to_owned(),
        x_domain: (-grids.reach, grids.reach),
        y_domain: value_range(&groups, grids.reach),
        starts: before
            .first()
            .map(|group| panels::before(&grids.drawn, &group.learned))
            .into_iter()
            .collect(),
        curves: shown,
        densities: vec![histograms::mean_density(&inputs)],
        ..SitePanel::default()
    })
}

/// All panels under one legend.
pub(super) fn render(compared: &Compared, panels: Vec<SitePanel>) -> String {
    let mut keys = vec![Key::start("pre-trained")];
    for (task, class) in classes(compared) {
        let key = Key::learned(task, &class);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let names: Vec<&str> = compared.runs.iter().map(|run| run.label.as_str()).collect();
    Multiples {
        id: "shapes".to_owned(),
        title: "Activations after fine-tuning".to_owned(),
        description: format!(
            "A panel for each layer; curves of {}; the pre-trained function dashed.",
            names.join(", ")
        ),
        keys,
        panels,
        is_alike: true,
        moments: Vec::new(),
    }
    .render()
}
