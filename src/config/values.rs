//! Types of the values of keys that are neither of the standard library nor of a crate.

use std::path::Path;

use config_blocks::Choice;
use consul_render::Language;
use file_formats::Format;

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum WriteMode {
    /// Replace the file where possible, else overwrite it.
    #[default]
    Auto,
    /// Replace the file, or fail.
    Rename,
    /// Overwrite the file; a reader may see a mixture.
    InPlace,
}

/// The destination of the output of commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Choice)]
pub enum CommandOutput {
    /// The standard output and error of ctmpl, unchanged.
    #[default]
    Inherit,
    /// The log.
    Log,
}

/// A program with a built-in check or verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Choice)]
pub enum Program {
    /// nginx
    Nginx,
    /// HAProxy
    Haproxy,
    /// The Apache HTTP server; it has a check only.
    Apache,
}

/// The reaction to a failed command or verification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
#[choice(kind = "reaction to a failure")]
pub enum OnFailure {
    /// The command runs again, with growing pauses.
    #[default]
    Retry,
    /// The previous content is restored, and the command runs again. The failed content is not
    /// applied until it changes.
    Rollback,
    /// The process exits with an error.
    Exit,
}

/// What happens when a file is changed by another program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
#[choice(kind = "reaction to a drift")]
pub enum Drift {
    /// Nothing.
    #[default]
    Ignore,
    /// It is logged.
    Report,
    /// It is logged, and the file is written again.
    Restore,
}

/// The files with which the child process may be started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartWith {
    /// Files that are current.
    #[default]
    Current,
    /// Also the files of the last run, if Consul does not provide all data.
    LastGood,
}

impl Choice for StartWith {
    const KIND: &'static str = "condition of the start";
    const SPELLING: &'static str = "start_with";
    const EXPECTED: &'static str = "\"current\" or \"last_good\"";
    const ADVICE: &'static str = "";
    const ALL: &'static [(&'static str, Self)] =
        &[("current", Self::Current), ("last_good", Self::LastGood)];
}

/// What `systemctl` does with a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnitAction {
    /// Its program reads its configuration again.
    #[default]
    Reload,
    /// It is stopped and started.
    Restart,
    /// It is restarted if it runs.
    TryRestart,
    /// It is reloaded if it supports that, else restarted.
    ReloadOrRestart,
    /// The same, if it runs.
    TryReloadOrRestart,
}

impl Choice for UnitAction {
    const KIND: &'static str = "action of systemd";
    const SPELLING: &'static str = "unit_action";
    const EXPECTED: &'static str = "the name of an action of systemd in quotes";
    const ADVICE: &'static str = "";
    const ALL: &'static [(&'static str, Self)] = &[
        ("reload", Self::Reload),
        ("restart", Self::Restart),
        ("try-restart", Self::TryRestart),
        ("reload-or-restart", Self::ReloadOrRestart),
        ("try-reload-or-restart", Self::TryReloadOrRestart),
    ];
}

/// The default format: of a Jinja template by the extension of the destination; of a Go template none, as in
/// consul-template.
pub(super) fn format_of(destination: Option<&Path>, language: Language) -> Format {
    match (language, destination.map(extension).as_deref()) {
        (Language::Jinja, Some("json")) => Format::Json,
        (Language::Jinja, Some("yaml" | "yml")) => Format::Yaml,
        (Language::Jinja, Some("sh")) => Format::Shell,
        _ => Format::None,
    }
}

/// The extension of a name, in lower case.
fn extension(path: &Path) -> String {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

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
