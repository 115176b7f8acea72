//! The keys of the log, as they came out of all layers.

use super::{Page, duration, path, quoted};
use crate::config::duration::GoDuration;
use crate::config::logging::{JOURNAL, NAME, ROTATE_AFTER, SYSLOG};
use crate::config::written::{JournalBlock, LogFileBlock, LoggingBlock, SyslogBlock};

/// What is said of the log; blocks of which nothing is said are left out.
pub(super) fn show(page: &mut Page, block: &LoggingBlock) {
    let LoggingBlock {
        level,
        format,
        file,
        syslog,
        journal,
    } = block;
    page.said("log_level", level.as_ref(), Some("\"warn\""), |text| {
        quoted(text)
    });
    page.said("log_format", format.as_ref(), Some("\"text\""), |text| {
        quoted(text)
    });
    let LogFileBlock {
        path: file,
        rotate_bytes,
        rotate_duration,
        max_files,
    } = file;
    if file.is_some() || rotate_bytes.is_some() || rotate_duration.is_some() || max_files.is_some()
    {
        page.block("log_file", None, |page| {
            page.said("path", file.as_ref(), None, |file| path(file));
            page.said(
                "log_rotate_bytes",
                rotate_bytes.as_ref(),
                Some("0"),
                ToString::to_string,
            );
            let after = duration(&GoDuration(ROTATE_AFTER));
            page.said(
                "log_rotate_duration",
                rotate_duration.as_ref(),
                Some(&after),
                duration,
            );
            page.said(
                "log_rotate_max_files",
                max_files.as_ref(),
                Some("0"),
                ToString::to_string,
            );
        });
    }
    let SyslogBlock {
        enabled,
        facility,
        name,
        address,
    } = syslog;
    if enabled.is_some() || facility.is_some() || name.is_some() || address.is_some() {
        page.block("syslog", None, |page| {
            page.said(
                "enabled",
                enabled.as_ref(),
                Some("true"),
                ToString::to_string,
            );
            page.said("facility", facility.as_ref(), Some("\"LOCAL0\""), |text| {
                quoted(text)
            });
            page.said("name", name.as_ref(), Some(&quoted(NAME)), |text| {
                quoted(text)
            });
            page.said("address", address.as_ref(), Some(&quoted(SYSLOG)), |file| {
                path(file)
            });
        });
    }
    let JournalBlock { enabled, address } = journal;
    if enabled.is_some() || address.is_some() {
        page.block("journal", None, |page| {
            page.said("enabled", enabled.as_ref(), None, ToString::to_string);
            page.said(
                "address",
                address.as_ref(),
                Some(&quoted(JOURNAL)),
                |file| path(file),
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::file::read_text;
    use super::super::super::logging::resolve;

    #[test]
    fn what_is_shown_of_the_log_means_the_same() {
        let texts = [
            "",
            "log_level = \"debug\" log_format = \"json\" log_file { path = \"/l\" log_rotate_bytes = 5 }",
            "log_file { path = \"/l\" log_rotate_duration = \"1h\" log_rotate_max_files = -1 } syslog { enabled = false }",
            "syslog { facility = \"LOCAL5\" name = \"ct\" address = \"/s\" } journal { enabled = true address = \"/j\" }",
        ];
        for text in texts {
            let meaning =
                |text: &str| resolve(read_text("f", text).expect("HCL").log).expect("a log");
            let shown = super::super::show(&read_text("f", text).expect("HCL"));
            assert_eq!(meaning(&shown), meaning(text), "{shown}");
        }
    }
}
