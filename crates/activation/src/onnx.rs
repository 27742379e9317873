//! The formula as operators of ONNX, from the one definition.
//!
//! What does not depend on the input is computed here: a coefficient's magnitude is a number in the file, and a rational is
//! Mul, Add, Abs and Div.

use crate::activation::Activation;
use crate::error::ActivationError;
use crate::expression::{Binary, Condition, Expression, Unary};

/// The symbol of the input in every formula.
const INPUT: &str = "x";

/// The operator of a mean over the channels.
pub const MEAN: &str = "ReduceMean";

/// A function of one input `[…, channels]`, as nodes in the order in which they are computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// What the nodes read beside the input.
    pub constants: Vec<Constant>,
    /// The operations.
    pub nodes: Vec<Node>,
    /// The value; the input itself for the identity.
    pub output: Operand,
}

/// A number of the formula, or one for each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// The coefficient it comes from, e.g. `a0` or `b1`; `None` for a number that the definition holds.
    pub name: Option<String>,
    /// One value, or one per channel.
    pub values: Vec<f32>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// An operator of ONNX's default domain; [`MEAN`] is over the last axis and keeps it.
    pub operator: &'static str,
    /// What it reads.
    pub inputs: Vec<Operand>,
}

/// What a node reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// The input of the function.
    Input,
    /// A number of [`Formula::constants`].
    Constant(usize),
    /// The result of a node of [`Formula::nodes`].
    Node(usize),
}

/// The function of a site with these coefficients, flat as [`Activation::coefficient_tensors`] says.
///
/// # Errors
/// [`ActivationError::Groups`] if the channels do not fit, [`ActivationError::Inexpressible`] if the formula has a part that
/// is neither an operation nor a coefficient.
///
/// # Panics
/// If there are fewer coefficients than the tensors hold.
pub fn formula(
    activation: &Activation,
    coefficients: &[f32],
    channels: usize,
) -> Result<Formula, ActivationError> {
    let (value, _) = activation.expressions();
    let groups = activation
        .coefficient_tensors(channels)?
        .iter()
        .map(|tensor| tensor.shape[0])
        .max();
    let rows = match groups {
        None | Some(1) => 1,
        Some(_) => channels,
    };
    let rows = (0..rows)
        .map(|channel| {
            let positions = activation.positions(channels, channel)?;
            Ok(positions.into_iter().map(|at| coefficients[at]).collect())
        })
        .collect::<Result<_, ActivationError>>()?;
    let mut translation = Translation {
        symbols: activation
            .coefficient_symbols()
            .into_iter()
            .flat_map(|(_, names)| names)
            .collect(),
        rows,
        formula: Formula {
            constants: Vec::new(),
            nodes: Vec::new(),
            output: Operand::Input,
        },
        known: vec![(Expression::symbol(INPUT), Operand::Input)],
    };
    match translation.operand(&value) {
        Ok(output) => {
            translation.formula.output = output;
            Ok(translation.formula)
        }
        Err(symbol) => Err(ActivationError::Inexpressible {
            activation: activation.spec().to_string(),
            symbol: symbol.into(),
        }),
    }
}

struct Translation {
    symbols: Vec<String>,
    /// The coefficients of each channel; one row if all channels share them.
    rows: Vec<Vec<f32>>,
    formula: Formula,
    /// What has its operand already: equal parts are computed once.
    known: Vec<(Expression, Operand)>,
}

impl Translation {
    /// The operand of a part, or the symbol that nobody knows.
    fn operand(&mut self, part: &Expression) -> Result<Operand, String> {
        if let Some((_, operand)) = self.known.iter().find(|(known, _)| known == part) {
            return Ok(*operand);
        }
        let operand = if depends_on_input(part) {
            self.node(part)?
        } else {
            self.constant(part)?
        };
        self.known.push((part.clone(), operand));
        Ok(operand)
    }

    fn node(&mut self, part: &Expression) -> Result<Operand, String> {
        let (operator, inputs) = match part {
            Expression::Constant(_) | Expression::Symbol(_) => return self.constant(part),
            Expression::Unary(operation, argument) => {
                (unary(*operation), vec![self.operand(argument)?])
            }
            Expression::Binary(operation, left, right) => (
                binary(*operation),
                vec![self.operand(left)?, self.operand(right)?],
            ),
            Expression::Tabulated(..) => return self.operand(&part.without_tables()),
            Expression::Where(condition, argument, first, second) => {
                let zero = self.operand(&Expression::Constant(0.0))?;
                let argument = self.operand(argument)?;
                let (first, second) = (self.operand(first)?, self.operand(second)?);
                // As `Number` says: the other branch at 0, and a NaN stays one.
                let (comparison, then, otherwise) = match condition {
                    Condition::Positive => ("LessOrEqual", second, first),
                    Condition::Negative => ("Less", first, second),
                };
                let is = self.push(comparison, vec![argument, zero]);
                ("Where", vec![is, then, otherwise])
            }
        };
        Ok(self.push(operator, inputs))
    }

