//! What was frozen.

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
            (site.site.as_str(), format!("{}{folded}", site.frozen))
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
