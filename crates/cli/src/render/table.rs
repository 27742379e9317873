//! Tables of plain text: the first column to the left, numbers to the right.

use std::fmt::Write as _;

use super::palette::Palette;

/// A table that is as wide as its content.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    left: Vec<usize>,
}

impl Table {
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self {
            rows: vec![headings.iter().map(ToString::to_string).collect()],
            left: vec![0],
        }
    }

    /// Columns that hold words, besides the first.
    pub(crate) fn left(mut self, columns: &[usize]) -> Self {
        self.left.extend(columns);
        self
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table with the headings emphasised; every line ends with a line break.
    pub(crate) fn render(&self, palette: Palette) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                self.rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| width(cell))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (column, (cell, &wide)) in row.iter().zip(&widths).enumerate() {
                let space = " ".repeat(wide - width(cell));
                let gap = if column == 0 { "" } else { "  " };
                let [before, after] = if self.left.contains(&column) {
                    ["", &space]
                } else {
                    [&*space, ""]
                };
                let _ = write!(line, "{gap}{before}{cell}{after}");
            }
            let line = line.trim_end();
            text += &if index == 0 {
                palette.heading(line)
            } else {
                line.to_owned()
            };
            text.push('\n');
        }
        text
    }
}

/// Columns that a text takes; our tables hold no wide characters.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_to_the_left_numbers_to_the_right() {
        let mut table = Table::new(&["arm", "loss", "note"]).left(&[2]);
        table.row(["gelu", "3.1", "±"].map(str::to_owned));
        table.row(["rational", "10.25", "best"].map(str::to_owned));
        let wanted = "arm        loss  note\ngelu        3.1  ±\nrational  10.25  best\n";
        assert_eq!(table.render(Palette::plain()), wanted);
    }
}
