//! The formula as a tree: printed for people here, and the form in which exporters read it.

use crate::number::Number;
use crate::table::Table;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::rc::Rc;

/// A formula. Its [`Display`](fmt::Display) is ordinary notation.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number.
    Constant(f64),
    /// A variable or a coefficient, by its printed name.
    Symbol(Rc<str>),
    /// An operation of one argument.
    Unary(Unary, Rc<Expression>),
    /// An operation of two arguments.
    Binary(Binary, Rc<Expression>, Rc<Expression>),
    /// The second where the first meets the condition, else the third.
    Where(Condition, Rc<Expression>, Rc<Expression>, Rc<Expression>),
    /// A function given by a table, or its slope.
    Tabulated(&'static Table, Tabulated, Rc<Expression>),
}

/// Operations of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the functions")]
pub enum Unary {
    Negate,
    Absolute,
    Sign,
    Exp,
    Erf,
    Log,
    Sqrt,
    Sin,
    Tanh,
    Sigmoid,
    /// The mean over the channels of a row.
    Mean,
}

/// Operations of two arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the operations")]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Conditions of [`Expression::Where`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Greater than zero.
    Positive,
    /// Less than zero.
    Negative,
}

/// What is read off a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tabulated {
    /// The value.
    Value,
    /// The slope.
    Slope,
}

/// Constants that have a better name than their digits.
const NAMED: [(f64, &str); 3] = [
    (std::f64::consts::FRAC_1_SQRT_2, "√½"),
    (0.797_884_560_802_865_4, "√(2/π)"),
    (0.398_942_280_401_432_7, "1/√(2π)"),
];

impl Expression {
    /// A variable or coefficient.
    pub fn symbol(name: &str) -> Self {
        Self::Symbol(name.into())
    }

