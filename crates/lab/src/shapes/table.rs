//! The table of a site, as comma-separated values.

use std::fmt::Write as _;

use super::curves::GroupCurves;
use crate::plot::site::Density;

/// One line for each point of `grid` and each group; the first line names the columns.
pub(super) fn render(grid: &[f64], groups: &[GroupCurves], density: &Density) -> String {
    let several = groups.len() > 1;
    let mut text = String::new();
    text.push_str(if several {
        "group,x,start,learned,derivative,input_density\n"
    } else {
        "x,start,learned,derivative,input_density\n"
    });
    for (number, group) in groups.iter().enumerate() {
        for (index, &x) in grid.iter().enumerate() {
            if several {
                let _ = write!(text, "{number},");
            }
            let (start, learned, derivative) = (
                group.start[index],
                group.learned[index],
                group.derivative[index],
            );
            let _ = writeln!(
                text,
                "{x},{start},{learned},{derivative},{}",
                at(density, x)
            );
        }
    }
    text
}

/// The density of the bin that holds `x`; the last bin holds its upper edge too.
fn at(density: &Density, x: f64) -> f64 {
    let bins = density.values.len();
    if bins == 0 || !(density.low..=density.high).contains(&x) {
        return 0.0;
    }
    let bin = ((x - density.low) / (density.high - density.low) * bins as f64) as usize;
    density.values[bin.min(bins - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_point_with_the_density_of_its_bin() {
        let group = GroupCurves {
            start: vec![0.0, 1.0, 2.0],
            learned: vec![0.5, 1.5, 2.5],
            derivative: vec![1.0; 3],
        };
        let density = Density {
            low: 0.0,
            high: 2.0,
            values: vec![0.25, 0.75],
            class: None,
        };
        let text = render(&[0.0, 1.0, 2.0], std::slice::from_ref(&group), &density);
        assert_eq!(
            text,
            "x,start,learned,derivative,input_density\n0,0,0.5,1,0.25\n1,1,1.5,1,0.75\n2,2,2.5,1,0.75\n"
        );
        let two = render(&[0.0, 1.0, 2.0], &[group.clone(), group], &density);
        assert_eq!(two.lines().count(), 7);
        assert!(two.starts_with("group,x,") && two.contains("\n1,0,0,0.5,"));
        assert_eq!(at(&density, 5.0), 0.0);
    }
}
