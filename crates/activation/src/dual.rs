//! Dual numbers: a value with its derivative by one variable, so that a formula checks its own derivatives.

use crate::number::Number;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `value + derivative·ε` with `ε² = 0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual {
    /// The value.
    pub value: f64,
    /// The derivative by the variable.
    pub derivative: f64,
}

impl Dual {
    /// The variable itself: derivative 1.
    pub fn variable(value: f64) -> Self {
        Self {
            value,
            derivative: 1.0,
        }
    }

    fn chain(self, value: f64, slope: f64) -> Self {
        Self {
            value,
            derivative: slope * self.derivative,
        }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            derivative: self.derivative + other.derivative,
        }
    }
}
impl Sub for Dual {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            value: self.value - other.value,
            derivative: self.derivative - other.derivative,
        }
    }
}
impl Mul for Dual {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            derivative: self.derivative * other.value + self.value * other.derivative,
        }
    }
}
impl Div for Dual {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self {
            value,
            derivative: (self.derivative - value * other.derivative) / other.value,
        }
    }
}
impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            value: -self.value,
            derivative: -self.derivative,
        }
    }
}

impl Number for Dual {
    fn constant(value: f64) -> Self {
        Self {
            value,
            derivative: 0.0,
        }
    }
    fn abs(&self) -> Self {
        self.chain(self.value.abs(), self.value.sign())
    }
    fn sign(&self) -> Self {
        Self::constant(self.value.sign())
    }
    fn exp(&self) -> Self {
        let value = Number::exp(&self.value);
        self.chain(value, value)
    }
    fn erf(&self) -> Self {
        let slope = std::f64::consts::FRAC_2_SQRT_PI * libm::exp(-self.value * self.value);
        self.chain(Number::erf(&self.value), slope)
    }
    fn ln(&self) -> Self {
        self.chain(Number::ln(&self.value), 1.0 / self.value)
    }
    fn sqrt(&self) -> Self {
        let value = self.value.sqrt();
        self.chain(value, 0.5 / value)
    }
    fn sin(&self) -> Self {
        self.chain(Number::sin(&self.value), libm::cos(self.value))
    }
    fn tanh(&self) -> Self {
        let value = Number::tanh(&self.value);
        self.chain(value, 1.0 - value * value)
    }
    fn sigmoid(&self) -> Self {
        let value = Number::sigmoid(&self.value);
        self.chain(value, value * (1.0 - value))
    }
    fn where_positive(&self, positive: Self, otherwise: Self) -> Self {
        if self.value <= 0.0 {
            otherwise
        } else {
            positive
        }
    }
    fn where_negative(&self, negative: Self, otherwise: Self) -> Self {
        if self.value < 0.0 {
            negative
        } else {
            otherwise
        }
    }
    fn mul_add(&self, factor: &Self, addend: &Self) -> Self {
        *self * *factor + *addend
    }
}
