//! A rational with its options fixed.

use super::scale::{self, Factors};
use super::{definition, first_power, options};
use crate::activation::CoefficientTensor;
use crate::dual::Dual;
use crate::error::ActivationError;
use crate::expression::Expression;
use crate::family::{Function, GELU_2020, gelu_2020};
use crate::fit::{self, FitReport, FitRequest};
use crate::kernel::rational as kernel;
use crate::kernel::rational::Layout;
use crate::number::Number;
use crate::spec::{ActivationSpec, RationalOptions};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

#[derive(Debug)]
pub(super) struct Rational {
    text: String,
    options: RationalOptions,
    factors: Option<Factors>,
    /// Made when first asked for.
    start: OnceLock<Result<Start, ActivationError>>,
}

/// One group's start, and the fit behind it unless it is a stored table.
#[derive(Debug)]
struct Start {
    /// In the variable of the coefficients.
    coefficients: Vec<f64>,
    fit: Option<Arc<FitReport>>,
}

pub(super) fn resolve(spec: &ActivationSpec) -> Result<Arc<Rational>, ActivationError> {
    let text = spec.to_string();
    let Some(options) = options(spec) else {
        return Err(ActivationError::Fit {
            target: text,
            message: "it is no rational".into(),
        });
    };
    Ok(Arc::new(Rational {
        text,
        factors: Factors::of(&options),
        options,
        start: OnceLock::new(),
    }))
}

/// Each layer asks for the same fit: it is made once per process.
fn remembered_fit(options: &RationalOptions) -> Result<Arc<FitReport>, ActivationError> {
    static FITS: Mutex<BTreeMap<String, Arc<FitReport>>> = Mutex::new(BTreeMap::new());
    let request = FitRequest {
        target: options.start.clone(),
        form: options.form,
        numerator_degree: options.numerator_degree,
        denominator_degree: options.denominator_degree,
        range: options.range,
        tail_weight: fit::default_tail_weight(options.form),
    };
    let key = format!("{request:?}");
    if let Some(fit) = FITS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
    {
        return Ok(Arc::clone(fit));
    }
    let fit = Arc::new(fit::fit(&request)?);
    FITS.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(key, Arc::clone(&fit));
    Ok(fit)
}

impl Rational {
    fn start_of_group(&self) -> Result<&Start, ActivationError> {
        let make = || {
            if self.options.start.name() == GELU_2020 {
                let (numerator, denominator) = (gelu_2020::NUMERATOR, gelu_2020::DENOMINATOR);
                return Ok(Start {
                    coefficients: self.options.coefficients(&numerator, &denominator),
                    fit: None,
                });
            }
            let fit = remembered_fit(&self.options)?;
            Ok(Start {
                coefficients: self.options.coefficients(&fit.numerator, &fit.denominator),
                fit: Some(fit),
            })
        };
        self.start.get_or_init(make).as_ref().map_err(Clone::clone)
    }

    fn numerator(&self) -> usize {
        self.options.numerator_degree + 1
    }

    fn denominator(&self) -> usize {
        self.options
            .form
            .coefficients(self.options.denominator_degree)
    }

    fn layout(&self, channels: usize) -> Layout {
        Layout {
            numerator: self.numerator(),
            denominator: self.denominator(),
            channels,
            channels_per_group: self.options.share.channels_per_group(),
            shared_numerator: self.options.shared_numerator,
        }
    }

    /// The variable of the coefficients, x/R.
    fn variable<N: Number>(&self, x: N) -> N {
        if self.options.scale == 1.0 {
            x
        } else {
            x * N::constant(1.0 / self.options.scale)
        }
    }

    /// The derivative by x, from that by the variable.
    fn by_x<N: Number>(&self, derivative: N) -> N {
        self.variable(derivative)
    }

    fn split<'a, T>(&self, coefficients: &'a [T]) -> (&'a [T], &'a [T]) {
        coefficients.split_at(self.numerator())
    }
}

impl Function for Rational {
    fn tensors(&self, channels: usize) -> Result<Vec<CoefficientTensor>, ActivationError> {
        let groups = self.options.share.groups(channels, &self.text)?;
        let numerators = if self.options.shared_numerator {
            1
        } else {
            groups
        };
        Ok(vec![
            CoefficientTensor {
                name: "numerator",
                shape: vec![numerators, self.numerator()],
            },
            CoefficientTensor {
                name: "denominator",
                shape: vec![groups, self.denominator()],
            },
        ])
    }

