//! Names of formats.
//!
//! in:  `nginx`, `haproxy`, `json`, `yaml`, `shell`, `none`; for an output `json`, `yaml`, `toml`, `ini`
//! out: a [`Format`] or an [`OutputFormat`]; or the format that the name of a file stands for

use std::path::Path;
use std::str::FromStr;

use super::resolved::{Format, Language, OutputFormat};

/// A text that names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format {written:?}; write {known}")]
pub struct FormatError {
    written: String,
    known: &'static str,
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        match text.to_ascii_lowercase().as_str() {
            "none" => Ok(Self::None),
            "nginx" => Ok(Self::Nginx),
            "haproxy" => Ok(Self::Haproxy),
            "json" => Ok(Self::Json),
            "yaml" => Ok(Self::Yaml),
            "shell" => Ok(Self::Shell),
            _ => Err(FormatError {
                written: text.to_owned(),
                known: "nginx, haproxy, json, yaml, shell or none",
            }),
        }
    }
}

impl FromStr for OutputFormat {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        match text.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "yaml" => Ok(Self::Yaml),
            "toml" => Ok(Self::Toml),
            "ini" => Ok(Self::Ini),
            _ => Err(FormatError {
                written: text.to_owned(),
                known: "json, yaml, toml or ini",
            }),
        }
    }
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Nginx,
        Self::Haproxy,
        Self::Json,
        Self::Yaml,
        Self::Shell,
    ];

    /// Its name, as it is read.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Shell => "shell",
        }
    }
}

impl OutputFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Json, Self::Yaml, Self::Toml, Self::Ini];

    /// Its name, as it is read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Toml => "toml",
            Self::Ini => "ini",
        }
    }
}

/// The format that is meant where none is named: in Jinja that of the destination, where its name leaves no doubt.
/// Templates in Go came to be without formats, and have none.
pub(super) fn of_destination(language: Language, destination: Option<&Path>) -> Format {
    let extension = destination
        .and_then(Path::extension)
        .and_then(|extension| extension.to_str());
    match (
        language,
        extension.unwrap_or_default().to_ascii_lowercase().as_str(),
    ) {
        (Language::Jinja, "json") => Format::Json,
        (Language::Jinja, "yaml" | "yml") => Format::Yaml,
        (Language::Jinja, "sh") => Format::Shell,
        _ => Format::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_in_any_case() {
        let cases = [
            ("none", Format::None),
            ("nginx", Format::Nginx),
            ("HAProxy", Format::Haproxy),
            ("JSON", Format::Json),
            ("yaml", Format::Yaml),
            ("shell", Format::Shell),
        ];
        assert!(!cases.is_empty());
        for (text, format) in cases {
            assert_eq!(text.parse(), Ok(format), "{text}");
            assert_eq!(format.name(), text.to_lowercase());
        }
        let cases = [
            ("json", OutputFormat::Json),
            ("YAML", OutputFormat::Yaml),
            ("toml", OutputFormat::Toml),
            ("ini", OutputFormat::Ini),
        ];
        for (text, format) in cases {
            assert_eq!(text.parse(), Ok(format), "{text}");
            assert_eq!(format.name(), text.to_lowercase());
        }
    }

    #[test]
    fn what_is_no_format_is_told_which_there_are() {
        let error = "apache"
            .parse::<Format>()
            .expect_err("no format")
            .to_string();
        assert_eq!(
            error,
            "there is no format \"apache\"; write nginx, haproxy, json, yaml, shell or none"
        );
        let error = ""
            .parse::<OutputFormat>()
            .expect_err("no format")
            .to_string();
        assert_eq!(
            error,
            "there is no format \"\"; write json, yaml, toml or ini"
        );
    }
}
