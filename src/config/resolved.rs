//! The resolved configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

pub use super::exec::{EnvironmentConfig, ExecConfig};
use super::glob::Glob;
pub use super::logging::LogConfig;

/// Everything that the daemon, or one run of it, needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// How Consul is reached.
    pub consul: ConsulConfig,
    /// One entry a template, in the order in which they are applied.
    pub jobs: Vec<Job>,
    /// The child that is started when all is written; `None`: none.
    pub exec: Option<ExecConfig>,
    /// Whether to end when all is written, or to go on watching.
    pub mode: Mode,
    /// Print what would be written; write nothing and run nothing.
    pub dry: bool,
    /// Read all templates, and do nothing else.
    pub parse_only: bool,
    /// Whether the process ends, and has failed, when a key that a template needs does not exist.
    pub fail_on_missing: bool,
    /// What is logged, how, and to whom.
    pub log: LogConfig,
    /// The signal that ends the process in an orderly way, beside TERM, INT and QUIT; `None`: no other.
    pub kill_signal: Option<Signal>,
    /// The signal that makes it read everything again; `None`: none does. It may be TERM, INT or QUIT, which then does
    /// not end the process.
    pub reload_signal: Option<Signal>,
    /// Where the process ID is written.
    pub pid_file: Option<PathBuf>,
    /// The embedded server to run beside it; `None`: none. With one, `jobs` may be empty.
    pub dev: Option<DevConfig>,
    /// What the operator should know about what was said, once the log is there.
    pub warnings: Vec<String>,
}

/// The embedded server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevConfig {
    /// Where it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The file with what it holds at first; `None`: nothing.
    pub seed: Option<PathBuf>,
}

/// How long the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Watch, render and apply until told to stop.
    Daemon,
    /// End when every template is written and every command has succeeded.
    Once {
        /// After how long what is missing is reported and the process ends; `None`: never.
        timeout: Option<Duration>,
    },
}

/// How Consul is reached.
#[derive(Clone, Debug)]
pub struct ConsulConfig {
    /// The servers or agents, in the order in which they are tried; at least one. The path of a URL is a prefix that
    /// does not end in a slash, unless it is only that; the path of `unix://` is that of the socket.
    pub servers: Vec<Url>,
    /// What holds for those that are reached over TLS.
    pub tls: TlsConfig,
    /// The token sent with every request; `None`: the agent's own.
    pub token: Option<SecretString>,
    /// The file that the token came from, which may come to hold another; `None`: it is not from a file.
    pub token_file: Option<PathBuf>,
    /// User and password for basic authentication; `None`: not used.
    pub auth: Option<BasicAuth>,
    /// The namespace of queries that name none; `None`: the server's choice.
    pub namespace: Option<String>,
    /// The admin partition of queries that name none; `None`: the server's choice.
    pub partition: Option<String>,
    /// How old a stale answer may be; `None`: stale answers are not asked for.
    pub max_stale: Option<Duration>,
    /// How long one blocking query may block.
    pub block_query_wait: Duration,
    /// What happens when it does not answer.
    pub retry: RetryConfig,
    /// How connections are kept.
    pub transport: TransportConfig,
    /// What commands find in their environment, so that they talk to the same Consul; values may be secret.
    pub exports: Vec<(String, SecretString)>,
}

impl PartialEq for ConsulConfig {
    fn eq(&self, other: &Self) -> bool {
        let Self { servers, tls, token, token_file, auth, namespace, partition, .. } = self;
        let Self { max_stale, block_query_wait, retry, transport, exports, .. } = self;
        let exported = |exports: &[(String, SecretString)]| {
            exports.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect::<Vec<_>>()
        };
        *servers == other.servers
            && *tls == other.tls
            && same_secret(token.as_ref(), other.token.as_ref())
            && *token_file == other.token_file
            && *auth == other.auth
            && *namespace == other.namespace
            && *partition == other.partition
            && *max_stale == other.max_stale
            && *block_query_wait == other.block_query_wait
            && *retry == other.retry
            && *transport == other.transport
            && exported(exports) == exported(&other.exports)
    }
}

impl PartialEq for BasicAuth {
    fn eq(&self, other: &Self) -> bool {
        let Self { username, password } = self;
        *username == other.username && same_secret(Some(password), Some(&other.password))
    }
}

fn same_secret(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.map(ExposeSecret::expose_secret) == other.map(ExposeSecret::expose_secret)
}

impl ConsulConfig {
    /// Is any server reached over TLS?
    #[must_use]
    pub fn is_over_tls(&self) -> bool {
        self.servers.iter().any(|server| server.scheme() == "https")
    }

    /// The files that TLS needs; those in a directory of authorities are not among them.
    #[must_use]
    pub fn certificates(&self) -> Vec<PathBuf> {
        if !self.is_over_tls() {
            return Vec::new();
        }
        let TlsConfig { authorities, identity, .. } = &self.tls;
        let authorities = match authorities {
            Authorities::File(path) => Some(path),
            Authorities::System | Authorities::Directory(_) | Authorities::Text(_) => None,
        };
        let own = identity.iter().flat_map(|identity| [&identity.certificate, &identity.key]);
        authorities.into_iter().chain(own).cloned().collect()
    }
}