    /// Visits every part, the innermost first.
    pub fn walk(&self, visit: &mut dyn FnMut(&Self)) {
        match self {
            Self::Constant(_) | Self::Symbol(_) => {}
            Self::Unary(_, argument) | Self::Tabulated(_, _, argument) => argument.walk(visit),
            Self::Binary(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            Self::Where(_, argument, first, second) => {
                for part in [argument, first, second] {
                    part.walk(visit);
                }
            }
        }
        visit(self);
    }

    /// The formula read with numbers; `None` if it has a symbol that `symbol` does not know, or a mean over channels.
    pub fn evaluate<N: Number>(&self, symbol: &dyn Fn(&str) -> Option<N>) -> Option<N> {
        let of = |part: &Self| part.evaluate(symbol);
        Some(match self {
            Self::Constant(value) => N::constant(*value),
            Self::Symbol(name) => symbol(name)?,
            Self::Unary(operation, argument) => {
                let argument = of(argument)?;
                match operation {
                    Unary::Negate => -argument,
                    Unary::Absolute => argument.abs(),
                    Unary::Sign => argument.sign(),
                    Unary::Exp => argument.exp(),
                    Unary::Erf => argument.erf(),
                    Unary::Log => argument.ln(),
                    Unary::Sqrt => argument.sqrt(),
                    Unary::Sin => argument.sin(),
                    Unary::Tanh => argument.tanh(),
                    Unary::Sigmoid => argument.sigmoid(),
                    Unary::Mean => return None,
                }
            }
            Self::Binary(operation, left, right) => {
                let (left, right) = (of(left)?, of(right)?);
                match operation {
                    Binary::Add => left + right,
                    Binary::Subtract => left - right,
                    Binary::Multiply => left * right,
                    Binary::Divide => left / right,
                }
            }
            Self::Where(condition, argument, first, second) => {
                let (argument, first, second) = (of(argument)?, of(first)?, of(second)?);
                match condition {
                    Condition::Positive => argument.where_positive(first, second),
                    Condition::Negative => argument.where_negative(first, second),
                }
            }
            Self::Tabulated(table, Tabulated::Value, argument) => of(argument)?.tabulated(table),
            Self::Tabulated(table, Tabulated::Slope, argument) => {
                of(argument)?.tabulated_slope(table)
            }
        })
    }

    /// The formula without tables: each as the sum over its pieces.
    #[must_use]
    pub fn without_tables(&self) -> Self {
        self.rebuilt(&|part| match part {
            Self::Tabulated(table, Tabulated::Value, x) => Some(table.value(&x.without_tables())),
            Self::Tabulated(table, Tabulated::Slope, x) => Some(table.slope(&x.without_tables())),
            _ => None,
        })
    }

    /// The formula with numbers for the symbols that `number` knows.
    #[must_use]
    pub fn with_constants(&self, number: &dyn Fn(&str) -> Option<f64>) -> Self {
        self.rebuilt(&|part| match part {
            Self::Symbol(name) => number(name).map(Self::Constant),
            _ => None,
        })
    }

    /// The formula with every part worked out that is a number, and every choice made that a number decides: exporters' functions of
    /// tensors take no plain numbers.
    #[must_use]
    pub fn folded(&self) -> Self {
        self.rebuilt(&|part| match part {
            Self::Where(condition, argument, first, second) => {
                let argument = argument.number()?;
                // As `Number` says: the other branch at 0.
                let is_first = match condition {
                    Condition::Positive => argument > 0.0,
                    Condition::Negative => argument < 0.0,
                };
                Some(if is_first { first } else { second }.folded())
            }
            _ => part.number().map(Self::Constant),
        })
    }

    /// The finite number that the formula is, if it has no symbols.
    fn number(&self) -> Option<f64> {
        self.evaluate(&|_| None)
            .filter(|number| f64::is_finite(*number))
    }

    /// The formula with `other` in the place of each part for which it gives one.
    fn rebuilt(&self, other: &dyn Fn(&Self) -> Option<Self>) -> Self {
        if let Some(other) = other(self) {
            return other;
        }
        let of = |part: &Rc<Self>| Rc::new(part.rebuilt(other));
        match self {
            Self::Constant(_) | Self::Symbol(_) => self.clone(),
            Self::Unary(operation, argument) => Self::Unary(*operation, of(argument)),
            Self::Binary(operation, left, right) => Self::Binary(*operation, of(left), of(right)),
            Self::Where(condition, argument, first, second) => {
                Self::Where(*condition, of(argument), of(first), of(second))
            }
            Self::Tabulated(table, kind, x) => Self::Tabulated(table, *kind, of(x)),
        }
    }

    /// The mean over the channels of a row.
    #[must_use]
    pub fn mean(&self) -> Self {
        Self::unary(Unary::Mean, self)
    }

    fn unary(operation: Unary, argument: &Self) -> Self {
        Self::Unary(operation, Rc::new(argument.clone()))
    }

    fn binary(operation: Binary, left: Self, right: Self) -> Self {
        Self::Binary(operation, Rc::new(left), Rc::new(right))
    }

    /// How tightly the outermost operation binds.
    pub(crate) fn precedence(&self) -> u8 {
        match self {
            Self::Binary(Binary::Add | Binary::Subtract, ..) => 1,
            Self::Binary(Binary::Multiply | Binary::Divide, ..) => 2,
            Self::Unary(Unary::Negate, _) => 3,
            Self::Constant(value) if *value < 0.0 => 3,
            _ => 4,
        }
    }

    fn at_least(&self, precedence: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.precedence() < precedence {
            write!(f, "({self})")
        } else {
            write!(f, "{self}")
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(value) => match NAMED.iter().find(|(named, _)| named == value) {
                Some((_, name)) => f.write_str(name),
                None => write!(f, "{value}"),
            },
            Self::Symbol(name) => f.write_str(name),
            Self::Unary(Unary::Negate, argument) => {
                f.write_str("-")?;
                argument.at_least(3, f)
            }
            Self::Unary(Unary::Absolute, argument) => write!(f, "|{argument}|"),
            Self::Unary(operation, argument) => {
                let name = match operation {
                    Unary::Sign => "sign",
                    Unary::Exp => "exp",
                    Unary::Erf => "erf",
                    Unary::Log => "ln",
                    Unary::Sqrt => "sqrt",
                    Unary::Mean => "mean",
                    Unary::Sin => "sin",
                    Unary::Tanh => "tanh",
                    _ => "sigmoid",
                };
                write!(f, "{name}({argument})")
            }
            Self::Binary(operation, left, right) => {
                let (sign, precedence) = match operation {
                    Binary::Add => (" + ", 1),
                    Binary::Subtract => (" - ", 1),
                    Binary::Multiply => ("·", 2),
                    Binary::Divide => (" / ", 2),
                };
                left.at_least(precedence, f)?;
                f.write_str(sign)?;
                let associative = matches!(operation, Binary::Add | Binary::Multiply);
                right.at_least(precedence + u8::from(!associative), f)
            }
            Self::Where(condition, argument, first, second) => {
                // where(b < 0, -b, b) is the absolute value that PyTorch's convention is not wanted for.
                if *condition == Condition::Negative
                    && **first == -(**second).clone()
                    && argument == second
                {
                    return write!(f, "|{argument}|");
                }
                let sign = if *condition == Condition::Positive {
                    ">"
                } else {
                    "<"
                };
                write!(f, "where({argument} {sign} 0, {first}, {second})")
            }
            Self::Tabulated(_, Tabulated::Value, argument) => write!(f, "t({argument})"),
            Self::Tabulated(_, Tabulated::Slope, argument) => write!(f, "t'({argument})"),
        }
    }
}

impl Add for Expression {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::binary(Binary::Add, self, other)
    }
}
impl Sub for Expression {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::binary(Binary::Subtract, self, other)
    }
}
impl Mul for Expression {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self::binary(Binary::Multiply, self, other)
    }
}
impl Div for Expression {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        Self::binary(Binary::Divide, self, other)
    }
}
impl Neg for Expression {
    type Output = Self;
    fn neg(self) -> Self {
        Self::unary(Unary::Negate, &self)
    }
}

