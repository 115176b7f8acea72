//! Names of write modes and log formats, and what the name of a file implies.

use std::path::Path;
use std::str::FromStr;

use super::logging::LogFormat;
use super::resolved::{Format, Language, WriteMode};

/// A text that is none of the names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NameError {
    message: String,
}

/// Gives an enum its names: `ALL`, `name` and `FromStr`, which reads in any case.
macro_rules! names {
    ($type:ty, $message:literal, { $($name:literal => $variant:ident),+ $(,)? }) => {
        impl $type {
            /// All values.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name in a configuration.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let named = |value: &Self| value.name().eq_ignore_ascii_case(text);
                Self::ALL.into_iter().find(named).ok_or_else(|| NameError {
                    message: format!($message, text),
                })
            }
        }
    };
}

names!(WriteMode, "there is no write mode {:?}; write auto, rename or inplace", {
    "auto" => Auto,
    "rename" => Rename,
    "inplace" => InPlace,
});

names!(LogFormat, "there is no log format {:?}; write text or json", {
    "text" => Text,
    "json" => Json,
});

/// The language of a template, by its name: `.j2`, `.jinja` and `.jinja2` are Jinja, everything else is Go.
pub fn language_of(source: &Path) -> Language {
    let extension = source
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    if ["j2", "jinja", "jinja2"]
        .iter()
        .any(|jinja| extension.eq_ignore_ascii_case(jinja))
    {
        Language::Jinja
    } else {
        Language::Go
    }
}

/// The default format: of a Jinja template by the extension of the destination; of a Go template none, as in
/// consul-template.
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
    fn write_modes_are_read_in_any_case() {
        for mode in WriteMode::ALL {
            assert_eq!(mode.name().parse(), Ok(mode));
            assert_eq!(mode.name().to_uppercase().parse(), Ok(mode));
        }
        let error = "truncate"
            .parse::<WriteMode>()
            .expect_err("no write mode")
            .to_string();
        assert_eq!(
            error,
            "there is no write mode \"truncate\"; write auto, rename or inplace"
        );
    }
}
