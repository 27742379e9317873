//! Entropy correction of an activation: one step of entropy-based activation function optimisation (EAFO).
//!
//! # The paper's
//! Sun et al. 2024 (arXiv 2405.12954) see an increasing activation `f` through its inverse `y`. Inputs of density `p` have
//! outputs of density `q(v) = p(y(v))·y'(v)` and of entropy `H[y] = −∫ q ln q dv`, a functional of `y`. One step of its Taylor
//! series gives a correction `η` of the inverse,
//!
//! `η(v) ∝ p(y(v))·q'(v) / q(v)`.
//!
//! For ReLU `y(v) = v` where it increases; with that branch extended to the whole line and standard normal inputs
//! `η = p' ∝ x·exp(−x²/2)`, which with a learnable factor ε, started at 0.01, is CRReLU.
//!
//! # Derived here
//! With `G = q ln q`, `∂G/∂y − d/dv ∂G/∂y' = p'y'(ln q + 1) − d/dv [p·(ln q + 1)] = −p·q'/q`. So `δH = ∫ (p q'/q)·η dv`: the formula.
//!
//! *At an input.* At `v = f(u)` the density of the output is `q = p/f'`, and `q'(v) = (p/f')'/f'`; so
//! `η(f(u)) = (p/f')'(u) = p'/f' − p·f''/f'²`: no division by `p`, which is nearly 0 where there are few inputs.
//!
//! *Of the function.* The function whose inverse is `y + cη` is `f − c·f'·η∘f` up to terms of second order in `c`. The correction
//! of the function, at its own input, is therefore `f'·η∘f = p' − p·f''/f'`, which for ReLU is `p'` again.
//!
//! *Scale and sign.* [`Correction::value`] is `t(u) = −k·(p' − p·f''/f')` with `k > 0` such that the largest magnitude is
//! [`PEAK`], that of `x·exp(−x²/2)`: for ReLU and standard normal inputs `t` is that function, and ε means the same
//! for every start and density. The entropy of the output of `f + ε·t` changes by
//! `dH/dε = ∫ p·t'/f' du = k·∫ (p' − p f''/f')²/f' du ≥ 0` ([`Correction::entropy_slope`]): to first order a positive ε raises it
//! and a negative one lowers it. Training decides.
//!
//! *Where the branch ends.* See [`Branch`]: after a step of the slope (ReLU) the branch goes on as a line; where the slope
//! reaches 0 (the minimum of GELU) the correction of the inverse has a pole, and `t` is faded to 0, where it stays on the other
//! side. A jump of the slope inside the branch (a leaky ReLU) is left out: its `y''` would be a point mass.

mod branch;
mod correction;
mod density;
mod kernel;

pub use branch::{Branch, End, Jet};
pub use correction::{Correction, PEAK, Tabulated};
pub use density::{Binned, Density};
