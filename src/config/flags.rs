//! The layer of the command line.
//!
//! in:  the [`Arguments`] as typed
//! out: a [`Written`], and what `ctmpl dev` wants

mod connection;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use super::error::{ConfigError, Place, Said, ValueError};
use super::resolved::DevConfig;
use super::template_argument::TemplateArgument;
use super::written::{
    AuthBlock, CommandBlock, ConsulBlock, DelimitersBlock, EnvironmentBlock, ExecBlock,
    JournalBlock, LogFileBlock, LoggingBlock, RetryBlock, SslBlock, SyslogBlock, TemplateBlock,
    Written,
};
use crate::cli::{
    Arguments, ConsulArguments, DaemonArguments, DevArguments, ExecArguments, LogArguments,
    SslArguments,
};

/// Where the embedded server listens by default: where everything expects a Consul.
const DEV_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8500);

/// Reads every flag. What is said with an empty value is not said, as in consul-template, where that makes sense.
pub(super) fn read(arguments: Arguments) -> Result<(Written, Option<DevConfig>), ConfigError> {
    let Arguments {
        consul,
        retry,
        daemon,
        dev,
        unused,
    } = arguments;
    let written = Written {
        consul: ConsulBlock {
            retry: connection::retry_block(retry)?,
            ..consul_block(consul)?
        },
        unused: connection::unused(unused)?,
        ..daemon_layer(daemon)?
    };
    Ok((written, dev.map(dev_config).transpose()?))
}

fn daemon_layer(arguments: DaemonArguments) -> Result<Written, ConfigError> {
    let DaemonArguments {
        template,
        wait,
        format,
        output_format,
        max_stale,
        dry,
        once,
        timeout,
        exec,
        log,
        kill_signal,
        reload_signal,
        pid_file,
        allow,
        sandbox_path,
        default_left_delimiter,
        default_right_delimiter,
        parse_only,
        write,
        template_error_fatal,
        // They are layers of their own.
        config: _,
    } = arguments;
    Ok(Written {
        template: template
            .iter()
            .map(|text| template_block(text))
            .collect::<Result<_, _>>()?,
        wait: value("--wait", wait)?,
        format: value("--format", format)?,
        output_format: value("--output-format", output_format)?,
        max_stale: value("--max-stale", max_stale)?,
        default_delimiters: DelimitersBlock {
            left: default_left_delimiter.map(|text| said("--default-left-delimiter", text)),
            right: default_right_delimiter.map(|text| said("--default-right-delimiter", text)),
        },
        parse_only: parse_only.map(|parse_only| said("--parse-only", parse_only)),
        dry: dry.map(|dry| said("--dry", dry)),
        once: once.map(|once| said("--once", once)),
        timeout: value("--timeout", timeout)?,
        exec: exec_block(exec)?,
        log: logging_block(log)?,
        kill_signal: value("--kill-signal", kill_signal)?,
        reload_signal: value("--reload-signal", reload_signal)?,
        pid_file: pid_file
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| said("--pid-file", path)),
        allow: (!allow.is_empty()).then(|| {
            allow
                .into_iter()
                .map(|word| said("--allow", word))
                .collect()
        }),
        sandbox_path: sandbox_path.map(|path| said("--sandbox-path", path)),
        write: value("--write", write)?,
        template_error_fatal: template_error_fatal
            .map(|fatal| said("--template-error-fatal", fatal)),
        ..Written::default()
    })
}

fn exec_block(arguments: ExecArguments) -> Result<ExecBlock, ConfigError> {
    let ExecArguments {
        exec,
        exec_reload_signal,
        exec_kill_signal,
        exec_kill_timeout,
        exec_splay,
        exec_env_pristine,
        exec_env_custom,
        exec_env_allowlist,
        exec_env_denylist,
    } = arguments;
    let all = |flag, texts: Vec<String>| texts.into_iter().map(|text| said(flag, text)).collect();
    let custom = exec_env_custom
        .iter()
        .map(|variable| variable.expose_secret().to_owned())
        .collect();
    Ok(ExecBlock {
        enabled: None,
        command: exec.map(|line| said("--exec", CommandBlock::Line(line))),
        environment: EnvironmentBlock {
            pristine: exec_env_pristine.map(|pristine| said("--exec-env-pristine", pristine)),
            custom: all("--exec-env-custom", custom),
            allowlist: all("--exec-env-allowlist", exec_env_allowlist),
            denylist: all("--exec-env-denylist", exec_env_denylist),
        },
        kill_signal: value("--exec-kill-signal", exec_kill_signal)?,
        kill_timeout: value("--exec-kill-timeout", exec_kill_timeout)?,
        reload_signal: value("--exec-reload-signal", exec_reload_signal)?,
        splay: value("--exec-splay", exec_splay)?,
    })
}

fn logging_block(arguments: LogArguments) -> Result<LoggingBlock, ConfigError> {
    let LogArguments {
        log_level,
        log_format,
        log_file,
        log_rotate_bytes,
        log_rotate_duration,
        log_rotate_max_files,
        syslog,
        syslog_facility,
        syslog_name,
    } = arguments;
    Ok(LoggingBlock {
        level: log_level.map(|level| said("--log-level", level)),
        format: log_format.map(|format| said("--log-format", format)),
        file: LogFileBlock {
            path: path("--log-file", log_file),
            rotate_bytes: value("--log-rotate-bytes", log_rotate_bytes)?,
            rotate_duration: value("--log-rotate-duration", log_rotate_duration)?,
            max_files: value("--log-rotate-max-files", log_rotate_max_files)?,
        },
        syslog: SyslogBlock {
            enabled: syslog.map(|syslog| said("--syslog", syslog)),
            facility: syslog_facility.map(|facility| said("--syslog-facility", facility)),
            name: syslog_name.map(|name| said("--syslog-name", name)),
            address: None,
        },
        journal: JournalBlock::default(),
    })
}

