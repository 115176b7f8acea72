//! Types of the values of keys that are neither of the standard library nor of a crate.

use std::path::Path;

use config_blocks::Choice;
use consul_render::Language;
use file_formats::Format;

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
pub(crate) enum UnitAction {
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
