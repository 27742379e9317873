//! Reading text: which files, how they are compressed, where documents end.

pub(crate) mod archive;
pub(crate) mod files;
mod rows;
pub(crate) mod source;
pub(crate) mod text;