    fn start(&self, channels: usize) -> Result<Vec<f32>, ActivationError> {
        let tensors = self.tensors(channels)?;
        let start = self.start_of_group()?;
        let (numerator, denominator) = self.split(&start.coefficients);
        let rows = [(&tensors[0], numerator), (&tensors[1], denominator)];
        Ok(rows
            .into_iter()
            .flat_map(|(tensor, row)| {
                row.iter()
                    .cycle()
                    .take(tensor.len())
                    .map(|value| *value as f32)
            })
            .collect())
    }

    fn prepare(&self) -> Result<(), ActivationError> {
        self.start_of_group().map(|_| ())
    }

    fn group_start(&self) -> Vec<f64> {
        self.start_of_group()
            .map_or_else(|_| Vec::new(), |start| start.coefficients.clone())
    }

    fn fit(&self) -> Option<&FitReport> {
        self.start_of_group()
            .ok()
            .and_then(|start| start.fit.as_deref())
    }

    fn fit_range(&self) -> Option<(f64, f64)> {
        // The table was fitted by its authors on [-3, 3].
        Some(if self.options.start.name() == GELU_2020 {
            (-3.0, 3.0)
        } else {
            self.options.range
        })
    }

    fn value(&self, coefficients: &[f64], x: f64) -> f64 {
        let (a, b) = self.split(coefficients);
        definition::value(self.options.form, a, b, &self.variable(x))
    }

    fn derivative(&self, coefficients: &[f64], x: f64) -> f64 {
        let (a, b) = self.split(coefficients);
        self.by_x(definition::derivative(
            self.options.form,
            a,
            b,
            &self.variable(x),
        ))
    }

    fn coefficient_gradient(&self, coefficients: &[f64], x: f64, out: &mut [f64]) {
        let (a, b) = self.split(coefficients);
        definition::coefficient_gradient(self.options.form, a, b, &self.variable(x), out);
    }

    fn dual(&self, coefficients: &[Dual], x: Dual) -> Dual {
        let (a, b) = self.split(coefficients);
        definition::value(self.options.form, a, b, &self.variable(x))
    }

    fn dual_derivative(&self, coefficients: &[Dual], x: Dual) -> Dual {
        let (a, b) = self.split(coefficients);
        self.by_x(definition::derivative(
            self.options.form,
            a,
            b,
            &self.variable(x),
        ))
    }

    fn symbols(&self) -> Vec<(&'static str, Vec<String>)> {
        let names = |letter: char, first: usize, count: usize| {
            (first..first + count)
                .map(|i| format!("{letter}{i}"))
                .collect()
        };
        let first = first_power(self.options.form);
        vec![
            ("numerator", names('a', 0, self.numerator())),
            ("denominator", names('b', first, self.denominator())),
        ]
    }

    fn expressions(&self) -> (Expression, Expression) {
        let form = self.options.form;
        let [a, b]: [Vec<Expression>; 2] = [0, 1].map(|tensor| {
            let (_, symbols) = &self.symbols()[tensor];
            symbols
                .iter()
                .map(|name| Expression::symbol(name))
                .collect()
        });
        let x = self.variable(Expression::symbol("x"));
        (
            definition::value(form, &a, &b, &x),
            self.by_x(definition::derivative(form, &a, &b, &x)),
        )
    }

    fn kinks(&self, coefficients: &[f64]) -> Vec<f64> {
        let (_, b) = self.split(coefficients);
        let mut kinks = definition::kinks(self.options.form, b);
        for kink in &mut kinks {
            *kink *= self.options.scale;
        }
        kinks
    }

    fn forward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        channels: usize,
        y: &mut [f32],
    ) {
        let layout = self.layout(channels);
        let plain = scale::plain(self.factors.as_ref(), coefficients, layout.numerators());
        kernel::forward(self.options.form, &layout, &plain, x, bias, y);
    }

    fn backward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        dy: Option<&[f32]>,
        channels: usize,
        dx: &mut [f32],
        dbias: Option<&mut [f32]>,
        dcoefficients: &mut [f32],
    ) {
        let layout = self.layout(channels);
        let numerators = layout.numerators();
        let plain = scale::plain(self.factors.as_ref(), coefficients, numerators);
        kernel::backward(
            self.options.form,
            &layout,
            &plain,
            x,
            bias,
            dy,
            dx,
            dbias,
            dcoefficients,
        );
        if let Some(factors) = &self.factors {
            factors.multiply(dcoefficients, numerators);
        }
    }
}
