//! The rational function: which channels share what, and in which order the sums are taken.
//!
//! Rows are cut into chunks by shape alone; each chunk gives f64 partial sums of the coefficient gradients, which are
//! added in the order of the chunks. So results are the same bytes at any number of threads.

mod block;
mod body;
mod direct;
mod strip;

use super::sums::{rows_per_chunk, with_column_and_other_sums};
use crate::kernel::lanes::BLOCK;
use crate::spec::DenominatorForm;
use block::Buffers;
use body::{Form, FormA, FormB, FormC, FormN};
use direct::Direct;
use pliant_kernels::{parallel, prefetch};
use rayon::prelude::*;
use strip::Strip;

/// Sizes and sharing of the coefficients.
pub(crate) struct Layout {
    /// Coefficients of a numerator.
    pub(crate) numerator: usize,
    /// Coefficients of a denominator.
    pub(crate) denominator: usize,
    pub(crate) channels: usize,
    /// `None`: all.
    pub(crate) channels_per_group: Option<usize>,
    pub(crate) shared_numerator: bool,
}

impl Layout {
    fn groups(&self) -> usize {
        self.channels_per_group.map_or(1, |size| {
            assert!(
                self.channels.is_multiple_of(size),
                "{} channels in groups of {size}",
                self.channels
            );
            self.channels / size
        })
    }

    pub(crate) fn numerators(&self) -> usize {
        if self.shared_numerator {
            1
        } else {
            self.groups()
        }
    }

    fn coefficients(&self) -> usize {
        self.numerators() * self.numerator + self.groups() * self.denominator
    }

    /// Where a group's numerator and denominator lie in the flat buffer.
    fn offsets(&self, group: usize) -> (usize, usize) {
        let numerator = if self.shared_numerator {
            0
        } else {
            group * self.numerator
        };
        (
            numerator,
            self.numerators() * self.numerator + group * self.denominator,
        )
    }

    /// Rows of a chunk: enough work for a task, and enough rows that partial sums cost little beside the elements.
    fn rows_per_chunk(&self) -> usize {
        const ROWS_PER_COEFFICIENT_ROW: usize = 128;
        let by_work = rows_per_chunk(self.channels);
        match self.channels_per_group {
            Some(size) => by_work.max(ROWS_PER_COEFFICIENT_ROW.div_ceil(size)),
            None => by_work,
        }
    }
}

/// Calls the kernel that is compiled for the form and the smallest degrees that hold the layout's.
macro_rules! specialised {
    ($form:expr, $layout:expr, $run:ident($($argument:expr),*)) => {
        match $form {
            DenominatorForm::A => specialised!(@degrees FormA, $layout, $run($($argument),*)),
            DenominatorForm::B => specialised!(@degrees FormB, $layout, $run($($argument),*)),
            DenominatorForm::C => specialised!(@degrees FormC, $layout, $run($($argument),*)),
            DenominatorForm::N => specialised!(@degrees FormN, $layout, $run($($argument),*)),
        }
    };
    (@degrees $form:ty, $layout:expr, $run:ident($($argument:expr),*)) => {
        match ($layout.numerator, $layout.denominator - usize::from(<$form as Form>::HAS_CONSTANT)) {
            (0..=4, 0..=2) => $run::<$form, 4, 2>($($argument),*),
            (0..=6, 0..=4) => $run::<$form, 6, 4>($($argument),*),
            (0..=8, 0..=6) => $run::<$form, 8, 6>($($argument),*),
            _ => $run::<$form, 10, 8>($($argument),*),
        }
    };
}

/// `y[i] = f(x[i] + bias[i % channels])`
pub(crate) fn forward(
    form: DenominatorForm,
    layout: &Layout,
    coefficients: &[f32],
    x: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
) {
    assert_eq!(
        coefficients.len(),
        layout.coefficients(),
        "coefficients of {} channels",
        layout.channels
    );
    specialised!(form, layout, forward_with(layout, coefficients, x, bias, y));
}

