//! The text of a document.

use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::format::{Comment, Format};
use crate::origin::Document;
use crate::tree::{Lines, Malformed, Node};

/// The text of a document.
#[derive(Clone, Debug)]
pub struct Source {
    /// The document.
    pub document: Document,
    /// Its format.
    pub format: Format,
    /// Its text.
    pub text: String,
}

impl Source {
    /// The content of a file. The format is that of the extension, else that of the content. A file named `.hcl` may
    /// contain JSON, and one named `.json` HCL.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn of_file(path: &Path, content: Vec<u8>) -> Result<Self, Error> {
        let document = Document::File(Arc::from(path));
        let format = Format::of_name(path);
        let mut text = match String::from_utf8(content) {
            Ok(text) => text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let line = Lines::of(error.as_bytes()).line(valid);
                let error = Malformed::new(line, "it is not UTF-8");
                return Err(Error::malformed(document, format, error));
            }
        };
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        let json = text.trim_start().starts_with('{');
        let format = match format {
            Some(Format::Hcl) if json => Format::Json,
            Some(Format::Json) if !json && Format::Hcl.parse(&text).is_ok() => Format::Hcl,
            Some(format) => format,
            None => Format::of_text(&text),
        };
        Ok(Self {
            document,
            format,
            text,
        })
    }

    /// The text of an environment variable, which is HCL or JSON.
    pub fn of_variable(name: &'static str, text: &str) -> Self {
        let format = if text.trim_start().starts_with('{') {
            Format::Json
        } else {
            Format::Hcl
        };
        Self {
            document: Document::Variable(name),
            format,
            text: text.to_owned(),
        }
    }

    /// Parses it.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the line.
    pub fn tree(&self) -> Result<Node, Error> {
        self.format
            .parse(&self.text)
            .map_err(|error| Error::malformed(self.document.clone(), Some(self.format), error))
    }

    /// Its comments, if it is HCL; empty otherwise.
    pub fn comments(&self) -> Vec<Comment> {
        self.format.comments(&self.text)
    }
}
