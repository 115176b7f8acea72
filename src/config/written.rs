//! The written shape: what flags, environment and files say, before defaults and before any of it is weighed.
//!
//! Each source is one layer, a [`Written`] in which `None` is "not said"; [`Written::over`] lays one over another.
//! Keys are called as in consul-template's files.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::duration::GoDuration;
use super::error::{Place, Said};
use super::resolved::{Format, Language, OutputFormat};
use super::signal::SignalName;
use super::wait::Wait;

/// One layer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Written {
    /// How Consul is reached.
    pub consul: ConsulBlock,
    /// The templates, in order.
    pub template: Vec<TemplateBlock>,
    /// What opens and closes an action, where a template does not say.
    pub default_delimiters: DelimitersBlock,
    /// How long changes are collected, where a template does not say.
    pub wait: Option<Wait>,
    /// How values are written, where a template does not say.
    pub format: Option<Format>,
    /// What every output must be, where a template does not say.
    pub output_format: Option<OutputFormat>,
    /// How old a stale answer may be.
    pub max_stale: Option<GoDuration>,
    /// How long one blocking query may block.
    pub block_query_wait: Option<GoDuration>,
    /// What is logged.
    pub log_level: Option<Said<String>>,
    /// The signal that ends the process.
    pub kill_signal: Option<Said<SignalName>>,
    /// The signal that makes it read everything again.
    pub reload_signal: Option<Said<SignalName>>,
    /// Where the process ID is written.
    pub pid_file: Option<PathBuf>,
    /// What templates may do beside rendering.
    pub allow: Option<Vec<Said<String>>>,
    /// The directory that templates may read files from, where a template does not say.
    pub sandbox_path: Option<PathBuf>,
    /// Whether to end when all is written.
    pub once: Option<bool>,
    /// When to give up on that; flags only.
    #[serde(skip)]
    pub timeout: Option<GoDuration>,
    /// Whether only to print; flags only.
    #[serde(skip)]
    pub dry: Option<bool>,
}

/// `consul { … }`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsulBlock {
    /// A comma separated list of servers.
    pub address: Option<Said<String>>,
    /// The token.
    pub token: Option<Said<SecretString>>,
    /// The file that holds the token; beats `token` of the same layer.
    pub token_file: Option<Said<PathBuf>>,
    /// `auth { … }`
    pub auth: AuthBlock,
    /// `ssl { … }`
    pub ssl: SslBlock,
    /// The namespace.
    pub namespace: Option<String>,
    /// The admin partition.
    pub partition: Option<String>,
}

/// `auth { … }`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthBlock {
    /// Whether it is used; not said: when there is a user or a password.
    pub enabled: Option<bool>,
    /// The user.
    pub username: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
}

/// `ssl { … }`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SslBlock {
    /// Whether `http` means `https`; not said: when flags or files say anything else of this block.
    pub enabled: Option<Said<bool>>,
    /// Whether a server has to prove who it is.
    pub verify: Option<Said<bool>>,
    /// The file with the certificates of the authorities that are trusted; beats the next two of the same layer.
    pub ca_cert: Option<Said<PathBuf>>,
    /// The same, as text; beats the next of the same layer.
    pub ca_cert_bytes: Option<Said<String>>,
    /// The directory with the same.
    pub ca_path: Option<Said<PathBuf>>,
    /// The file with this host's certificate.
    pub cert: Option<Said<PathBuf>>,
    /// The file with its key; not said: the same file.
    pub key: Option<Said<PathBuf>>,
    /// The name that the certificates of the servers are for.
    pub server_name: Option<Said<String>>,
}

/// `default_delimiters { … }`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DelimitersBlock {
    /// What opens an action.
    pub left: Option<String>,
    /// What closes an action.
    pub right: Option<String>,
}