/// `dx`, its sum over the rows and the gradient by every coefficient in one pass; without `dy`, `dx` holds it.
pub(crate) fn backward(
    form: DenominatorForm,
    layout: &Layout,
    coefficients: &[f32],
    x: &[f32],
    bias: Option<&[f32]>,
    dy: Option<&[f32]>,
    dx: &mut [f32],
    dbias: Option<&mut [f32]>,
    dcoefficients: &mut [f32],
) {
    assert_eq!(
        coefficients.len(),
        layout.coefficients(),
        "coefficients of {} channels",
        layout.channels
    );
    specialised!(
        form,
        layout,
        backward_with(layout, coefficients, x, bias, dy, dx, dbias, dcoefficients)
    );
}

fn forward_with<F: Form, const P: usize, const Q: usize>(
    layout: &Layout,
    coefficients: &[f32],
    x: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
) {
    let strips = Strip::<P, Q>::all::<F>(layout, coefficients);
    let direct = Direct::new(layout, bias, block::limit(P));
    let length = layout.rows_per_chunk() * layout.channels;
    parallel::for_each_chunk(y, length, |chunk, y| {
        let mut buffers = Buffers::new();
        let start = chunk * length;
        let x = &x[start..start + y.len()];
        for strip in &strips {
            strip.each_block(y.len(), |place| {
                if let Some((x, bias)) = direct.operands(&place, x) {
                    let y = direct::lanes_mut(&mut y[place.run()]);
                    body::forward::<F, P, Q>(&strip.coefficients, x, bias, y);
                    return;
                }
                prefetch(x, place.run().end, BLOCK);
                let vectors = place.load(x, bias, &mut buffers.x);
                buffers.forward::<F, P, Q>(&strip.coefficients, vectors);
                place.store(&buffers.out, y);
            });
        }
    });
}

fn backward_with<F: Form, const P: usize, const Q: usize>(
    layout: &Layout,
    coefficients: &[f32],
    x: &[f32],
    bias: Option<&[f32]>,
    dy: Option<&[f32]>,
    dx: &mut [f32],
    dbias: Option<&mut [f32]>,
    dcoefficients: &mut [f32],
) {
    let strips = Strip::<P, Q>::all::<F>(layout, coefficients);
    let length = layout.rows_per_chunk() * layout.channels;
    let direct = Direct::new(layout, bias, block::limit(P));
    let width = dcoefficients.len();
    let mut partials = vec![0.0_f64; dx.len().div_ceil(length) * width];
    with_column_and_other_sums(
        dx,
        length,
        layout.channels,
        dbias,
        (&mut partials, width),
        |chunk, dx, column_sums, partial| {
            let mut buffers = Buffers::new();
            let range = chunk * length..chunk * length + dx.len();
            if let Some(dy) = dy {
                dx.copy_from_slice(&dy[range.clone()]);
            }
            let x = &x[range];
            for strip in &strips {
                let mut sums = body::Sums::<P, Q>::zero();
                strip.each_block(dx.len(), |place| {
                    let columns = column_sums.get_mut(place.channels());
                    if let (Some((x, bias)), Some(columns)) = (direct.operands(&place, x), columns)
                    {
                        let dx = direct::lanes_mut(&mut dx[place.run()]);
                        let columns = direct::lanes_mut(columns);
                        body::backward::<F, P, Q>(
                            &strip.coefficients,
                            x,
                            bias,
                            dx,
                            columns,
                            &mut sums,
                        );
                        return;
                    }
                    prefetch(x, place.run().end, BLOCK);
                    prefetch(dx, place.run().end, BLOCK);
                    let vectors = place.load(x, bias, &mut buffers.x);
                    place.load(dx, None, &mut buffers.out);
                    buffers.backward::<F, P, Q>(&strip.coefficients, vectors, &mut sums);
                    place.store(&buffers.out, dx);
                    place.add_columns(&buffers.out, column_sums);
                });
                strip.fold::<F>(layout, &sums, partial);
            }
        },
    );
    // One column after the other, each over the chunks in order.
    dcoefficients
        .par_iter_mut()
        .with_min_len(64)
        .enumerate()
        .for_each(|(column, total)| {
            *total = partials.iter().skip(column).step_by(width).sum::<f64>() as f32;
        });
    body::apply_coefficient_signs::<F>(
        layout.numerators() * layout.numerator,
        coefficients,
        dcoefficients,
    );
}
