//! The formula printed as a PyTorch function, from the one definition.

use std::fmt::Write as _;

use crate::activation::{Activation, CoefficientTensor};
use crate::expression::{Binary, Condition, Expression, Unary};

/// `def name(x): …` for a fixed function, `def name(x, numerator, denominator): …` for one with coefficients (named as the tensors are): tensors
/// `[groups, coefficients]`, whose columns broadcast over the channels, the last dimension of `x`.
///
/// A fixed function for each group of channels has the tensors that it holds in its text.
///
/// `per_channel` in the printed text must be defined: it gives the columns of a tensor, each with one value per channel, or
/// one for all.
pub fn function(activation: &Activation, name: &str) -> String {
    let value = activation.expressions().0.without_tables();
    let tensors = activation.coefficient_symbols();
    let held = held(activation);
    let mut text = format!("def {name}(x");
    for (tensor, _) in tensors.iter().filter(|_| held.is_empty()) {
        let _ = write!(text, ", {tensor}");
    }
    let _ = writeln!(text, "):");
    let _ = writeln!(text, "    \"\"\"`{}`\"\"\"", activation.spec());
    for (tensor, rows) in held {
        let _ = writeln!(
            text,
            "    {tensor} = torch.tensor([{}], dtype=torch.float32, device=x.device)",
            rows.join(", ")
        );
    }
    for (tensor, columns) in &tensors {
        // Python's tuple of one has a comma too.
        let comma = if columns.len() == 1 { "," } else { "" };
        let columns = columns.join(", ");
        let _ = writeln!(text, "    {columns}{comma} = per_channel({tensor}, x)");
    }
    let mut shared = Vec::new();
    repeated(&value, &value, &mut shared);
    let mut named: Vec<(Expression, String)> = Vec::new();
    for (index, part) in shared.into_iter().enumerate() {
        let printed = print(&part, &named);
        let local = format!("s{}", index + 1);
        let _ = writeln!(text, "    {local} = {printed}");
        named.push((part, local));
    }
    let _ = writeln!(text, "    return {}", print(&value, &named));
    text
}

/// The tensors of a fixed function for each group of channels, each with a list in Python's notation for every group.
fn held(activation: &Activation) -> Vec<(&'static str, Vec<String>)> {
    let Some(channels) = activation.channels() else {
        return Vec::new();
    };
    let rows = |(tensor, values): (CoefficientTensor, Vec<f32>)| {
        let rows = values.chunks(tensor.shape[1].max(1));
        (tensor.name, rows.map(|row| format!("{row:?}")).collect())
    };
    let tensors = activation.start_tensors(channels).unwrap_or_default();
    tensors.into_iter().map(rows).collect()
}

/// Operations that occur more than once in `whole`, the innermost first.
fn repeated(part: &Expression, whole: &Expression, found: &mut Vec<Expression>) {
    part.walk(&mut |inner| {
        if matches!(inner, Expression::Constant(_) | Expression::Symbol(_)) || found.contains(inner)
        {
            return;
        }
        let mut count = 0;
        whole.walk(&mut |other| count += usize::from(other == inner));
        if count > 1 {
            found.push(inner.clone());
        }
    });
}

