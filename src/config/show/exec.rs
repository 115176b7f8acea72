//! The blocks about the child and about what programs find in their environment.

use super::{Page, duration, quoted, shown_command, shown_signal};
use crate::config::duration::GoDuration;
use crate::config::exec::{KILL_TIMEOUT, OnChange};
use crate::config::written::{EnvironmentBlock, ExecBlock};

pub(super) fn show(page: &mut Page, block: &ExecBlock) {
    let ExecBlock {
        enabled,
        command,
        environment,
        kill_signal,
        kill_timeout,
        reload_signal,
        splay,
    } = block;
    let said = enabled.is_some()
        || command.is_some()
        || !environment.is_empty()
        || reload_signal.is_some();
    if !said && kill_signal.is_none() && kill_timeout.is_none() && splay.is_none() {
        return;
    }
    page.block("exec", None, |page| {
        page.said(
            "enabled",
            enabled.as_ref(),
            Some("true"),
            ToString::to_string,
        );
        page.said("command", command.as_ref(), None, shown_command);
        show_environment(page, environment);
        let limit = duration(&GoDuration(KILL_TIMEOUT));
        // Where nothing is said it depends: to show one would be to choose it.
        page.said("kill_signal", kill_signal.as_ref(), None, shown_signal);
        page.said(
            "kill_timeout",
            kill_timeout.as_ref(),
            Some(&limit),
            duration,
        );
        page.said(
            "reload_signal",
            reload_signal.as_ref(),
            Some("\"\""),
            |change| match change {
                OnChange::Restart => quoted(""),
                OnChange::Signal(signal) => quoted(signal.as_str()),
                OnChange::Nothing => quoted("SIGNULL"),
            },
        );
        page.said("splay", splay.as_ref(), Some("\"0s\""), duration);
    });
}

/// Values may be secret.
pub(super) fn show_environment(page: &mut Page, block: &EnvironmentBlock) {
    let EnvironmentBlock {
        pristine,
        custom,
        allowlist,
        denylist,
    } = block;
    if block.is_empty() {
        return;
    }
    page.block("env", None, |page| {
        page.said(
            "pristine",
            pristine.as_ref(),
            Some("false"),
            ToString::to_string,
        );
        page.list("custom", custom, |text| {
            quoted(
                &text
                    .split_once('=')
                    .map_or("***".to_owned(), |(name, _)| format!("{name}=***")),
            )
        });
        page.list("allowlist", allowlist, quoted);
        page.list("denylist", denylist, quoted);
    });
}
