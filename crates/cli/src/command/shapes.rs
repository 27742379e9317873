use std::{fmt::Write as _, path::Path};

use pliant_lab::shapes::{self, Compared, Written};

use super::context::Context;
use crate::{
    arguments,
    exit::Failure,
    render::{palette::Palette, table::Table},
};

pub(crate) fn run(arguments: &arguments::shapes::Shapes, context: &Context) -> Result<(), Failure> {
    match (arguments.runs.as_slice(), &arguments.against) {
        ([run], None) => {
            let written = shapes::write(run, &arguments.out)?;
            context
                .output
                .result(&written, |palette| files(&written, palette))
        }
        (runs, Some(against)) => {
            let compared = shapes::compare(runs, against, &arguments.out)?;
            context
                .output
                .result(&compared, |palette| distances(&compared, palette))
        }
        (_, None) => Err(
            Failure::usage("several runs are compared with the pre-trained one")
                .hint("name its folder: --against DIR"),
        ),
    }
}

fn files(written: &Written, palette: Palette) -> String {
    let mut table = Table::new(&["site", "activation", "table", "picture"]).left(&[1, 2, 3]);
    for site in &written.sites {
        let file = |path: &Path| path.display().to_string();
        table.row([
            site.site.clone(),
            site.activation.clone(),
            file(&site.csv),
            file(&site.svg),
        ]);
    }
    format!(
        "{}\nactivations after step {}\n",
        table.render(palette),
        written.step
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
