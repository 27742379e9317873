//! From the recipe to what the other crates take.

use std::path::{Path, PathBuf};

use pliant_data::{Corpus, DataConfig, Generated, Masking, Split, TokenizerSource};
use pliant_nn::{Additions, ModelConfig, ModelError, Preset};

use super::table::{ActivationTable, ModelTable};
use super::{Recipe, RecipeError};
use crate::recipe::value::Origin;

impl Recipe {
    /// The model for a vocabulary of that size.
    pub fn model_config(&self, vocabulary_size: usize) -> Result<ModelConfig, ModelError> {
        let base = self
            .model
            .preset
            .config(vocabulary_size, self.activation.function.clone())?;
        let model = &self.model;
        Ok(ModelConfig {
            layers: model.layers,
            hidden_size: model.hidden_size,
            heads: model.heads,
            intermediate_size: model.intermediate_size,
            max_positions: model.max_positions,
            type_vocabulary_size: model.type_vocabulary_size,
            positions: model.positions,
            norm: model.norm,
            embedding_norm: model.embedding_norm,
            norm_epsilon: model.norm_epsilon,
            dropout: model.dropout,
            attention_dropout: model.attention_dropout,
            initialisation: model.initialisation,
            fixed_activation: self.activation.fixed.clone(),
            additions: Additions {
                feed_forward_input: self.activation.feed_forward_input.clone(),
                attention_output: self.activation.attention_output.clone(),
                inner_norm: model.inner_norm,
            },
            sites: self
                .activation
                .layers
                .clone()
                .with_pooler(self.activation.pooler),
            ..base
        })
    }

    /// The data, prepared below `run_folder` unless the recipe names a cache.
    pub fn data_config(&self, run_folder: &Path) -> DataConfig {
        let data = &self.data;
        DataConfig {
            corpus: match data.corpus.as_str() {
                "generated" => Corpus::Generated(Generated {
                    seed: data.generated_seed,
                    words: data.generated_words,
                }),
                path => Corpus::Path(PathBuf::from(path)),
            },
            tokenizer: match data.tokenizer.as_str() {
                "train" => TokenizerSource::Trained {
                    vocabulary_size: data.vocabulary_size,
                },
                path => TokenizerSource::File(PathBuf::from(path)),
            },
            sequence: self.train.sequence,
            cache: data
                .cache
                .clone()
                .unwrap_or_else(|| run_folder.join("data")),
            validation_sequences: (self.validation.sequences > 0)
                .then_some(self.validation.sequences),
            split: Split::TrainAndValidation,
        }
    }

    /// The masking rates.
    pub fn masking(&self) -> Masking {
        Masking {
            probability: self.data.mask_probability,
            ..Masking::default()
        }
    }
}

/// The `[model]` table of a preset.
pub(crate) fn preset_table(preset: Preset) -> Result<ModelTable, RecipeError> {
    let config = preset
        .config(1, ActivationTable::default().function)
        .map_err(|source| RecipeError::Model {
            origin: Origin::Preset(preset.to_string()),
            source,
        })?;
    Ok(ModelTable {
        preset,
        ..table_of(&config)
    })
}

/// The `[model]` table of a configuration.
pub(crate) fn table_of(config: &ModelConfig) -> ModelTable {
    ModelTable {
        layers: config.layers,
        hidden_size: config.hidden_size,
        heads: config.heads,
        intermediate_size: config.intermediate_size,
        max_positions: config.max_positions,
        type_vocabulary_size: config.type_vocabulary_size,
        positions: config.positions,
        norm: config.norm,
        embedding_norm: config.embedding_norm,
        inner_norm: config.additions.inner_norm,
        norm_epsilon: config.norm_epsilon,
        dropout: config.dropout,
        attention_dropout: config.attention_dropout,
        initialisation: config.initialisation,
        ..ModelTable::default()
    }
}
