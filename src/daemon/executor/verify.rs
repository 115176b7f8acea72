//! Verifies the effect of the command of a group.
//!
//! Input: the group, and the processes before its command. Output: the duration, or a
//! [`VerifyFailure`]. A verification is repeated until it succeeds or its time is over.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use error_line::chain;
use group_apply::options::{GroupConfig, GroupKey, Probe, Program};
use http_client::{Client, Limits, Request, Tls, TlsConfig, TransportConfig};
use reload_checks::{Before, Server, Verification, VerifyError};
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use url::Url;

use crate::command;
use crate::daemon::event::VerifyFailure;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// The processes of servers before a reload, by group. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed(Arc<Mutex<HashMap<GroupKey, Result<Before, String>>>>);

impl Observed {
    /// Observes the server of a group, if its verification needs that.
    pub(super) async fn observe(&self, group: &GroupConfig) {
        let Some(Probe::Builtin { program, pid_file }) = group.verify.as_ref().map(|it| &it.probe)
        else {
            return;
        };
        let (program, pid_file) = (*program, pid_file.clone());
        let observed = spawn_blocking(move || observe(program, pid_file.as_deref())).await;
        if let Ok(before) = observed {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(group.key.clone(), before.map_err(|error| chain(&error)));
        }
    }

    fn take(&self, key: &GroupKey) -> Option<Result<Before, String>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(key)
    }
}

fn observe(program: Program, pid_file: Option<&Path>) -> Result<Before, VerifyError> {
    let server = match program {
        Program::Haproxy => Server::Haproxy,
        // The configuration refuses Apache.
        Program::Nginx | Program::Apache => Server::Nginx,
    };
    Before::observe(server, pid_file)
}

/// Verifies a group.
pub(super) async fn verify(
    group: &GroupConfig,
    observed: &Observed,
    context: command::Context<'_>,
) -> Result<Duration, VerifyFailure> {
    let begun = Instant::now();
    let Some(verify) = &group.verify else {
        return Ok(begun.elapsed());
    };
    let end = begun + verify.timeout;
    let verified = match &verify.probe {
        Probe::Builtin { program, pid_file } => {
            let before = observed.take(&group.key);
            by_processes(*program, pid_file.clone(), before, end).await
        }
        Probe::Http { url, expect } => by_http(url, *expect, end).await,
        Probe::Command(command) => loop {
            match command::run(command, context).await {
                Ok(_) => break Ok(()),
                Err(failure) if Instant::now() + PAUSE >= end => {
                    break Err(VerifyFailure {
                        error: chain(&failure.error),
                        last_lines: failure.last_lines,
                    });
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        },
    };
    verified.map(|()| begun.elapsed())
}

fn failure(error: String) -> VerifyFailure {
    VerifyFailure {
        error,
        last_lines: Vec::new(),
    }
}

/// Waits for new workers of a server. One that did not run before the command has only to run.
async fn by_processes(
    program: Program,
    pid_file: Option<PathBuf>,
    before: Option<Result<Before, String>>,
    end: Instant,
) -> Result<(), VerifyFailure> {
    let begun = Instant::now();
    let mut verification = match before {
        Some(Ok(before)) => Some(Verification::new(before)),
        _ => None,
    };
    loop {
        let pid_file = pid_file.clone();
        // Reading `/proc` blocks.
        let observed = spawn_blocking(move || {
            let confirmed = match &mut verification {
                Some(verification) => verification.observe().is_some().then_some(()).ok_or(None),
                None => observe(program, pid_file.as_deref())
                    .map(drop)
                    .map_err(Some),
            };
            (verification, confirmed)
        });
        let Ok((kept, confirmed)) = observed.await else {
            return Err(failure("the processes could not be observed".to_owned()));
        };
        verification = kept;
        let Err(error) = confirmed else { return Ok(()) };
        if Instant::now() + PAUSE >= end {
            let limit = end.saturating_duration_since(begun);
            let error = error.or_else(|| Some(verification.as_ref()?.error(limit)));
            let text = error.map_or_else(String::new, |error| chain(&error));
            return Err(failure(text));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Requests a URL until it is answered with a status.
async fn by_http(url: &Url, expect: u16, end: Instant) -> Result<(), VerifyFailure> {
    let client = Client::new(TransportConfig::DEFAULT, Limits::default());
    let tls = (url.scheme() == "https").then(|| Tls::new(&TlsConfig::DEFAULT));
    let tls = tls.transpose().map_err(|error| failure(chain(&error)))?;
    let endpoint = client.endpoint(url, tls);
    let endpoint = endpoint.map_err(|error| failure(chain(&error)))?;
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let request = Request::get(target);
    let server = server_of(url);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let error = match endpoint.fetch(&request, left).await {
            Ok(answer) if answer.status == expect => return Ok(()),
            Ok(answer) => format!("{server} answers {}, not {expect}", answer.status.as_u16()),
            Err(error) => format!("{server} does not answer: {}", chain(&error)),
        };
        if Instant::now() + PAUSE >= end {
            return Err(failure(error));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The address in messages, without user, password and query.
fn server_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{host}{port}{}", url.scheme(), url.path())
}
