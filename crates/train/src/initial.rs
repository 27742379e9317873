//! The model that a run begins with: drawn from the seed, or another model's weights.

use pliant_nn::MaskedLanguageModel;

use crate::finetune::start::check_vocabulary;
use crate::{Recipe, TrainError};

/// The model of a recipe for a vocabulary of that size.
///
/// # Errors
/// A configuration that fits no model, or a model to begin with that cannot be read or knows fewer words.
pub(crate) fn model(
    recipe: &Recipe,
    vocabulary_size: usize,
) -> Result<MaskedLanguageModel, TrainError> {
    let Some(folder) = &recipe.model.start else {
        let config = recipe.model_config(vocabulary_size)?;
        return Ok(MaskedLanguageModel::new(&config, recipe.train.seed)?);
    };
    let mut model = MaskedLanguageModel::load(folder)?;
    check_vocabulary(folder, vocabulary_size, model.config().vocabulary_size)?;
    model.set_dropout(recipe.model.dropout, recipe.model.attention_dropout)?;
    Ok(model)
}
