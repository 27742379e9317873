//! Activation functions, fixed and learnable: formula, gradients, start values, fit and kernels.
