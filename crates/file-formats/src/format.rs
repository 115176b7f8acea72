//! The formats and their names.

use std::str::FromStr;

/// The format of a file, which determines how values are escaped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "config-blocks", derive(config_blocks::Choice))]
pub enum Format {
    /// A configuration of nginx.
    Nginx,
    /// A configuration of HAProxy.
    Haproxy,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// A script for a POSIX shell, or a file of variables.
    Shell,
    /// No format: values are not escaped.
    #[default]
    None,
}

/// The format as which a text is parsed before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "config-blocks",
    derive(config_blocks::Choice),
    choice(kind = "format")
)]
pub enum OutputFormat {
    /// One value.
    Json,
    /// Any number of documents.
    Yaml,
    /// A table.
    Toml,
    /// Sections and settings.
    Ini,
}

/// The error for an unknown name of a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format {name:?}; write {known}")]
pub struct UnknownFormat {
    name: String,
    known: &'static str,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] = [
        Self::Nginx,
        Self::Haproxy,
        Self::Json,
        Self::Yaml,
        Self::Shell,
        Self::None,
    ];

    /// Returns the name in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Shell => "shell",
            Self::None => "none",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    /// Parses a name; case is ignored.
    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let named = |format: &Self| format.name().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(named).ok_or(UnknownFormat {
            name: text.to_owned(),
            known: "nginx, haproxy, json, yaml, shell or none",
        })
    }
}

impl OutputFormat {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Json, Self::Yaml, Self::Toml, Self::Ini];

    /// Returns the name in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Toml => "toml",
            Self::Ini => "ini",
        }
    }
}

impl FromStr for OutputFormat {
    type Err = UnknownFormat;

    /// Parses a name; case is ignored.
    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let named = |format: &Self| format.name().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(named).ok_or(UnknownFormat {
            name: text.to_owned(),
            known: "json, yaml, toml or ini",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case() {
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

    #[cfg(feature = "config-blocks")]
    #[test]
    fn a_configuration_has_the_same_names() {
        let names = Format::ALL.map(|format| (format.name(), format));
        assert_eq!(<Format as config_blocks::Choice>::ALL, names);
        let names = OutputFormat::ALL.map(|format| (format.name(), format));
        assert_eq!(<OutputFormat as config_blocks::Choice>::ALL, names);
    }

    #[test]
    fn an_unknown_format_is_an_error_with_the_known_ones() {
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