    fn push(&mut self, operator: &'static str, inputs: Vec<Operand>) -> Operand {
        self.formula.nodes.push(Node { operator, inputs });
        Operand::Node(self.formula.nodes.len() - 1)
    }

    /// The name, with a number behind it if another constant comes from the same coefficients.
    fn free_name(&self, name: &str) -> String {
        let is_taken = |name: &str| {
            let mut names = self
                .formula
                .constants
                .iter()
                .filter_map(|constant| constant.name.as_deref());
            names.any(|taken| taken == name)
        };
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !is_taken(name))
            .unwrap_or_default()
    }

    /// A part without the input, computed.
    fn constant(&mut self, part: &Expression) -> Result<Operand, String> {
        let mut used = Vec::new();
        part.walk(&mut |inner| {
            if let Expression::Symbol(name) = inner
                && !used.contains(name)
            {
                used.push(name.clone());
            }
        });
        let rows = if used.is_empty() {
            &self.rows[..1]
        } else {
            &self.rows[..]
        };
        let values: Option<Vec<f32>> = rows
            .iter()
            .map(|row| {
                let coefficient = |name: &str| {
                    let at = self.symbols.iter().position(|symbol| symbol == name)?;
                    Some(f64::from(row[at]))
                };
                part.evaluate(&coefficient).map(|value| value as f32)
            })
            .collect();
        let Some(mut values) = values else {
            let is_unknown =
                |name: &&std::rc::Rc<str>| !self.symbols.iter().any(|known| **known == ***name);
            return Err(used
                .iter()
                .find(is_unknown)
                .map_or_else(String::new, ToString::to_string));
        };
        // A tensor that all groups share, as a numerator may be.
        if values
            .iter()
            .all(|value| value.to_bits() == values[0].to_bits())
        {
            values.truncate(1);
        }
        let name = (!used.is_empty()).then(|| self.free_name(&used.join("_")));
        self.formula.constants.push(Constant { name, values });
        Ok(Operand::Constant(self.formula.constants.len() - 1))
    }
}

fn depends_on_input(part: &Expression) -> bool {
    let mut found = false;
    part.walk(&mut |inner| found |= matches!(inner, Expression::Symbol(name) if **name == *INPUT));
    found
}

fn unary(operation: Unary) -> &'static str {
    match operation {
        Unary::Negate => "Neg",
        Unary::Absolute => "Abs",
        Unary::Sign => "Sign",
        Unary::Exp => "Exp",
        Unary::Erf => "Erf",
        Unary::Log => "Log",
        Unary::Sqrt => "Sqrt",
        Unary::Sin => "Sin",
        Unary::Tanh => "Tanh",
        Unary::Sigmoid => "Sigmoid",
        Unary::Mean => MEAN,
    }
}