/// What happens when Consul does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryConfig {
    /// How often a run that renders once asks again, before it gives up; `None`: until its time is up. The daemon asks
    /// for ever.
    pub attempts: Option<u32>,
    /// How long it waits each time.
    pub pauses: Pauses,
}

/// How long to wait before asking again what was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// The first time; then it doubles.
    pub first: Duration,
    /// At most.
    pub longest: Duration,
    /// At most, for the one question by which a recovery is seen.
    pub scout: Duration,
}

impl RetryConfig {
    /// What holds where nothing is said.
    pub const USUAL: Self = Self { attempts: None, pauses: Pauses::USUAL };
}

impl Pauses {
    /// What holds where nothing is said. The scout's is half a second on average, so that a recovery is seen within a
    /// second.
    pub const USUAL: Self =
        Self { first: Duration::from_millis(250), longest: Duration::from_secs(60), scout: Duration::from_secs(1) };
}

/// How connections are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportConfig {
    /// How long connecting may take; `None`: as long as the answer.
    pub connect_limit: Option<Duration>,
    /// The same for TLS, with its handshake.
    pub tls_connect_limit: Option<Duration>,
    /// After how much silence a connection is tried.
    pub keep_alive: Duration,
    /// Whether a connection is used for more than one question.
    pub reuse: bool,
    /// How long a connection waits for its next question; `None`: no limit.
    pub idle_limit: Option<Duration>,
    /// How many may wait so.
    pub most_idle: usize,
    /// How many to one server may wait so.
    pub most_idle_of_one: usize,
}

impl TransportConfig {
    /// What holds where nothing is said.
    pub const USUAL: Self = Self {
        connect_limit: Some(Duration::from_secs(10)),
        tls_connect_limit: Some(Duration::from_secs(10)),
        keep_alive: Duration::from_secs(10),
        reuse: true,
        idle_limit: Some(Duration::from_secs(30)),
        most_idle: usize::MAX,
        most_idle_of_one: usize::MAX,
    };

    /// How long connecting may take to whichever server; zero where there is no limit.
    #[must_use]
    pub fn longest_connect(&self) -> Duration {
        self.connect_limit.max(self.tls_connect_limit).unwrap_or_default()
    }
}

/// Who is trusted, and who this host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// Whether a server has to prove who it is.
    pub verify: bool,
    /// Who is trusted to say so.
    pub authorities: Authorities,
    /// What this host proves itself with; `None`: nothing.
    pub identity: Option<Identity>,
    /// The name that the servers' certificates are for; `None`: the host of the address.
    pub server_name: Option<String>,
}

impl TlsConfig {
    /// What holds where nothing is said.
    pub const USUAL: Self = Self { verify: true, authorities: Authorities::System, identity: None, server_name: None };
}

/// The authorities that are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorities {
    /// Those that the system trusts.
    System,
    /// Those whose certificates are in this file.
    File(PathBuf),
    /// Those whose certificates are in the files of this directory.
    Directory(PathBuf),
    /// Those whose certificates are in this text.
    Text(String),
}

/// Where this host's certificate is, and its key; both may be in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// User and password.
#[derive(Clone, Debug)]
pub struct BasicAuth {
    /// The user.
    pub username: String,
    /// The password, which may be empty.
    pub password: SecretString,
}

/// One template: from where to where, and what to do then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Where the template comes from.
    pub source: Source,
    /// Which language it is in.
    pub language: Language,
    /// The file it is rendered to; `None` only in a dry run, where it is printed.
    pub destination: Option<PathBuf>,
    /// What is run when the file has changed.
    pub command: Option<CommandConfig>,
    /// How long changes are collected before the file is written; `None`: not at all.
    pub settle: Option<Settle>,
    /// What the file is like, beside its content.
    pub file: FileConfig,
    /// What a missing key of a map does in a Go template.
    pub missing_key: MissingKey,
    /// What opens and closes an action in a Go template.
    pub delimiters: Delimiters,
    /// What the template may do beside rendering.
    pub allow: Permissions,
    /// What the file is, so that no value can be more than a value in it.
    pub format: Format,
    /// What the file must be in order to be written; `None`: anything.
    pub output_format: Option<OutputFormat>,
    /// The directory in which every file must really lie that it reads; `None`: anywhere.
    pub sandbox: Option<Arc<Path>>,
    /// Patterns of functions that fail when they are called.
    pub denied: Arc<[Glob]>,
    /// What its failure means for the process.
    pub on_error: OnError,
}

/// What the failure of a template means for the process: of its rendering with all data there, or of its write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// A daemon goes on with the file as it is; a run that renders once fails.
    #[default]
    Usual,
    /// The process ends, and has failed.
    Fatal,
    /// It is logged, and nothing else.
    Logged,
}

