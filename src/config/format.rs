//! What the name of a file implies about its language and format.

use std::path::Path;

use super::resolved::{Format, Language};

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
    use config_blocks::Choice as _;

    use super::super::resolved::WriteMode;

    #[test]
    fn write_modes_are_read_in_any_case() {
        for (_, mode) in WriteMode::ALL.iter().copied() {
            assert_eq!(WriteMode::of_name(mode.name()), Ok(mode));
            assert_eq!(WriteMode::of_name(&mode.name().to_uppercase()), Ok(mode));
        }
        let error = WriteMode::of_name("truncate")
            .expect_err("no write mode")
            .to_string();
        assert_eq!(
            error,
            "there is no write mode \"truncate\"; write auto, rename or inplace"
        );
    }
}
