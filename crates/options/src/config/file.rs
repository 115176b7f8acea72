//! Reads configuration files: HCL, JSON, YAML and TOML.
//!
//! Input: the path of a file, or the text of `CT_LOCAL_CONFIG`. Output: a [`ConfigLayer`]; an error names file, line and
//! key.

use std::io;
use std::path::Path;

use config_blocks::{Block as _, Error, Source};

use super::layer::ConfigLayer;

/// The maximum size of a file; templates with a megabyte of `contents` fit in.
const MAX_SIZE: u64 = 4 * 1024 * 1024;

/// Loads a file.
pub(super) fn load(path: &Path) -> Result<Source, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_SIZE {
        let what = format!("it has {size} bytes; a configuration has at most {MAX_SIZE}");
        return Err(unreadable(io::Error::new(
            io::ErrorKind::FileTooLarge,
            what,
        )));
    }
    Source::of_file(path, safe_read::read(path).map_err(unreadable)?)
}

/// Reads the layer of a document.
pub(super) fn layer(source: &Source) -> Result<ConfigLayer, Error> {
    let (layer, unsupported) = ConfigLayer::from_source(source)?;
    Ok(ConfigLayer {
        unsupported,
        ..layer
    })
}

/// Reads a text as a file of this name.
#[cfg(test)]
pub(super) fn read_text(name: &str, text: &str) -> Result<ConfigLayer, Error> {
    layer(&Source::of_file(Path::new(name), text.into())?)
}

/// For fuzzing: reads a text in each format, without a panic.
#[doc(hidden)]
pub fn fuzz(text: &str) {
    for name in ["a.hcl", "a.json", "a.yaml", "a.toml", "a"] {
        if let Ok(source) = Source::of_file(Path::new(name), text.into()) {
            let _ = layer(&source);
        }
    }
}
