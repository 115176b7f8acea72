//! Rewrites a configuration of consul-template as one of ctmpl, and checks that the result is valid.

use std::path::Path;

use config_blocks::{Block as _, Document, Format, Source};
use ctmpl_convert::configuration::{self, Migration, Target};

use super::error::ConfigError;
use super::file;
use super::layer::ConfigLayer;
use super::show::show;
use consul_render::{Language, language_of};

const CTMPL: Target = Target {
    keys: ConfigLayer::KEYS,
    is_jinja: |source| language_of(source) == Language::Jinja,
};

/// Rewrites a file.
///
/// # Errors
/// If the file cannot be read, or contains what neither consul-template nor ctmpl accepts.
pub fn migrate(path: &Path) -> Result<Migration, ConfigError> {
    let source = file::load(path)?;
    if !matches!(source.format, Format::Hcl | Format::Json) {
        return Err(ConfigError::NotMigratable {
            path: path.to_owned(),
        });
    }
    rewrite(&source)
}

/// Rewrites the text of a file, if the result is a configuration.
pub(super) fn rewrite(source: &Source) -> Result<Migration, ConfigError> {
    let migration = configuration::migrate(source, CTMPL)?;
    ConfigLayer::from_document(&migration.tree, source.document.clone())?;
    Ok(migration)
}

/// For fuzzing: a text in HCL is rewritten to the same configuration in each format.
#[doc(hidden)]
pub fn fuzz(text: &str) {
    let source = |format, text: &str| Source {
        document: Document::Variable("FUZZ"),
        format,
        text: text.to_owned(),
    };
    let Ok(migration) = rewrite(&source(Format::Hcl, text)) else {
        return;
    };
    let shown = |format| {
        let text = migration.write(format);
        let layer = file::layer(&source(format, &text));
        let page = show(layer.unwrap_or_else(|error| panic!("{error}: {text}")));
        let lines = page.lines().map(|line| {
            let value = line.split(" # ").next().unwrap_or_default();
            value.trim_end().to_owned()
        });
        lines.collect::<Vec<_>>()
    };
    let json = shown(Format::Json);
    for format in [Format::Yaml, Format::Toml, Format::Hcl] {
        assert_eq!(shown(format), json, "{text}");
    }
}
