//! The written shape: what flags, environment and files say, before defaults and before any of it is weighed.
//!
//! Each source is one layer, a [`Written`] in which `None` is "not said"; [`Written::over`] lays one over another.
//! Keys are called as in consul-template's files. A key is a field here, a line in `from_node`, and a row in
//! `config::reference`; one that is not acted on is a line in `from_node` only, and one in `config::later`.

mod connection;
mod consul;
mod exec;
mod later;
mod logging;
mod template;

use std::path::PathBuf;
use std::sync::Arc;

use super::duration::GoDuration;
use super::error::{ConfigError, Said, Spot};
use super::file::{At, Fields, FromNode, Node};
use super::resolved::{Format, OutputFormat, WriteMode};
use super::signal::SignalName;
use super::wait::WaitBlock;

pub use connection::{RetryBlock, TransportBlock};
pub use consul::{AuthBlock, ConsulBlock, SslBlock};
pub use exec::{EnvironmentBlock, ExecBlock};
pub use logging::{JournalBlock, LogFileBlock, LoggingBlock, SyslogBlock};
pub use template::{CommandBlock, TemplateBlock};

/// One layer.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// How Consul is reached.
    pub consul: ConsulBlock,
    /// The templates, in order.
    pub template: Vec<TemplateBlock>,
    /// The child that is kept running.
    pub exec: ExecBlock,
    /// What opens and closes an action, where a template does not say.
    pub default_delimiters: DelimitersBlock,
    /// How long changes are collected, where a template does not say.
    pub wait: Option<Said<WaitBlock>>,
    /// How values are written, where a template does not say.
    pub format: Option<Said<Format>>,
    /// What every output must be, where a template does not say.
    pub output_format: Option<Said<OutputFormat>>,
    /// How old a stale answer may be.
    pub max_stale: Option<Said<GoDuration>>,
    /// How long one blocking query may block.
    pub block_query_wait: Option<Said<GoDuration>>,
    /// What is logged, how, and to whom.
    pub log: LoggingBlock,
    /// The signal that ends the process.
    pub kill_signal: Option<Said<SignalName>>,
    /// The signal that makes it read everything again.
    pub reload_signal: Option<Said<SignalName>>,
    /// Where the process ID is written.
    pub pid_file: Option<Said<PathBuf>>,
    /// What templates may do beside rendering.
    pub allow: Option<Vec<Said<String>>>,
    /// The directory that templates may read files from, where a template does not say.
    pub sandbox_path: Option<Said<PathBuf>>,
    /// How the files are written, where a template does not say.
    pub write: Option<Said<WriteMode>>,
    /// Whether the failure of a template ends the process, where a template does not say.
    pub template_error_fatal: Option<Said<bool>>,
    /// Whether a key that does not exist ends the process.
    pub err_on_failed_lookup: Option<Said<bool>>,
    /// Whether to end when all is written.
    pub once: Option<Said<bool>>,
    /// When to give up on that; flags only.
    pub timeout: Option<Said<GoDuration>>,
    /// Whether only to read the templates.
    pub parse_only: Option<Said<bool>>,
    /// Whether only to print; flags only.
    pub dry: Option<Said<bool>>,
    /// Keys of consul-template that are not acted on; files only.
    pub later: Vec<Arc<Spot>>,
    /// Flags of consul-template that are only accepted.
    pub unused: Vec<&'static str>,
}

/// `default_delimiters { … }`
#[derive(Clone, Debug, Default)]
pub struct DelimitersBlock {
    /// What opens an action.
    pub left: Option<Said<String>>,
    /// What closes an action.
    pub right: Option<Said<String>>,
}

