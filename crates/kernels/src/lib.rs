//! Numerical kernels on plain slices: fast code and its f64 reference side by side.
