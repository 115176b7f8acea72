//! Reads the text of a template.
//!
//! Input: a path, or standard input. Output: the text, or a [`TemplateError`] with a remedy.

use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::LazyLock;

use super::error::TemplateError;
use super::nearest::nearest;
use crate::options::TemplateSource;

/// The maximum size of a template from standard input, in bytes.
const MAX_INPUT: u64 = 64 << 20;

/// The number of files of a directory that are compared with a missing one.
const MAX_SIMILAR: usize = 1000;

/// Reads the source of a template.
///
/// # Errors
/// [`TemplateError`] if the file cannot be read, or is not UTF-8.
pub fn read(path: &Path) -> Result<String, TemplateError> {
    let name = path.display().to_string();
    let bytes = safe_read::read(path).map_err(|error| {
        let similar = (error.kind() == ErrorKind::NotFound).then(|| similar_file(path));
        TemplateError::whole(&name, format!("cannot read the template: {error}")).with_hint(
            similar
                .flatten()
                .map(|file| format!("did you mean {file}?")),
        )
    })?;
    text_of(&name, bytes)
}

/// Reads standard input at the first call, up to its end.
pub(super) fn standard_input() -> Result<String, TemplateError> {
    static CONTENT: LazyLock<std::io::Result<Vec<u8>>> = LazyLock::new(|| {
        let mut content = Vec::new();
        let mut input = std::io::stdin().lock().take(MAX_INPUT + 1);
        let size = input.read_to_end(&mut content)?;
        if size as u64 > MAX_INPUT {
            return Err(std::io::Error::other("it is longer than 64 MiB"));
        }
        Ok(content)
    });
    let name = TemplateSource::StandardInput.name();
    match &*CONTENT {
        Ok(content) => text_of(&name, content.clone()),
        Err(error) => Err(TemplateError::whole(
            &name,
            format!("cannot read the template: {error}"),
        )),
    }
}

/// Converts the content of a template to text.
fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, TemplateError> {
    String::from_utf8(bytes).map_err(|error| {
        let text = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let line = 1 + text.matches('\n').count();
        TemplateError::whole(
            name,
            format!("cannot read the template: line {line} is not UTF-8 text"),
        )
    })
}

/// The most similar name of a file in the same directory; `None` if none is similar.
fn similar_file(path: &Path) -> Option<String> {
    let directory = path.parent()?;
    let entries = if directory.as_os_str().is_empty() {
        std::fs::read_dir(".")
    } else {
        std::fs::read_dir(directory)
    };
    let names = entries.ok()?.flatten().take(MAX_SIMILAR);
    let names: Vec<_> = names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.ends_with('~'))
        .collect();
    let near = nearest(
        path.file_name()?.to_str()?,
        names.iter().map(String::as_str),
    )?;
    Some(directory.join(near).display().to_string())
}
