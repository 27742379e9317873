//! Stands for the surface of task models until they are merged: every body is missing.
#![allow(missing_docs, clippy::all, clippy::pedantic, dead_code, unused)]
use crate::*;
use std::path::Path;
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskHead {
    Classification { labels: Vec<String> },
    Regression,
    Span,
}
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AdapterKind {
    Ia3,
    Lora { rank: usize, alpha: f32 },
}
#[derive(Debug)]
pub struct TaskModel;
pub struct TaskInput<'a> {
    pub sequences: usize,
    pub length: usize,
    pub ids: &'a [u32],
    pub type_ids: &'a [u32],
    pub attention_mask: &'a [u8],
    pub target: TaskTarget<'a>,
    pub first_sequence: u64,
}
pub enum TaskTarget<'a> {
    None,
    Classes(&'a [u32]),
    Scores(&'a [f32]),
    Spans { starts: &'a [u32], ends: &'a [u32] },
}
pub struct TaskScore {
    pub loss_sum: f64,
    pub sequences: usize,
    pub correct: usize,
}
type ApplyToAll<'a> = &'a mut dyn FnMut(&[ParameterInfo], Vec<&mut [f32]>);
impl TaskModel {
    pub fn is_in(folder: &Path) -> Result<bool, ModelError> {
        todo!()
    }
    pub fn with_adapter(base: &Path, adapter: &Path) -> Result<Self, ModelError> {
        todo!()
    }
    pub fn set_dropout(&mut self, hidden: f64, attention: f64) -> Result<(), ModelError> {
        todo!()
    }
    pub fn from_encoder(folder: &Path, head: TaskHead, seed: u64) -> Result<Self, ModelError> {
        todo!()
    }
    pub fn new(config: &ModelConfig, head: TaskHead, seed: u64) -> Result<Self, ModelError> {
        todo!()
    }
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        todo!()
    }
    pub fn save(&self, folder: &Path) -> Result<(), ModelError> {
        todo!()
    }
    pub fn config(&self) -> &ModelConfig {
        todo!()
    }
    pub fn head(&self) -> &TaskHead {
        todo!()
    }
    pub fn set_precision(&mut self, p: Precision) {}
    pub fn parameters(&self) -> &[ParameterInfo] {
        todo!()
    }
    pub fn sites(&self) -> &[Site] {
        todo!()
    }
    pub fn read(&self, i: usize) -> Vec<f32> {
        todo!()
    }
    pub fn write(&mut self, i: usize, v: &[f32]) -> Result<(), ModelError> {
        todo!()
    }
    pub fn update_all(&mut self, apply: ApplyToAll<'_>) -> Result<(), ModelError> {
        todo!()
    }
    pub fn add_adapter(&mut self, adapter: &AdapterKind, seed: u64) -> Result<(), ModelError> {
        todo!()
    }
    pub fn merge_adapter(&mut self) -> Result<(), ModelError> {
        todo!()
    }
    pub fn save_adapter(&self, folder: &Path, trained: &[usize]) -> Result<(), ModelError> {
        todo!()
    }
    pub fn load_adapter(&mut self, folder: &Path) -> Result<(), ModelError> {
        todo!()
    }
    pub fn set_trainable(&mut self, trainable: &[bool]) {}
    pub fn forward_backward(
        &self,
        input: &TaskInput<'_>,
        dropout: Option<DropoutKey>,
        scale: f32,
    ) -> Result<(TaskScore, Gradients), ModelError> {
        todo!()
    }
    pub fn logits(&self, input: &TaskInput<'_>) -> Result<Vec<f32>, ModelError> {
        todo!()
    }
    pub fn observe(
        &self,
        input: &TaskInput<'_>,
        sink: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), ModelError> {
        todo!()
    }
    pub fn first_non_finite(&self, input: &TaskInput<'_>) -> Result<Option<String>, ModelError> {
        todo!()
    }
}
impl MaskedLanguageModel {
    pub fn fill_mask(
        &self,
        input: &ModelInput<'_>,
        positions: &[u32],
        top: usize,
    ) -> Result<Vec<Vec<(u32, f32)>>, ModelError> {
        todo!()
    }
}
