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
use crate::spec::{ActivationSpec, DenominatorForm, RationalOptions, Share};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug)]
pub(super) struct Rational {
    text: String,
    options: RationalOptions,
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
    let (numerator, denominator, fit) = if options.start.name() == GELU_2020 {
        (
            gelu_2020::NUMERATOR.to_vec(),
            gelu_2020::DENOMINATOR.to_vec(),
            None,
        )
    } else {
        let fit = remembered_fit(&options)?;
        (fit.numerator.clone(), fit.denominator.clone(), Some(fit))
    };
    Ok(Arc::new(Rational {
        text,
        options,
        numerator,
        denominator,
        fit,
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
    fn groups(&self, channels: usize) -> Result<usize, ActivationError> {
        if channels == 0 {
            return Err(ActivationError::NoChannels {
                activation: self.text.clone(),
            });
        }
        match self.options.share {
            Share::Layer => Ok(1),
            Share::Channel => Ok(channels),
            Share::Group(size) if channels.is_multiple_of(size) => Ok(channels / size),
            Share::Group(group) => Err(ActivationError::Groups {
                activation: self.text.clone(),
                channels,
                group,
            }),
        }
    }

    fn layout(&self, channels: usize) -> Layout {
        let channels_per_group = match self.options.share {
            Share::Layer => None,
            Share::Group(size) => Some(size),
            Share::Channel => Some(1),
        };
        Layout {
            numerator: self.numerator.len(),
            denominator: self.denominator.len(),
            channels,
            channels_per_group,
            shared_numerator: self.options.shared_numerator,
        }
    }

    fn split<'a, T>(&self, coefficients: &'a [T]) -> (&'a [T], &'a [T]) {
        coefficients.split_at(self.numerator.len())
    }
}

impl Function for Rational {
    fn tensors(&self, channels: usize) -> Result<Vec<CoefficientTensor>, ActivationError> {
        let groups = self.groups(channels)?;
        let numerators = if self.options.shared_numerator {
            1
        } else {
            groups
        };
        Ok(vec![
            CoefficientTensor {
                name: "numerator",
                shape: vec![numerators, self.numerator.len()],
            },
            CoefficientTensor {
                name: "denominator",
                shape: vec![groups, self.denominator.len()],
            },
        ])
    }

    fn start(&self, channels: usize) -> Result<Vec<f32>, ActivationError> {
        let tensors = self.tensors(channels)?;
        let rows = [
            (&tensors[0], &self.numerator),
            (&tensors[1], &self.denominator),
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

    fn group_start(&self) -> Vec<f64> {
        self.numerator
            .iter()
            .chain(&self.denominator)
            .copied()
            .collect()
    }

    fn fit(&self) -> Option<&FitReport> {
        self.fit.as_deref()
    }

    fn fit_range(&self) -> Option<(f64, f64)> {
        // The table was fitted by its authors on [-3, 3].
        Some(
            self.fit
                .as_ref()
                .map_or((-3.0, 3.0), |fit| fit.request.range),
        )
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

    fn expressions(&self) -> (Expression, Expression) {
        let names = |letter: char, first: usize, count: usize| -> Vec<Expression> {
            (first..first + count)
                .map(|i| Expression::symbol(&format!("{letter}{i}")))
                .collect()
        };
        let form = self.options.form;
        let a = names('a', 0, self.numerator.len());
        let b = names(
            'b',
            usize::from(form != DenominatorForm::C),
            self.denominator.len(),
        );
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
        dy: &[f32],
        channels: usize,
        dx: &mut [f32],
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
            dcoefficients,
        );
    }
}
