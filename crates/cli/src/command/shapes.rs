use pliant_lab::shapes;

use super::context::Context;
use crate::{arguments, exit::Failure, render::table::Table};

pub(crate) fn run(arguments: &arguments::shapes::Shapes, context: &Context) -> Result<(), Failure> {
    let written = shapes::write(&arguments.run, &arguments.out)?;
    context.output.result(&written, |palette| {
        let mut table = Table::new(&["site", "activation", "table", "picture"]).left(&[1, 2, 3]);
        for site in &written.sites {
            let file = |path: &std::path::Path| path.display().to_string();
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
    })
}
