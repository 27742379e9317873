//! Curves and distances as comma-separated values.

use std::fmt::Write as _;

use super::Compared;
use crate::csv::field;
use crate::shapes::curves::GroupCurves;

/// The curves of one site, the pre-trained one first.
pub(super) fn curves_csv(
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

/// Every distance, run by run within each site.
pub(super) fn distances_csv(compared: &Compared) -> String {
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
