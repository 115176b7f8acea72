//! Resolves what reloads a program: a command, or an action in place of one.
//!
//! Input: the keys of a template or a group. Output: a [`CommandConfig`].

use std::sync::Arc;

use config_blocks::{Choice as _, Error, Located, Setting, filled, first_origin, value};
use http_client::Method;
use http_client::header::{HeaderName, HeaderValue};
use nix::sys::signal::Signal;

use super::check::http_url;
use super::command::CommandSettings;
use super::exec::command_line_of;
use crate::config::error::{GroupError, ValueError};
use crate::config::layer::{
    CommandBlock, DockerBlock, GroupBlock, HttpBlock, SignalBlock, SystemdBlock, TemplateBlock,
};
use crate::config::signal::SignalName;
use group_apply::options::CommandConfig;
use process_tree::CommandLine;
use reload_actions::{HttpAction, ReloadAction, SignalTarget};

/// The socket of Docker's engine.
const DOCKER_SOCKET: &str = "/var/run/docker.sock";

/// The keys of a template or a group that reload a program, as written.
pub(super) struct ActionKeys {
    command: Setting<CommandBlock>,
    signal: SignalBlock,
    http: HttpBlock,
    systemd: SystemdBlock,
    docker: DockerBlock,
}

/// The actions of a configuration, which have different lines.
#[derive(Default)]
pub(super) struct Actions(Vec<Arc<ReloadAction>>);

impl ActionKeys {
    pub(super) fn of_group(block: &mut GroupBlock) -> Self {
        take!(block: command, signal, http, systemd, docker)
    }

    pub(super) fn of_template(block: &mut TemplateBlock) -> Self {
        take!(block: command, signal, http, systemd, docker)
    }

    /// The command, or the action in place of it, with its origin; `None`: there is neither.
    pub(super) fn resolve(
        self,
        settings: &CommandSettings,
        actions: &mut Actions,
    ) -> Result<Setting<CommandConfig>, Error> {
        let line = |set: Located<CommandBlock>| {
            let line = command_line_of(set.value)?;
            Some(set.origin.locate(settings.line(line)))
        };
        let mut action = |set: Located<ReloadAction>| {
            set.map(|action| {
                let action = Arc::new(action);
                CommandConfig {
                    action: Some(Arc::clone(&action)),
                    ..settings.line(actions.line(&action))
                }
            })
        };
        let all = [
            self.command.and_then(line),
            signal(self.signal)?.map(&mut action),
            http(self.http)?.map(&mut action),
            docker(self.docker)?.map(&mut action),
            systemd(self.systemd)?.map(|set| set.map(|line| settings.line(line))),
        ];
        let mut found: Setting<CommandConfig> = None;
        for set in all.into_iter().flatten() {
            if let Some(first) = found {
                return Err(set.origin.refuse(GroupError::Actions(first.origin)));
            }
            found = Some(set);
        }
        Ok(found)
    }
}

impl Actions {
    /// The line that identifies an action in messages and in the ledger. It shows no secret, so two different actions may
    /// look the same: the second one has a number.
    fn line(&mut self, action: &Arc<ReloadAction>) -> CommandLine {
        let shown = action.to_string();
        if !self.0.contains(action) {
            self.0.push(Arc::clone(action));
        }
        let alike = self.0.iter().filter(|other| other.to_string() == shown);
        let number = 1 + alike.take_while(|other| *other != action).count();
        CommandLine::Direct(vec![match number {
            1 => shown,
            number => format!("{shown} ({number})"),
        }])
    }
}

fn signal(block: SignalBlock) -> Result<Setting<ReloadAction>, Error> {
    let Some(origin) = first_origin(&block) else {
        return Ok(None);
    };
    let process = match (filled(block.pidfile), filled(block.process)) {
        (Some(path), None) => SignalTarget::PidFile(path.value),
        (None, Some(name)) => SignalTarget::Name(name.try_map(process_name)?),
        (Some(first), Some(second)) => {
            return Err(second.origin.refuse(GroupError::Actions(first.origin)));
        }
        (None, None) => {
            let what = "a signal needs a process: pidfile = \"…\" or process = \"…\"";
            return Err(origin.refuse(GroupError::Incomplete(what)));
        }
    };
    let signal = signal_of(block.name)?;
    Ok(Some(
        origin.locate(ReloadAction::Signal { process, signal }),
    ))
}

