use std::fmt::Write as _;

use pliant_lab::shapes::{self, Compared, Evolution, Seeds, Written};

use super::context::Context;
use crate::{
    arguments,
    exit::Failure,
    render::{palette::Palette, table::Table},
};

pub(crate) fn run(arguments: &arguments::shapes::Shapes, context: &Context) -> Result<(), Failure> {
    match (arguments.runs.as_slice(), &arguments.against) {
        ([run], None) if arguments.animate => {
            let evolution = shapes::animate(run, &arguments.out)?;
            context
                .output
                .result(&evolution, |palette| frames(&evolution, palette))
        }
        (_, _) if arguments.animate => Err(Failure::usage("--animate takes one run")
            .hint("give each run a call and an --out folder of its own")),
        ([run], None) => {
            let written = shapes::write(run, &arguments.out)?;
            context
                .output
                .result(&written, |palette| numbers(&written, palette))
        }
        (runs, Some(against)) => {
            let compared = shapes::compare(runs, against, &arguments.out)?;
            context
                .output
                .result(&compared, |palette| distances(&compared, palette))
        }
        (runs, None) => {
            let seeds = shapes::seeds(runs, &arguments.out)?;
            context
                .output
                .result(&seeds, |palette| arms(&seeds, palette))
        }
    }
}

fn arms(seeds: &Seeds, palette: Palette) -> String {
    let mut table = Table::new(&["arm", "runs", "folders"]).left(&[2]);
    for arm in &seeds.arms {
        let folders: Vec<String> = arm
            .runs
            .iter()
            .map(|run| run.display().to_string())
            .collect();
        table.row([
            arm.name.clone(),
            arm.runs.len().to_string(),
            folders.join(" "),
        ]);
    }
    format!(
        "{}\nfigure: {}\ntable: {}\n",
        table.render(palette),
        seeds.svg.display(),
        seeds.csv.display()
    )
}

fn frames(evolution: &Evolution, palette: Palette) -> String {
    let mut text = format!(
        "{} of {} recorded steps, from {} to {}, at {}\n",
        evolution.steps.len(),
        evolution.recorded,
        evolution.steps.first().copied().unwrap_or_default(),
        evolution.steps.last().copied().unwrap_or_default(),
        evolution.sites.join(", ")
    );
    if let [first, others @ ..] = evolution.broken_lines.as_slice() {
        let _ = writeln!(
            text,
            "{} line {first}{} of metrics.jsonl cannot be read and was left out",
            palette.warning("warning:"),
            if others.is_empty() {
                String::new()
            } else {
                format!(" and {} more", others.len())
            }
        );
    }
    let _ = writeln!(
        text,
        "animation: {}\ntable: {}",
        evolution.svg.display(),
        evolution.csv.display()
    );
    text
}

/// A row for each group of channels of each site.
fn numbers(written: &Written, palette: Palette) -> String {
    let mut table = Table::new(&[
        "site",
        "nearest",
        "off by",
        "monotone",
        "minimum",
        "slopes",
        "linear",
        "outside fit",
        "beyond histogram",
    ])
    .left(&[1, 3]);
    for site in &written.sites {
        let inputs = &site.numbers.inputs;
        let several = site.numbers.groups.len() > 1;
        for group in &site.numbers.groups {
            let nearest = group.known.first();
            let minimum = &group.minimum;
            table.row([
                if several {
                    format!("{} group {}", site.site, group.group)
                } else {
                    site.site.clone()
                },
                nearest.map_or_else(String::new, ToString::to_string),
                nearest.map_or_else(String::new, |known| shapes::percent(known.error)),
                group.monotone.word().to_owned(),
                if minimum.at_end {
                    format!("end {:.2}", minimum.x)
                } else {
                    format!("{:.3} at {:.2}", minimum.value, minimum.x)
                },
                format!("{:.3} / {:.3}", group.slope_low, group.slope_high),
                group
                    .nearly_linear
                    .map_or_else(String::new, shapes::percent),
                inputs
                    .outside_fitted
                    .map_or_else(String::new, shapes::percent),
                format!("{} + {}", inputs.below, inputs.above),
            ]);
        }
    }
    let (low, high) = written
        .sites
        .first()
        .map_or((0.0, 0.0), |site| (site.numbers.low, site.numbers.high));
    format!(
        "{}\nactivations after step {}; monotone, minimum and slopes from {low} to {high}\noff by: {}\nlinear: {}\nfigure: {}\nnumbers: {}\n",
        table.render(palette),
        written.step,
        written.error,
        written.nearly_linear,
        written.svg.display(),
        written.json.display()
    )
}

/// A row for each run, a column for each site.
fn distances(compared: &Compared, palette: Palette) -> String {
    let mut headings = vec!["run"];
    headings.extend(compared.sites.iter().map(|site| site.site.as_str()));
    let mut table = Table::new(&headings);
    for (index, run) in compared.runs.iter().enumerate() {
        let distance = |site: &shapes::ComparedSite| {
            site.distances
                .get(index)
                .map_or_else(String::new, |entry| format!("{:.5}", entry.distance))
        };
        let mut row = vec![run.label.clone()];
        row.extend(compared.sites.iter().map(distance));
        table.row(row);
    }
    let mut warnings = String::new();
    for warning in &compared.warnings {
        let _ = writeln!(warnings, "{} {warning}", palette.warning("warning:"));
    }
    format!(
        "{}\ndistance: {}\n{warnings}figure: {}\n",
        table.render(palette),
        compared.distance,
        compared.svg.display()
    )
}