/// `template { … }`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateBlock {
    /// Where the block was written.
    #[serde(skip)]
    pub place: Place,
    /// The file with the template.
    pub source: Option<PathBuf>,
    /// The template itself.
    pub contents: Option<String>,
    /// The file it is rendered to.
    pub destination: Option<PathBuf>,
    /// What is run when it has changed.
    pub command: Option<CommandBlock>,
    /// Its language; not said: by the name of the source.
    pub language: Option<Language>,
    /// Whether a missing key of a map is an error.
    pub error_on_missing_key: Option<bool>,
    /// What opens an action.
    pub left_delimiter: Option<String>,
    /// What closes an action.
    pub right_delimiter: Option<String>,
    /// How long changes are collected.
    pub wait: Option<Wait>,
    /// How values are written; not said: by the name of the destination.
    pub format: Option<Format>,
    /// What the output must be.
    pub output_format: Option<OutputFormat>,
    /// The directory that it may read files from.
    pub sandbox_path: Option<PathBuf>,
}

/// `command`, in either form.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum CommandBlock {
    /// A line.
    Line(String),
    /// A program and its arguments. A list of one is a line.
    List(Vec<String>),
}

impl Written {
    /// What this layer says, and where it is silent, what the lower one says. Templates are appended to the lower's.
    #[must_use]
    pub fn over(self, lower: Self) -> Self {
        let Self {
            consul,
            template,
            default_delimiters,
            wait,
            format,
            output_format,
            max_stale,
            block_query_wait,
            log_level,
            kill_signal,
            reload_signal,
            pid_file,
            allow,
            sandbox_path,
            once,
            timeout,
            dry,
        } = self;
        Self {
            consul: consul.over(lower.consul),
            template: lower.template.into_iter().chain(template).collect(),
            default_delimiters: default_delimiters.over(lower.default_delimiters),
            wait: wait.or(lower.wait),
            format: format.or(lower.format),
            output_format: output_format.or(lower.output_format),
            max_stale: max_stale.or(lower.max_stale),
            block_query_wait: block_query_wait.or(lower.block_query_wait),
            log_level: log_level.or(lower.log_level),
            kill_signal: kill_signal.or(lower.kill_signal),
            reload_signal: reload_signal.or(lower.reload_signal),
            pid_file: pid_file.or(lower.pid_file),
            allow: allow.or(lower.allow),
            sandbox_path: sandbox_path.or(lower.sandbox_path),
            once: once.or(lower.once),
            timeout: timeout.or(lower.timeout),
            dry: dry.or(lower.dry),
        }
    }
}

impl ConsulBlock {
    /// As [`Written::over`]; but a layer that says where the token is says it alone, lest a token file of the
    /// environment beat the token of a flag.
    fn over(self, lower: Self) -> Self {
        let Self { address, token, token_file, auth, ssl, namespace, partition } = self;
        let (token, token_file) = match (token, token_file) {
            (None, None) => (lower.token, lower.token_file),
            said => said,
        };
        Self {
            address: address.or(lower.address),
            token,
            token_file,
            auth: auth.over(lower.auth),
            ssl: ssl.over(lower.ssl),
            namespace: namespace.or(lower.namespace),
            partition: partition.or(lower.partition),
        }
    }
}

impl SslBlock {
    /// As [`Written::over`]; but a layer that says whom to trust says it alone, and one that names a certificate says
    /// also where its key is.
    fn over(self, lower: Self) -> Self {
        let Self { enabled, verify, ca_cert, ca_cert_bytes, ca_path, cert, key, server_name } = self;
        let (ca_cert, ca_cert_bytes, ca_path) = match (ca_cert, ca_cert_bytes, ca_path) {
            (None, None, None) => (lower.ca_cert, lower.ca_cert_bytes, lower.ca_path),
            said => said,
        };
        let (cert, key) = match (cert, key) {
            (None, key) => (lower.cert, key.or(lower.key)),
            said => said,
        };
        Self {
            enabled: enabled.or(lower.enabled),
            verify: verify.or(lower.verify),
            ca_cert,
            ca_cert_bytes,
            ca_path,
            cert,
            key,
            server_name: server_name.or(lower.server_name),
        }
    }
}

impl AuthBlock {
    fn over(self, lower: Self) -> Self {
        let Self { enabled, username, password } = self;
        Self {
            enabled: enabled.or(lower.enabled),
            username: username.or(lower.username),
            password: password.or(lower.password),
        }
    }
}

impl DelimitersBlock {
    fn over(self, lower: Self) -> Self {
        let Self { left, right } = self;
        Self { left: left.or(lower.left), right: right.or(lower.right) }
    }
}
