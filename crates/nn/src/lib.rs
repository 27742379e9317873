//! The Transformer encoder on Burn, with operations that have their own backward.
