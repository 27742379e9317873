//! Recipes; what is read prints as a recipe that reads as the same.
#![no_main]
use std::path::Path;

use pliant_train::Recipe;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(recipe) = Recipe::parse(Path::new("recipe.toml"), text, &[]) {
        let printed = recipe.to_toml(None);
        let again = Recipe::parse(Path::new("again.toml"), &printed, &[]).expect("a printed recipe reads");
        assert_eq!(again.to_toml(None), printed);
    }
});
