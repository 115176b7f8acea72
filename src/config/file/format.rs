//! The formats of configuration files.

use std::path::Path;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Hcl,
    Json,
    Yaml,
    Toml,
}

impl Format {
    /// Its name, for errors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hcl => "HCL",
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
        }
    }

    /// The format of a file of this name.
    pub(crate) fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "hcl" => Some(Self::Hcl),
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }
}