impl Number for Expression {
    fn constant(value: f64) -> Self {
        Self::Constant(value)
    }
    fn abs(&self) -> Self {
        Self::unary(Unary::Absolute, self)
    }
    fn sign(&self) -> Self {
        Self::unary(Unary::Sign, self)
    }
    fn exp(&self) -> Self {
        Self::unary(Unary::Exp, self)
    }
    fn erf(&self) -> Self {
        Self::unary(Unary::Erf, self)
    }
    fn ln(&self) -> Self {
        Self::unary(Unary::Log, self)
    }
    fn sqrt(&self) -> Self {
        Self::unary(Unary::Sqrt, self)
    }
    fn sin(&self) -> Self {
        Self::unary(Unary::Sin, self)
    }
    fn tanh(&self) -> Self {
        Self::unary(Unary::Tanh, self)
    }
    fn sigmoid(&self) -> Self {
        Self::unary(Unary::Sigmoid, self)
    }
    fn where_positive(&self, positive: Self, otherwise: Self) -> Self {
        Self::Where(
            Condition::Positive,
            Rc::new(self.clone()),
            Rc::new(positive),
            Rc::new(otherwise),
        )
    }
    fn where_negative(&self, negative: Self, otherwise: Self) -> Self {
        Self::Where(
            Condition::Negative,
            Rc::new(self.clone()),
            Rc::new(negative),
            Rc::new(otherwise),
        )
    }
    fn mul_add(&self, factor: &Self, addend: &Self) -> Self {
        // Printed with the constant term first, as polynomials are read.
        addend.clone() + factor.clone() * self.clone()
    }
    fn tabulated(&self, table: &'static Table) -> Self {
        Self::Tabulated(table, Tabulated::Value, Rc::new(self.clone()))
    }
    fn tabulated_slope(&self, table: &'static Table) -> Self {
        Self::Tabulated(table, Tabulated::Slope, Rc::new(self.clone()))
    }
}
