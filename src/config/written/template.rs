//! The block about a template, as written.

use std::path::PathBuf;

use super::{EnvironmentBlock, later};
use crate::config::duration::GoDuration;
use crate::config::error::{ConfigError, Place, Said};
use crate::config::file::{At, Fields, FromNode, Node};
use crate::config::file_mode::FileMode;
use crate::config::resolved::{Format, Language, OutputFormat, Owner, WriteMode};
use crate::config::wait::WaitBlock;

/// `template { … }`
#[derive(Clone, Debug, Default)]
pub struct TemplateBlock {
    /// Where the block was written.
    pub place: Place,
    /// The file with the template.
    pub source: Option<PathBuf>,
    /// The template itself.
    pub contents: Option<String>,
    /// The file it is rendered to.
    pub destination: Option<PathBuf>,
    /// What is run when it has changed.
    pub command: Option<CommandBlock>,
    /// How long that may take.
    pub command_timeout: Option<Said<GoDuration>>,
    /// What it finds in its environment.
    pub environment: EnvironmentBlock,
    /// Its language; not said: by the name of the source.
    pub language: Option<Language>,
    /// Whether a missing key of a map is an error.
    pub error_on_missing_key: Option<bool>,
    /// What opens an action.
    pub left_delimiter: Option<String>,
    /// What closes an action.
    pub right_delimiter: Option<String>,
    /// How long changes are collected.
    pub wait: Option<Said<WaitBlock>>,
    /// How values are written; not said: by the name of the destination.
    pub format: Option<Format>,
    /// What the output must be.
    pub output_format: Option<OutputFormat>,
    /// The directory that it may read files from.
    pub sandbox_path: Option<PathBuf>,
    /// The mode of the file.
    pub perms: Option<FileMode>,
    /// Who owns the file.
    pub user: Option<Owner>,
    /// Which group owns the file.
    pub group: Option<Owner>,
    /// Whether the file that is replaced is kept beside it.
    pub backup: Option<bool>,
    /// Whether missing directories are made.
    pub create_dest_dirs: Option<bool>,
    /// How the file is written.
    pub write: Option<WriteMode>,
    /// Patterns of functions that fail when they are called.
    pub function_denylist: Vec<Said<String>>,
    /// Whether its failure ends the process.
    pub error_fatal: Option<bool>,
}

/// `command`, in either form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandBlock {
    /// A line.
    Line(String),
    /// A program and its arguments. A list of one is a line.
    List(Vec<String>),
}

/// `exec { … }` in a template: another spelling of the command.
#[derive(Default)]
struct ExecBlock {
    enabled: Option<bool>,
    command: Option<CommandBlock>,
    timeout: Option<Said<GoDuration>>,
    environment: EnvironmentBlock,
}

impl FromNode for TemplateBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let exec: ExecBlock = fields.block("exec")?;
        let (command, command_timeout) = (fields.key("command")?, fields.key("command_timeout")?);
        let (user, uid) = (
            fields.key::<Option<Owner>>("user")?.flatten(),
            fields.key::<u32>("uid")?,
        );
        let (group, gid) = (
            fields.key::<Option<Owner>>("group")?.flatten(),
            fields.key::<u32>("gid")?,
        );
        let mut denylist: Vec<_> = fields
            .key::<Vec<Said<String>>>("function_denylist")?
            .unwrap_or_default();
        denylist.extend(
            fields
                .key::<Vec<Said<String>>>("function_blacklist")?
                .unwrap_or_default(),
        );
        let block = Self {
            place: at.place(),
            source: fields.key("source")?,
            contents: fields.key("contents")?,
            destination: fields.key("destination")?,
            // What is switched off takes the command in its older spelling along.
            command: exec
                .command
                .or(command)
                .filter(|_| exec.enabled != Some(false)),
            command_timeout: exec.timeout.or(command_timeout),
            environment: exec.environment,
            language: fields.key("language")?,
            error_on_missing_key: fields.key("error_on_missing_key")?,
            left_delimiter: fields.key("left_delimiter")?,
            right_delimiter: fields.key("right_delimiter")?,
            wait: fields.key("wait")?,
            format: fields.key("format")?,
            output_format: fields.key("output_format")?,
            sandbox_path: fields.key("sandbox_path")?,
            perms: fields.key("perms")?,
            user: user.or(uid.map(Owner::Id)),
            group: group.or(gid.map(Owner::Id)),
            backup: fields.key("backup")?,
            create_dest_dirs: fields.key("create_dest_dirs")?,
            write: fields.key("write")?,
            function_denylist: denylist,
            error_fatal: fields.key("error_fatal")?,
        };
        fields.done()?;
        Ok(block)
    }
}

impl FromNode for ExecBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            enabled: fields.key("enabled")?,
            command: fields.key("command")?,
            timeout: fields.key("timeout")?,
            environment: fields.block("env")?,
        };
        later::template_exec(&mut fields)?;
        fields.done()?;
        Ok(block)
    }
}
