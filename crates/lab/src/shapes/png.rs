//! Pictures that were written, once more as PNG.

use std::fs;
use std::path::{Path, PathBuf};

use super::ShapesError;
use crate::plot::raster;

/// Writes the picture `svg` as PNG beside it, under the same name; of one that moves, its last frame.
///
/// # Errors
/// `svg` cannot be read or is no picture, or the PNG cannot be written.
pub fn png(svg: &Path) -> Result<PathBuf, ShapesError> {
    let text = fs::read_to_string(svg).map_err(ShapesError::io("read", svg))?;
    let picture = raster::png(&text).map_err(|reason| ShapesError::Unreadable {
        path: svg.to_path_buf(),
        reason,
    })?;
    let path = svg.with_extension("png");
    fs::write(&path, picture).map_err(ShapesError::io("write", &path))?;
    Ok(path)
}
