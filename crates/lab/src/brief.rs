//! Text forms of activations where there is little room.

use std::fmt::Write as _;

/// A longer list of numbers is counted instead of shown.
const LONGEST: usize = 24;

/// A text form without its long lists of numbers: `corrected(table=[…65 numbers], range=-4.5..4.5)`.
pub fn brief(activation: &str) -> String {
    let mut brief = String::new();
    let mut rest = activation;
    while let Some(open) = rest.find('[') {
        let (before, list) = rest.split_at(open + 1);
        brief += before;
        rest = list;
        // A list that holds others is shown with those inside cut short.
        let Some(close) = list.find(']').filter(|close| !list[..*close].contains('[')) else {
            continue;
        };
        let is_numbers = list[..close]
            .split(',')
            .all(|item| item.trim().parse::<f64>().is_ok());
        if close > LONGEST && is_numbers {
            let count = list[..close].split(',').count();
            let _ = write!(brief, "…{count} numbers");
            rest = &list[close..];
        }
    }
    brief + rest
}

#[cfg(test)]
mod tests {
    use super::brief;

    #[test]
    fn only_long_lists_of_numbers_are_counted() {
        for text in [
            "gelu",
            "frozen(swish, [1.25])",
            "layers([gelu, rational, silu, tanh, relu])",
            "torn [",
        ] {
            assert_eq!(brief(text), text);
        }
        let table = "corrected(gelu, table=[0.125, -0.5, 0.25, 1, 0.75, 0.5], range=-2..2)";
        assert_eq!(
            brief(table),
            "corrected(gelu, table=[…6 numbers], range=-2..2)"
        );
        assert_eq!(
            brief(&format!("layers([{table}, gelu, frozen(swish, [2])])")),
            "layers([corrected(gelu, table=[…6 numbers], range=-2..2), gelu, frozen(swish, [2])])"
        );
    }
}