fn binary(operation: Binary) -> &'static str {
    match operation {
        Binary::Add => "Add",
        Binary::Subtract => "Sub",
        Binary::Multiply => "Mul",
        Binary::Divide => "Div",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::number::Number;

    const CHANNELS: usize = 6;

    fn activation(text: &str) -> Activation {
        Activation::new(&text.parse().unwrap()).unwrap()
    }

    /// Coefficients of which each group has its own, some negative.
    fn coefficients(activation: &Activation) -> Vec<f32> {
        let start = activation.start_coefficients(CHANNELS).unwrap();
        let own = |(index, value): (usize, &f32)| {
            let value = value + 0.01 + 0.001 * index as f32;
            if index % 5 == 4 { -0.5 * value } else { value }
        };
        start.iter().enumerate().map(own).collect()
    }

    /// Runs the nodes for a row.
    fn run(formula: &Formula, x: &[f64]) -> Vec<f64> {
        let mut results: Vec<Vec<f64>> = Vec::new();
        let read = |results: &[Vec<f64>], operand: &Operand| match operand {
            Operand::Input => x.to_vec(),
            Operand::Constant(index) => {
                let values = &formula.constants[*index].values;
                let channels = values.iter().cycle().take(x.len());
                channels.map(|value| f64::from(*value)).collect()
            }
            Operand::Node(index) => results[*index].clone(),
        };
        for node in &formula.nodes {
            let inputs = node.inputs.iter().map(|input| read(&results, input));
            let inputs: Vec<Vec<f64>> = inputs.collect();
            results.push(if node.operator == MEAN {
                vec![inputs[0].iter().sum::<f64>() / x.len() as f64; x.len()]
            } else {
                (0..x.len())
                    .map(|channel| {
                        let values: Vec<f64> = inputs.iter().map(|row| row[channel]).collect();
                        of_channel(node.operator, &values)
                    })
                    .collect()
            });
        }
        read(&results, &formula.output)
    }

    fn of_channel(operator: &str, values: &[f64]) -> f64 {
        match (operator, values) {
            ("Add", [a, b]) => a + b,
            ("Sub", [a, b]) => a - b,
            ("Mul", [a, b]) => a * b,
            ("Div", [a, b]) => a / b,
            ("Neg", [a]) => -a,
            ("Abs", [a]) => a.abs(),
            ("Sign", [a]) => Number::sign(a),
            ("Exp", [a]) => a.exp(),
            ("Log", [a]) => a.ln(),
            ("Sqrt", [a]) => a.sqrt(),
            ("Sin", [a]) => a.sin(),
            ("Erf", [a]) => Number::erf(a),
            ("Tanh", [a]) => a.tanh(),
            ("Sigmoid", [a]) => Number::sigmoid(a),
            ("Less", [a, b]) => f64::from(u8::from(a < b)),
            ("LessOrEqual", [a, b]) => f64::from(u8::from(a <= b)),
            ("Where", [is, a, b]) => {
                if *is == 1.0 {
                    *a
                } else {
                    *b
                }
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_nodes_of_every_family_and_form_compute_its_value() {
        let mut names = Vec::new();
        for entry in crate::list::list().unwrap() {
            names.push(entry.name);
            names.extend(entry.examples.iter().map(ToString::to_string));
        }
        for form in ["a", "b", "c", "n"] {
            for share in [
                "share=group(2)",
                "share=channel",
                "share=group(3), numerator=shared",
            ] {
                names.push(format!("rational(3/2, form={form}, {share})"));
            }
        }
        names.push("frozen(swish(share=group(2)), [0.5, 1, 2])".to_owned());
        names.push("frozen(rational(1/1, share=group(3)), [0, 1, 0.2, 0.5, 1, 0.3])".to_owned());
        for name in names {
            let activation = activation(&name);
            let coefficients = coefficients(&activation);
            let formula = formula(&activation, &coefficients, CHANNELS).unwrap();
            for shift in 0..5 {
                let inputs = [-4.0, -0.7, 0.0, 0.3, 2.5].iter().cycle().skip(shift);
                let x: Vec<f64> = inputs.take(CHANNELS).copied().collect();
                let found = run(&formula, &x);
                for channel in 0..CHANNELS {
                    let positions = activation.positions(CHANNELS, channel).unwrap();
                    let group: Vec<f64> = positions
                        .into_iter()
                        .map(|at| f64::from(coefficients[at]))
                        .collect();
                    let expected = activation.row_value(&group, &x)[channel];
                    assert!(
                        (found[channel] - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                        "{name} at {}: {}, {expected}",
                        x[channel],
                        found[channel]
                    );
                }
            }
        }
    }

    #[test]
    fn a_rational_is_mul_add_abs_and_div() {
        let activation = activation("rational(1/2)");
        let formula = formula(&activation, &[0.5, 1.0, -2.0, 3.0], CHANNELS).unwrap();
        let operators: Vec<&str> = formula.nodes.iter().map(|node| node.operator).collect();
        assert_eq!(
            operators,
            ["Mul", "Add", "Abs", "Mul", "Add", "Mul", "Add", "Div"]
        );
        let constants: Vec<_> = formula
            .constants
            .iter()
            .map(|constant| (constant.name.as_deref(), constant.values[0]))
            .collect();
        // The magnitude of a coefficient is taken here.
        assert_eq!(
            constants,
            [
                (Some("a0"), 0.5),
                (Some("a1"), 1.0),
                (None, 1.0),
                (Some("b1"), 2.0),
                (Some("b2"), 3.0)
            ]
        );
    }

    #[test]
    fn channels_that_share_share_one_number() {
        let of = |text: &str| {
            let activation = activation(text);
            let formula = formula(&activation, &coefficients(&activation), CHANNELS).unwrap();
            let length = |name: &str| {
                let named = |constant: &&Constant| constant.name.as_deref() == Some(name);
                formula.constants.iter().find(named).unwrap().values.len()
            };
            (length("a1"), length("b1"))
        };
        assert_eq!(of("rational"), (1, 1));
        assert_eq!(of("rational(share=group(2))"), (CHANNELS, CHANNELS));
        assert_eq!(
            of("rational(share=channel, numerator=shared)"),
            (1, CHANNELS)
        );
    }

    #[test]
    fn the_identity_has_no_nodes() {
        let formula = formula(&activation("identity"), &[], CHANNELS).unwrap();
        assert_eq!((formula.nodes.len(), formula.output), (0, Operand::Input));
    }

    #[test]
    fn a_symbol_that_is_no_coefficient_is_named() {
        let mut translation = Translation {
            symbols: vec!["a0".to_owned()],
            rows: vec![vec![1.0]],
            formula: Formula {
                constants: Vec::new(),
                nodes: Vec::new(),
                output: Operand::Input,
            },
            known: vec![(Expression::symbol(INPUT), Operand::Input)],
        };
        let strange =
            Expression::symbol("x") * (Expression::symbol("a0") + Expression::symbol("knot"));
        assert_eq!(translation.operand(&strange), Err("knot".to_owned()));
    }
}
