//! Resolves the log.

use std::path::PathBuf;
use std::time::Duration;

use config_blocks::{Choice as _, Error, Located, Setting, filled, value};
use tracing_outlets::{Facility, FileOptions, Keep, SyslogOptions, is_stderr_connected_to_journal};

use crate::config::layer::{ConfigLayer, JournalBlock, LogFileBlock, SyslogBlock};
use crate::config::logging::{JOURNAL, JournalConfig, LogConfig, LogFormat, LogLevel, Wanted};
use group_apply::options::CommandOutput;

const LEVEL: LogLevel = LogLevel::Warn;
/// The default of a server that runs until it is stopped: its address and its contents are shown.
const DEV_LEVEL: LogLevel = LogLevel::Info;
/// The default of consul-template.
const ROTATE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// The default of consul-template, so that rules that select by name keep working.
const NAME: &str = "consul-template";
const SYSLOG: &str = "/dev/log";

/// Resolves the keys about the log.
pub(super) fn resolve(layer: &ConfigLayer, is_server: bool) -> Result<LogConfig, Error> {
    let default = if is_server { DEV_LEVEL } else { LEVEL };
    let (level, format) = (layer.log_level.clone(), layer.log_format.clone());
    Ok(LogConfig {
        level: level.map_or(Ok(default), Located::parse)?,
        format: format.map_or(Ok(LogFormat::Text), |set| {
            set.try_map(|text| LogFormat::of_name(&text))
        })?,
        color: value(layer.color.clone()).unwrap_or_default(),
        file: log_file(layer.log_file.clone()),
        syslog: system_log(layer.syslog.clone())?,
        journal: journal(layer.journal.clone()),
    })
}

/// The destination of the output of commands if none is configured: the log where its lines are
/// structured, because text between them would break its format.
pub(super) fn command_output(layer: &ConfigLayer) -> CommandOutput {
    let format = layer.log_format.as_ref();
    let is_json = format.is_some_and(|set| LogFormat::of_name(&set.value) == Ok(LogFormat::Json));
    if is_json || is_stderr_connected_to_journal() {
        CommandOutput::Log
    } else {
        CommandOutput::Inherit
    }
}

fn journal(block: JournalBlock) -> JournalConfig {
    let JournalBlock { enabled, address } = block;
    JournalConfig {
        wanted: match value(enabled) {
            None => Wanted::WhereConnected,
            Some(true) => Wanted::Always,
            Some(false) => Wanted::Never,
        },
        address: socket(address, JOURNAL),
    }
}

fn log_file(block: LogFileBlock) -> Option<FileOptions> {
    let LogFileBlock {
        path,
        log_rotate_bytes: rotate_bytes,
        log_rotate_duration: rotate_duration,
        log_rotate_max_files: max_files,
    } = block;
    let path = value(filled(path))?;
    let rotate_bytes = value(rotate_bytes).map_or(0, |size| size.0);
    let rotate_after = value(rotate_duration).unwrap_or(ROTATE_AFTER);
    Some(FileOptions {
        path,
        rotate_bytes: Some(rotate_bytes).filter(|bytes| *bytes > 0),
        rotate_after: Some(rotate_after).filter(|after| !after.is_zero()),
        keep: match value(max_files).unwrap_or(0) {
            0 => Keep::All,
            // A negative number keeps none.
            count => Keep::Newest(usize::try_from(count).unwrap_or(0)),
        },
    })
}

/// Any key of the block turns syslog on.
fn system_log(block: SyslogBlock) -> Result<Option<SyslogOptions>, Error> {
    let SyslogBlock {
        enabled,
        facility,
        name,
        address,
    } = block;
    // An empty value sets nothing, as in consul-template.
    let (facility, name, address) = (filled(facility), filled(name), filled(address));
    let meant = facility.is_some() || name.is_some() || address.is_some();
    let facility = facility.map_or(Ok(Facility::LOCAL0), Located::parse)?;
    let name = value(name).unwrap_or_else(|| NAME.to_owned());
    Ok(value(enabled).unwrap_or(meant).then(|| SyslogOptions {
        facility,
        name,
        address: socket(address, SYSLOG),
    }))
}

fn socket(set: Setting<PathBuf>, default: &str) -> PathBuf {
    value(filled(set)).unwrap_or_else(|| PathBuf::from(default))
}