/// The signal, by default SIGHUP; one that a program cannot handle does not reload it.
fn signal_of(set: Setting<SignalName>) -> Result<Signal, Error> {
    let Some(set) = set else {
        return Ok(Signal::SIGHUP);
    };
    set.try_map(|name| match name {
        SignalName(Some(signal)) if name.can_be_handled() => Ok(signal),
        SignalName(Some(signal)) => Err(ValueError::Unhandled(signal.as_str())),
        SignalName(None) => Err(ValueError::Unhandled("SIGNULL")),
    })
}

fn process_name(name: String) -> Result<String, GroupError> {
    let is_name = !name.contains(['/', '\0', '\n']);
    is_name.then_some(name).ok_or(GroupError::Name(
        "a process; write it as `ps -o comm` shows it",
    ))
}

fn http(block: HttpBlock) -> Result<Setting<ReloadAction>, Error> {
    let Some(origin) = first_origin(&block) else {
        return Ok(None);
    };
    let Some(url) = filled(block.url) else {
        let what = "a request needs a URL: url = \"http://…\"";
        return Err(origin.refuse(GroupError::Incomplete(what)));
    };
    let method = block.method.map_or(Ok("POST".to_owned()), |set| {
        set.try_map(|text| method(&text))
    })?;
    let headers = block
        .headers
        .into_iter()
        .map(|set| set.try_map(|text| header(&text)));
    Ok(Some(origin.locate(ReloadAction::Http(HttpAction {
        method,
        url: url.try_map(|text| http_url(&text))?,
        headers: headers.collect::<Result<_, _>>()?,
        body: value(block.body).map_or(String::new(), |body| {
            secrecy::ExposeSecret::expose_secret(&body).to_owned()
        }),
    }))))
}

fn method(text: &str) -> Result<String, GroupError> {
    let upper = text.trim().to_ascii_uppercase();
    match Method::from_bytes(upper.as_bytes()) {
        Ok(_) => Ok(upper),
        Err(_) => Err(GroupError::Malformed("a method; write for example POST")),
    }
}

/// Name and value of `NAME: VALUE`.
fn header(text: &str) -> Result<(String, String), GroupError> {
    let invalid = GroupError::Malformed("NAME: VALUE, with characters that a header can have");
    let (name, content) = text.split_once(':').ok_or(invalid.clone())?;
    let (name, content) = (name.trim(), content.trim());
    let is_valid =
        HeaderName::from_bytes(name.as_bytes()).is_ok() && HeaderValue::from_str(content).is_ok();
    is_valid
        .then(|| (name.to_owned(), content.to_owned()))
        .ok_or(invalid)
}

fn docker(block: DockerBlock) -> Result<Setting<ReloadAction>, Error> {
    let Some(origin) = first_origin(&block) else {
        return Ok(None);
    };
    let Some(container) = filled(block.container) else {
        let what = "a signal for a container needs its name: container = \"…\"";
        return Err(origin.refuse(GroupError::Incomplete(what)));
    };
    Ok(Some(origin.locate(ReloadAction::Docker {
        socket: value(filled(block.socket)).unwrap_or_else(|| DOCKER_SOCKET.into()),
        container: container.try_map(container_name)?,
        signal: signal_of(block.signal)?,
    })))
}

/// The names that the engine accepts; anything else would change the path of the request.
fn container_name(name: String) -> Result<String, GroupError> {
    let is_inner = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    let is_name =
        name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.chars().all(is_inner);
    is_name
        .then_some(name)
        .ok_or(GroupError::Name("a container"))
}

/// The call of `systemctl`, which needs no library and shows its errors in the output of the command.
fn systemd(block: SystemdBlock) -> Result<Setting<CommandLine>, Error> {
    let Some(origin) = first_origin(&block) else {
        return Ok(None);
    };
    let Some(unit) = filled(block.unit) else {
        let what = "an action of systemd needs a unit: unit = \"nginx.service\"";
        return Err(origin.refuse(GroupError::Incomplete(what)));
    };
    let unit = unit.try_map(unit_name)?;
    let action = value(block.action).unwrap_or_default().name();
    let words = ["systemctl", "--no-ask-password", action, "--", &unit];
    let words = words.map(str::to_owned).to_vec();
    Ok(Some(origin.locate(CommandLine::Direct(words))))
}

fn unit_name(name: String) -> Result<String, GroupError> {
    let is_name = !name
        .contains(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '/');
    is_name
        .then_some(name)
        .ok_or(GroupError::Name("a unit; write for example nginx.service"))
}