/// Python's notation; parts in `named` are printed by their names.
fn print(formula: &Expression, named: &[(Expression, String)]) -> String {
    if let Some((_, name)) = named.iter().find(|(part, _)| part == formula) {
        return name.clone();
    }
    let inside = |part: &Expression| print(part, named);
    // Parentheses around whatever binds more loosely.
    let at_least = |part: &Expression, precedence: u8| {
        let is_named = named.iter().any(|(other, _)| other == part);
        if !is_named && part.precedence() < precedence {
            format!("({})", inside(part))
        } else {
            inside(part)
        }
    };
    match formula {
        Expression::Constant(value) => format!("{value:?}"),
        Expression::Symbol(name) => name.to_string(),
        Expression::Unary(Unary::Negate, argument) => format!("-{}", at_least(argument, 3)),
        Expression::Unary(operation, argument) => {
            let name = match operation {
                Unary::Mean => {
                    return format!("torch.mean({}, dim=-1, keepdim=True)", inside(argument));
                }
                Unary::Absolute | Unary::Negate => "abs",
                Unary::Sign => "sign",
                Unary::Exp => "exp",
                Unary::Erf => "erf",
                Unary::Log => "log",
                Unary::Sqrt => "sqrt",
                Unary::Sin => "sin",
                Unary::Tanh => "tanh",
                Unary::Sigmoid => "sigmoid",
            };
            format!("torch.{name}({})", inside(argument))
        }
        Expression::Binary(operation, left, right) => {
            let (sign, precedence) = match operation {
                Binary::Add => (" + ", 1),
                Binary::Subtract => (" - ", 1),
                Binary::Multiply => (" * ", 2),
                Binary::Divide => (" / ", 2),
            };
            // Rounding depends on the order, so that only the left side goes without parentheses.
            format!(
                "{}{sign}{}",
                at_least(left, precedence),
                at_least(right, precedence + 1)
            )
        }
        Expression::Tabulated(..) => print(&formula.without_tables(), named),
        Expression::Where(condition, argument, first, second) => {
            // As `Number` says: the other branch at 0, and a NaN stays one.
            match condition {
                Condition::Positive => format!(
                    "torch.where({} <= 0, {}, {})",
                    inside(argument),
                    inside(second),
                    inside(first)
                ),
                Condition::Negative => format!(
                    "torch.where({} < 0, {}, {})",
                    inside(argument),
                    inside(first),
                    inside(second)
                ),
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn printed(text: &str) -> String {
        function(&Activation::new(&text.parse().unwrap()).unwrap(), "f")
    }

    #[test]
    fn held_groups_are_in_the_text() {
        let text = printed("frozen(rational(1/1, share=group(2)), [0, 1, 2, 3, 0.5, 1e-7])");
        let wanted = "(x):\n    \"\"\"`frozen(rational(1/1, share=group(2)), [0, 1, 2, 3, 0.5, 0.0000001])`\"\"\"\n    \
             numerator = torch.tensor([[0.0, 1.0], [2.0, 3.0]], dtype=torch.float32, device=x.device)\n    \
             denominator = torch.tensor([[0.5], [1e-7]], dtype=torch.float32, device=x.device)\n    \
             a0, a1 = per_channel(numerator, x)\n    b1, = per_channel(denominator, x)\n";
        assert!(text.contains(wanted), "{text}");
    }

    #[test]
    fn a_rational_is_horner_over_its_denominator() {
        assert_eq!(
            printed("rational(1/2)"),
            "def f(x, numerator, denominator):\n    \"\"\"`rational(1/2)`\"\"\"\n    a0, a1 = per_channel(numerator, x)\n    b1, b2 = per_channel(denominator, x)\n    \
             s1 = torch.abs(x)\n    return (a0 + x * a1) / (1.0 + s1 * (torch.where(b1 < 0, -b1, b1) + s1 * torch.where(b2 < 0, -b2, b2)))\n"
        );
    }

    #[test]
    fn no_function_of_tensors_gets_a_plain_number() {
        let text = printed("frozen(rational(3/2), [0.01, 0.5, 0.3, 0, 0.125, -0.25])");
        assert!(
            text.ends_with("/ (1.0 + s1 * (0.125 + s1 * 0.25))\n"),
            "{text}"
        );
        for learned in crate::list::list().unwrap() {
            let Ok(spec) = format!("frozen({})", learned.name).parse() else {
                continue;
            };
            let Ok(activation) = Activation::new(&spec) else {
                continue;
            };
            let (value, derivative) = activation.expressions();
            for formula in [value, derivative] {
                formula.walk(&mut |part| {
                    if let Expression::Unary(_, argument) | Expression::Where(_, argument, ..) =
                        part
                    {
                        assert!(
                            !matches!(**argument, Expression::Constant(_)),
                            "{spec}: {formula}"
                        );
                    }
                });
            }
        }
    }

    #[test]
    fn fixed_functions_take_the_input_alone() {
        assert_eq!(
            printed("relu"),
            "def f(x):\n    \"\"\"`relu`\"\"\"\n    return torch.where(x <= 0, 0.0, x)\n"
        );
        assert!(printed("gelu").contains("torch.erf("));
    }

    #[test]
    fn means_over_the_channels_keep_their_axis() {
        assert_eq!(
            printed("poly_norm(2)"),
            "def f(x, weights, offset):\n    \"\"\"`poly_norm(2)`\"\"\"\n    a1, a2 = per_channel(weights, x)\n    b, = per_channel(offset, x)\n    \
             s1 = x * x\n    return a1 * x / torch.sqrt(torch.mean(s1, dim=-1, keepdim=True) + 1e-6) + \
             a2 * s1 / torch.sqrt(torch.mean(s1 * s1, dim=-1, keepdim=True) + 1e-6) + b\n"
        );
    }

    #[test]
    fn every_family_and_form_has_balanced_parentheses_and_known_names() {
        for entry in crate::list::list().unwrap() {
            let text = printed(&entry.name);
            let count = |letter| text.chars().filter(|other| *other == letter).count();
            assert_eq!(count('('), count(')'), "{text}");
            assert!(
                !text.contains('√') && !text.contains('·') && !text.contains('|'),
                "{text}"
            );
        }
    }
}
