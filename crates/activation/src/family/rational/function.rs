//! A rational with its options fixed.

use super::definition;
use super::options;
use crate::activation::CoefficientTensor;
use crate::dual::Dual;
use crate::error::ActivationError;
use crate::expression::Expression;
use crate::family::{Function, GELU_2020, gelu_2020};
use crate::fit::{self, FitReport, FitRequest};
use crate::kernel::rational as kernel;
use crate::kernel::rational::Layout;
use crate::spec::{ActivationSpec, DenominatorForm, RationalOptions};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

#[derive(Debug)]
pub(super) struct Rational {
    text: String,
    options: RationalOptions,
    /// Made when first asked for.
    start: OnceLock<Result<Start, ActivationError>>,
}

/// One group's start, and the fit behind it unless it is a stored table.
#[derive(Debug)]
struct Start {
    numerator: Vec<f64>,
    denominator: Vec<f64>,
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
                let (numerator, denominator) = (
                    gelu_2020::NUMERATOR.to_vec(),
                    gelu_2020::DENOMINATOR.to_vec(),
                );
                return Ok(Start {
                    numerator,
                    denominator,
                    fit: None,
                });
            }
            let fit = remembered_fit(&self.options)?;
            Ok(Start {
                numerator: fit.numerator.clone(),
                denominator: fit.denominator.clone(),
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
        let rows = [
            (&tensors[0], &start.numerator),
            (&tensors[1], &start.denominator),
        ];
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
        self.start_of_group().map_or_else(
            |_| Vec::new(),
            |start| {
                start
                    .numerator
                    .iter()
                    .chain(&start.denominator)
                    .copied()
                    .collect()
            },
        )
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
        definition::value(self.options.form, a, b, &x)
    }

    fn derivative(&self, coefficients: &[f64], x: f64) -> f64 {
        let (a, b) = self.split(coefficients);
        definition::derivative(self.options.form, a, b, &x)
    }

    fn coefficient_gradient(&self, coefficients: &[f64], x: f64, out: &mut [f64]) {
        let (a, b) = self.split(coefficients);
        definition::coefficient_gradient(self.options.form, a, b, &x, out);
    }

    fn dual(&self, coefficients: &[Dual], x: Dual) -> Dual {
        let (a, b) = self.split(coefficients);
        definition::value(self.options.form, a, b, &x)
    }

    fn dual_derivative(&self, coefficients: &[Dual], x: Dual) -> Dual {
        let (a, b) = self.split(coefficients);
        definition::derivative(self.options.form, a, b, &x)
    }

    fn symbols(&self) -> Vec<(&'static str, Vec<String>)> {
        let names = |letter: char, first: usize, count: usize| {
            (first..first + count)
                .map(|i| format!("{letter}{i}"))
                .collect()
        };
        let first = usize::from(self.options.form != DenominatorForm::C);
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
        let x = Expression::symbol("x");
        (
            definition::value(form, &a, &b, &x),
            definition::derivative(form, &a, &b, &x),
        )
    }

    fn kinks(&self, coefficients: &[f64]) -> Vec<f64> {
        let (_, b) = self.split(coefficients);
        definition::kinks(self.options.form, b)
    }

    fn forward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        channels: usize,
        y: &mut [f32],
    ) {
        kernel::forward(
            self.options.form,
            &self.layout(channels),
            coefficients,
            x,
            bias,
            y,
        );
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
        kernel::backward(
            self.options.form,
            &self.layout(channels),
            coefficients,
            x,
            bias,
            dy,
            dx,
            dbias,
            dcoefficients,
        );
    }
}