impl Job {
    /// A template alone: it is written nowhere, and may do nothing beside rendering.
    #[must_use]
    pub fn of_template(source: Source, language: Language) -> Self {
        Self {
            source,
            language,
            destination: None,
            command: None,
            settle: None,
            missing_key: MissingKey::default(),
            delimiters: Delimiters::default(),
            allow: Permissions::default(),
            format: Format::None,
            output_format: None,
            sandbox: None,
            denied: Arc::default(),
            on_error: OnError::default(),
            file: FileConfig::default(),
        }
    }

    /// Does another job make the same template of its source? What becomes of the text may differ.
    #[must_use]
    pub fn reads_as(&self, other: &Self) -> bool {
        let Self {
            source,
            language,
            destination: _,
            command: _,
            settle: _,
            file: _,
            missing_key,
            delimiters,
            allow,
            format,
            output_format,
            sandbox,
            denied,
            on_error: _,
        } = self;
        *source == other.source
            && *language == other.language
            && *missing_key == other.missing_key
            && *delimiters == other.delimiters
            && *allow == other.allow
            && *denied == other.denied
            && *format == other.format
            && *output_format == other.output_format
            && *sandbox == other.sandbox
    }
}

/// What templates may do beside rendering; nothing, unless the operator says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// `plugin`: run programs.
    pub plugin: bool,
    /// `writeToFile`: write files beside the one they are rendered to.
    pub write_to_file: bool,
}

impl Permissions {
    /// Everything there is.
    pub const ALL: Self = Self { plugin: true, write_to_file: true };

    /// May a template call the function with this Go name?
    #[must_use]
    pub fn allow(self, function: &str) -> bool {
        match function {
            "plugin" => self.plugin,
            "writeToFile" => self.write_to_file,
            _ => true,
        }
    }
}

/// What a file is like, beside its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileConfig {
    /// Its mode; `None`: that of the file that is replaced, else 0644.
    pub mode: Option<u32>,
    /// Its owner; `None`: that of the file that is replaced, else whoever runs this.
    pub user: Option<Owner>,
    /// Its group; `None`: likewise.
    pub group: Option<Owner>,
    /// Whether what is replaced is kept beside it, with `.bak` after its name.
    pub backup: bool,
    /// Whether missing directories are made.
    pub make_directories: bool,
    /// How the new content comes to be in its place.
    pub write: WriteMode,
}

/// How the new content of a file comes to be in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteMode {
    /// The file is replaced; where that cannot be, it is written in place.
    #[default]
    Auto,
    /// The file is replaced, or nothing happens to it.
    Rename,
    /// The file is written in place; readers may see a mixture.
    InPlace,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self { mode: None, user: None, group: None, backup: false, make_directories: true, write: WriteMode::Auto }
    }
}

/// A user or a group. A name is looked up when the file is written: it may not exist where the configuration is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// By number.
    Id(u32),
    /// By name.
    Name(String),
}

/// Where a template comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A file, watched for changes.
    File(PathBuf),
    /// A text in the configuration, with the name under which errors show it.
    Inline {
        /// The name in error messages.
        name: String,
        /// The template.
        text: String,
    },
}

/// The language of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Go text/template, as consul-template has it.
    Go,
    /// Jinja.
    Jinja,
}

/// How the program reads the file, and so what a value may look like in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Values are written as they are.
    #[default]
    None,
    /// A configuration of nginx.
    Nginx,
    /// A configuration of HAProxy.
    Haproxy,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// A script for a POSIX shell, or a file of variables.
    Shell,
}

/// What an output is read as, before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// One value.
    Json,
    /// Any number of documents.
    Yaml,
    /// A table.
    Toml,
    /// Sections and settings.
    Ini,
}

/// Go's option `missingkey`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// `<no value>` where anything could be stored, the zero value otherwise.
    #[default]
    Zero,
    /// `<no value>`, always.
    Default,
    /// An error.
    Error,
}

/// What opens and closes an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// `{{`
    pub left: String,
    /// `}}`
    pub right: String,
}

impl Default for Delimiters {
    fn default() -> Self {
        Self { left: "{{".to_owned(), right: "}}".to_owned() }
    }
}

/// How long changes are collected: until it has been quiet for a while, but not longer than a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settle {
    /// Starts again with each change.
    pub quiet: Duration,
    /// Counts from the first change.
    pub most: Duration,
}

/// A command and its limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommandConfig {
    /// What is run.
    pub line: CommandLine,
    /// After how long it is asked to stop, then made to.
    pub timeout: Duration,
    /// What it finds in its environment.
    pub environment: EnvironmentConfig,
}

/// What is run: two jobs with the same one share one run of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CommandLine {
    /// A line with blanks, for `sh -c`.
    Shell(String),
    /// A program and its arguments, executed directly; never empty.
    Direct(Vec<String>),
}

/// What is logged: this and everything graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What cannot be carried on from by itself.
    Error,
    /// What the operator should know.
    Warn,
    /// What happened.
    Info,
    /// Why it happened.
    Debug,
    /// Every step.
    Trace,
}
