//! Text forms of activations, which print as they read, and lists of coefficients.
#![no_main]
use pliant_activation::{ActivationSpec, import};

libfuzzer_sys::fuzz_target!(|text: &str| {
    match text.parse::<ActivationSpec>() {
        Ok(spec) => {
            let printed = spec.to_string();
            assert_eq!(printed.parse::<ActivationSpec>().expect("a printed text reads").to_string(), printed);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let _ = import::read(text);
});