impl FromNode for Written {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let written = Self {
            consul: fields.block("consul")?,
            template: fields.blocks("template")?,
            exec: fields.block("exec")?,
            default_delimiters: fields.block("default_delimiters")?,
            wait: fields.key("wait")?,
            format: fields.key("format")?,
            output_format: fields.key("output_format")?,
            max_stale: fields.key("max_stale")?,
            block_query_wait: fields.key("block_query_wait")?,
            log: LoggingBlock::from_fields(&mut fields)?,
            kill_signal: fields.key("kill_signal")?,
            reload_signal: fields.key("reload_signal")?,
            pid_file: fields
                .key::<Said<PathBuf>>("pid_file")?
                .filter(|said| !said.value.as_os_str().is_empty()),
            allow: fields.key("allow")?,
            sandbox_path: fields.key("sandbox_path")?,
            write: fields.key("write")?,
            template_error_fatal: fields.key("template_error_fatal")?,
            err_on_failed_lookup: fields.key("err_on_failed_lookup")?,
            once: fields.key("once")?,
            parse_only: fields.key("parseonly")?,
            ..Self::default()
        };
        // For editors; nobody reads it here.
        fields.key::<String>("$schema")?;
        later::top(&mut fields)?;
        fields.done()?;
        Ok(written)
    }
}

impl FromNode for DelimitersBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            left: fields.key("left")?,
            right: fields.key("right")?,
        };
        fields.done()?;
        Ok(block)
    }
}

impl Written {
    /// What this layer says, and where it is silent, what the lower one says. Templates are appended to the lower's.
    #[must_use]
    pub fn over(self, lower: Self) -> Self {
        let Self {
            consul,
            template,
            exec,
            default_delimiters,
            wait,
            format,
            output_format,
            max_stale,
            block_query_wait,
            log,
            kill_signal,
            reload_signal,
            pid_file,
            allow,
            sandbox_path,
            write,
            template_error_fatal,
            err_on_failed_lookup,
            once,
            parse_only,
            timeout,
            dry,
            later,
            unused,
        } = self;
        Self {
            consul: consul.over(lower.consul),
            template: lower.template.into_iter().chain(template).collect(),
            exec: exec.over(lower.exec),
            default_delimiters: default_delimiters.over(lower.default_delimiters),
            wait: wait_over(wait, lower.wait),
            format: format.or(lower.format),
            output_format: output_format.or(lower.output_format),
            max_stale: max_stale.or(lower.max_stale),
            block_query_wait: block_query_wait.or(lower.block_query_wait),
            log: log.over(lower.log),
            kill_signal: kill_signal.or(lower.kill_signal),
            reload_signal: reload_signal.or(lower.reload_signal),
            pid_file: pid_file.or(lower.pid_file),
            allow: allow.or(lower.allow),
            sandbox_path: sandbox_path.or(lower.sandbox_path),
            write: write.or(lower.write),
            template_error_fatal: template_error_fatal.or(lower.template_error_fatal),
            err_on_failed_lookup: sticky(err_on_failed_lookup, lower.err_on_failed_lookup),
            once: once.or(lower.once),
            parse_only: parse_only.or(lower.parse_only),
            timeout: timeout.or(lower.timeout),
            dry: dry.or(lower.dry),
            later: lower.later.into_iter().chain(later).collect(),
            unused: lower.unused.into_iter().chain(unused).collect(),
        }
    }
}

fn wait_over(
    upper: Option<Said<WaitBlock>>,
    lower: Option<Said<WaitBlock>>,
) -> Option<Said<WaitBlock>> {
    match (upper, lower) {
        (Some(upper), Some(lower)) => Some(Said {
            value: upper.value.over(lower.value),
            place: upper.place,
        }),
        (upper, lower) => upper.or(lower),
    }
}

/// Once it is true it stays so, as in consul-template.
fn sticky(upper: Option<Said<bool>>, lower: Option<Said<bool>>) -> Option<Said<bool>> {
    match lower {
        Some(lower) if lower.value => Some(lower),
        lower => upper.or(lower),
    }
}

impl DelimitersBlock {
    fn over(self, lower: Self) -> Self {
        let Self { left, right } = self;
        Self {
            left: left.or(lower.left),
            right: right.or(lower.right),
        }
    }
}