pub(super) fn consul_block(arguments: ConsulArguments) -> Result<ConsulBlock, ConfigError> {
    let ConsulArguments {
        consul_addr,
        consul_token,
        consul_token_file,
        consul_auth,
        consul_namespace,
        consul_partition,
        ssl,
        transport,
    } = arguments;
    Ok(ConsulBlock {
        address: consul_addr
            .filter(|address| !address.is_empty())
            .map(|address| said("--consul-addr", address)),
        token: consul_token
            .filter(|token| !token.expose_secret().is_empty())
            .map(|token| said("--consul-token", token)),
        auth: match consul_auth {
            Some(auth) => user_and_password(auth.expose_secret(), &Place::Flag("--consul-auth"))
                .ok_or(ConfigError::Value {
                    place: Place::Flag("--consul-auth"),
                    source: ValueError::NoUser,
                })?,
            None => AuthBlock::default(),
        },
        token_file: path("--consul-token-file", consul_token_file),
        retry: RetryBlock::default(),
        ssl: ssl_block(ssl),
        transport: connection::transport_block(transport)?,
        namespace: consul_namespace
            .filter(|name| !name.is_empty())
            .map(|name| said("--consul-namespace", name)),
        partition: consul_partition
            .filter(|name| !name.is_empty())
            .map(|name| said("--consul-partition", name)),
    })
}

fn ssl_block(arguments: SslArguments) -> SslBlock {
    let SslArguments {
        consul_ssl,
        consul_ssl_verify,
        consul_ssl_ca_cert,
        consul_ssl_ca_path,
        consul_ssl_cert,
        consul_ssl_key,
        consul_ssl_server_name,
    } = arguments;
    SslBlock {
        enabled: consul_ssl.map(|value| said("--consul-ssl", value)),
        verify: consul_ssl_verify.map(|value| said("--consul-ssl-verify", value)),
        ca_cert: path("--consul-ssl-ca-cert", consul_ssl_ca_cert),
        ca_cert_bytes: None,
        ca_path: path("--consul-ssl-ca-path", consul_ssl_ca_path),
        cert: path("--consul-ssl-cert", consul_ssl_cert),
        key: path("--consul-ssl-key", consul_ssl_key),
        server_name: consul_ssl_server_name
            .filter(|name| !name.is_empty())
            .map(|name| said("--consul-ssl-server-name", name)),
    }
}

fn path(flag: &'static str, path: Option<PathBuf>) -> Option<Said<PathBuf>> {
    path.filter(|path| !path.as_os_str().is_empty())
        .map(|path| said(flag, path))
}

/// `user` or `user:password`, which says everything there is to say about both; `None` when empty.
pub(super) fn user_and_password(text: &str, place: &Place) -> Option<AuthBlock> {
    let (username, password) = text.split_once(':').unwrap_or((text, ""));
    (!text.is_empty()).then(|| AuthBlock {
        enabled: Some(Said {
            value: true,
            place: place.clone(),
        }),
        username: Some(Said {
            value: username.to_owned(),
            place: place.clone(),
        }),
        password: Some(Said {
            value: SecretString::from(password),
            place: place.clone(),
        }),
    })
}

fn template_block(text: &str) -> Result<TemplateBlock, ConfigError> {
    let TemplateArgument {
        source,
        destination,
        command,
    } = parse("--template", text)?;
    Ok(TemplateBlock {
        place: Place::Flag("--template"),
        source: Some(PathBuf::from(source)),
        destination: destination.map(PathBuf::from),
        command: command.map(CommandBlock::Line),
        ..TemplateBlock::default()
    })
}

fn dev_config(arguments: DevArguments) -> Result<DevConfig, ConfigError> {
    let DevArguments { listen, seed } = arguments;
    let listen = match listen {
        Some(text) => listen_address(&text).ok_or(ConfigError::Value {
            place: Place::Flag("--listen"),
            source: ValueError::Listen(text),
        })?,
        None => DEV_LISTEN,
    };
    Ok(DevConfig {
        listen,
        seed: seed.filter(|path| !path.as_os_str().is_empty()),
    })
}

fn listen_address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::new(
            Ipv4Addr::LOCALHOST.into(),
            port.parse().ok()?,
        )),
        None => text.parse().ok(),
    }
}

fn said<T>(flag: &'static str, value: T) -> Said<T> {
    Said {
        value,
        place: Place::Flag(flag),
    }
}

fn value<T>(flag: &'static str, text: Option<String>) -> Result<Option<Said<T>>, ConfigError>
where
    T: FromStr,
    ValueError: From<T::Err>,
{
    text.map(|text| Ok(said(flag, parse(flag, &text)?)))
        .transpose()
}

fn parse<T>(flag: &'static str, text: &str) -> Result<T, ConfigError>
where
    T: FromStr,
    ValueError: From<T::Err>,
{
    text.parse().map_err(|error| ConfigError::Value {
        place: Place::Flag(flag),
        source: ValueError::from(error),
    })
}
