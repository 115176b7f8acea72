//! Reads the definition of a health check from a registration.

use crate::fields::Fields;
use crate::go;
use crate::records::Check;
use crate::reply::Reply;

/// The field that defines each kind of check.
const PROBES: [(&str, &str); 5] = [
    ("HTTP", "http"),
    ("TCP", "tcp"),
    ("GRPC", "grpc"),
    ("AliasService", "alias"),
    ("AliasNode", "alias"),
];

/// Fields that are accepted without effect.
const IGNORED: [&str; 15] = [
    "Timeout",
    "Method",
    "Header",
    "Body",
    "TLSSkipVerify",
    "GRPCUseTLS",
    "OutputMaxSize",
    "Token",
    "DeregisterCriticalServiceAfter",
    "SuccessBeforePassing",
    "FailuresBeforeCritical",
    "Output",
    "DockerContainerID",
    "Shell",
    "Namespace",
];

/// Returns `true` if the text is the name of a check status.
pub(crate) fn is_state(text: &str) -> bool {
    matches!(text, "passing" | "warning" | "critical")
}

/// Reads a definition; `None` if it is empty. A check is critical until it reports another status.
pub(crate) fn read(mut body: Fields) -> Result<Option<Check>, Reply> {
    let (id, check_id) = (body.text("ID")?, body.text("CheckID")?);
    let (name, status) = (body.text("Name")?, body.text("Status")?);
    let (notes, service_id) = (body.text("Notes")?, body.text("ServiceID")?);
    let (ttl, interval) = (body.text("TTL")?, body.text("Interval")?);
    let mut has = |name: &str| body.take(name).is_some();
    // Take all of these fields, so that none is reported as unknown.
    let is_script = has("Args") | has("ScriptArgs");
    let probes = PROBES.map(|(field, kind)| has(field).then_some(kind));
    let probe = probes.into_iter().flatten().next();
    body.ignore(&IGNORED);
    body.finish()?;
    let texts = [&ttl, &name, &status, &id, &check_id, &notes];
    if probe.is_none() && !is_script && texts.iter().all(|text| text.is_empty()) {
        return Ok(None);
    }
    if !status.is_empty() && !is_state(&status) {
        return Err(Reply::text(
            400,
            "Status for checks must 'passing', 'warning', 'critical'",
        ));
    }
    if is_script {
        let text = "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";
        return Err(Reply::text(500, text));
    }
    let kind = probe.unwrap_or("ttl");
    check_times(kind, &ttl, &interval)?;
    Ok(Some(Check {
        id: if check_id.is_empty() { id } else { check_id },
        name,
        status: if status.is_empty() {
            "critical".into()
        } else {
            status
        },
        notes,
        service_id,
        kind: kind.into(),
        ..Check::default()
    }))
}

/// Checks that a definition has the TTL or interval that its kind needs.
fn check_times(kind: &str, ttl: &str, interval: &str) -> Result<(), Reply> {
    let is_positive = |text: &str| go::duration(text).is_some_and(|time| !time.is_zero());
    let wrong = match kind {
        "ttl" if !is_positive(ttl) => "Invalid check: TTL must be > 0 for TTL checks",
        "ttl" | "alias" => return Ok(()),
        _ if !is_positive(interval) => {
            "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks"
        }
        _ => return Ok(()),
    };
    Err(Reply::text(400, wrong))
}
