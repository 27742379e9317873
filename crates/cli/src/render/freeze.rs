//! What was frozen.

use pliant_lab::brief;

use super::{palette::Palette, summary::lines};
use crate::{arguments::freeze::Freeze, command::freeze::Frozen};

/// Each site with its function, then where they are.
pub(crate) fn text(frozen: &Frozen, arguments: &Freeze, palette: Palette) -> String {
    let mut rows: Vec<(&str, String)> = frozen
        .sites
        .iter()
        .map(|site| {
            let folded = if site.folded {
                ", the matrices took the rest in"
            } else {
                ""
            };
            let mut function = site.frozen.to_string();
            // Many sets of numbers say nothing to a reader; the library has them.
            if site.frozen.is_by_channel() {
                function = brief(&function);
            }
            (site.site.as_str(), format!("{function}{folded}"))
        })
        .collect();
    rows.push(("model", format!("{}", arguments.out.display())));
    if let Some(file) = &arguments.library {
        rows.push((
            "library",
            format!("{}: {}", file.display(), frozen.names.join(", ")),
        ));
    }
    lines(palette, &rows)
}
