//! The endpoints of the status server.
//!
//! Input: a request's method and path, the [`DaemonReport`], and whether the loop works. Output: the answer: code and JSON.

use serde::Serialize;

use super::pulse::WAKE_UP_TIMEOUT;
use crate::report::DaemonReport;

/// The path of the health: whether the event loop works.
pub const HEALTH: &str = "/healthz";

/// The path of the readiness: whether every file is written and nothing fails.
pub const READY: &str = "/readyz";

/// The path of the whole state.
pub const STATUS: &str = "/status";

/// The maximum number of problems in an answer about the readiness.
const MAX_PROBLEMS: usize = 20;

/// The endpoints of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Health,
    Ready,
    Status,
}

impl Endpoint {
    /// Returns the endpoint of a path.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        match path {
            HEALTH => Some(Self::Health),
            READY => Some(Self::Ready),
            STATUS => Some(Self::Status),
            _ => None,
        }
    }
}

/// An answer: its HTTP code and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) body: Vec<u8>,
}

impl Reply {
    fn json(code: u16, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(mut body) => {
                body.push(b'\n');
                Self { code, body }
            }
            Err(_) => Self::error(500, "the state cannot be written as JSON"),
        }
    }

    /// An answer to a request that cannot be served.
    pub(super) fn error(code: u16, error: &str) -> Self {
        let body = serde_json::json!({ "error": error });
        Self {
            code,
            body: format!("{body}\n").into_bytes(),
        }
    }
}

/// The answer to an unknown path.
pub(super) fn not_found() -> Reply {
    Reply::error(
        404,
        &format!("there is no such page; there are {HEALTH}, {READY} and {STATUS}"),
    )
}

/// The answer to a method other than GET and HEAD.
pub(super) fn not_allowed() -> Reply {
    Reply::error(405, "only GET and HEAD are supported")
}

/// The answer about the health.
pub(super) fn health(is_healthy: bool) -> Reply {
    if is_healthy {
        return Reply::json(200, &serde_json::json!({ "healthy": true }));
    }
    let seconds = WAKE_UP_TIMEOUT.as_secs();
    let reason = format!("the event loop has not answered for {seconds} s");
    let body = serde_json::json!({ "healthy": false, "reason": reason });
    Reply::json(503, &body)
}

#[derive(Serialize)]
struct Readiness<'a, P> {
    ready: bool,
    problems: &'a [P],
    /// The number of problems that are left out.
    more: usize,
}

/// The answer about the readiness.
pub(super) fn readiness(report: &impl DaemonReport) -> Reply {
    let problems = report.problems();
    let ready = problems.is_empty();
    let shown = &problems[..problems.len().min(MAX_PROBLEMS)];
    let body = Readiness {
        ready,
        problems: shown,
        more: problems.len() - shown.len(),
    };
    Reply::json(if ready { 200 } else { 503 }, &body)
}

#[derive(Serialize)]
struct Status<'a, R, P> {
    version: &'static str,
    ready: bool,
    problems: &'a [P],
    #[serde(flatten)]
    report: &'a R,
}

/// The answer with the whole state.
pub(super) fn status<R: DaemonReport>(report: &R) -> Reply {
    let problems = report.problems();
    let body = Status {
        version: R::VERSION,
        ready: problems.is_empty(),
        problems: &problems,
        report,
    };
    Reply::json(200, &body)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::Example;

    fn json(reply: &Reply) -> Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn an_answer_about_the_readiness_has_at_most_20_problems() {
        let reply = readiness(&Example::with_problems(MAX_PROBLEMS + 5));
        assert_eq!(reply.code, 503);
        assert_eq!(json(&reply)["problems"].as_array().unwrap().len(), 20);
        assert_eq!(json(&reply)["more"], 5);
        assert_eq!(readiness(&Example::default()).code, 200);
    }

    #[test]
    fn a_loop_that_hangs_is_not_healthy() {
        let reply = health(false);
        assert_eq!(reply.code, 503);
        let reason = "the event loop has not answered for 2 s";
        assert_eq!(json(&reply)["reason"], reason);
        assert_eq!(health(true).code, 200);
    }

    #[test]
    fn the_whole_state_has_the_fields_of_the_report() {
        let reply = status(&Example::with_problems(1));
        assert_eq!(reply.code, 200);
        let expected = serde_json::json!({
            "version": "1.2.3",
            "ready": false,
            "problems": ["it fails"],
            "phase": "running",
        });
        assert_eq!(json(&reply), expected);
    }
}
