//! Reads the definition of a health check from a registration.

use std::sync::Arc;
use std::time::Duration;

use crate::check_method::{
    Alias, CheckDefinition, CheckMethod, HttpRequest, HttpUrl, LoopbackTarget, MAX_OUTPUT,
    NewCheck, ONLY_LOOPBACK,
};
use crate::fields::Fields;
use crate::records::Check;
use crate::reply::Reply;

/// The maximum length of an output that a registration may ask for, in bytes.
const OUTPUT_LIMIT: usize = 64 * 1024;

/// Fields that are accepted without effect.
const IGNORED: [&str; 6] = [
    "TLSSkipVerify",
    "GRPCUseTLS",
    "Token",
    "Output",
    "Shell",
    "Namespace",
];

/// Returns `true` if the text is the name of a check status.
pub(crate) fn is_state(text: &str) -> bool {
    matches!(text, "passing" | "warning" | "critical")
}

/// The fields that say how the status of a check is found.
struct Source {
    is_script: bool,
    http: String,
    tcp: String,
    grpc: String,
    alias: Alias,
    method: String,
    headers: Vec<(String, String)>,
    body: String,
    ttl: Duration,
    interval: Duration,
}

impl Source {
    fn read(body: &mut Fields) -> Result<Self, Reply> {
        let mut has = |name: &str| body.take(name).is_some();
        let is_script = has("Args") | has("ScriptArgs") | has("DockerContainerID");
        Ok(Self {
            is_script,
            http: body.text("HTTP")?,
            tcp: body.text("TCP")?,
            grpc: body.text("GRPC")?,
            alias: Alias {
                node: body.text("AliasNode")?,
                service_id: body.text("AliasService")?,
            },
            method: body.text("Method")?,
            headers: headers(body)?,
            body: body.text("Body")?,
            ttl: body.duration("TTL")?.unwrap_or_default(),
            interval: body.duration("Interval")?.unwrap_or_default(),
        })
    }

    fn is_alias(&self) -> bool {
        !self.alias.node.is_empty() || !self.alias.service_id.is_empty()
    }

    fn is_probed(&self) -> bool {
        self.is_script
            || [&self.http, &self.tcp, &self.grpc]
                .iter()
                .any(|text| !text.is_empty())
    }

    /// Refuses the times that Consul refuses.
    fn validate(&self) -> Result<(), Reply> {
        let (ttl, interval) = (!self.ttl.is_zero(), !self.interval.is_zero());
        let wrong = if ttl && interval {
            "Interval and TTL cannot both be specified"
        } else if self.is_probed() && !interval {
            "Interval must be > 0 for Script, HTTP, or TCP checks"
        } else if self.is_probed() && self.is_alias() {
            "Interval cannot be set for Alias checks"
        } else if self.is_alias() && ttl {
            "TTL must be not be set for Alias checks"
        } else if !self.is_probed() && !self.is_alias() && !ttl {
            "TTL must be > 0 for TTL checks"
        } else {
            return Ok(());
        };
        Err(Reply::text(400, format!("Invalid check: {wrong}")))
    }

    /// Returns the type of the check, and how its status is found.
    fn method(self) -> Result<(&'static str, CheckMethod), Reply> {
        let refuse =
            |target: &str| Reply::text(400, format!("Invalid check: {target:?}: {ONLY_LOOPBACK}"));
        if self.is_script {
            let text = "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";
            return Err(Reply::text(500, text));
        }
        if !self.http.is_empty() {
            let url = HttpUrl::parse(&self.http).ok_or_else(|| refuse(&self.http))?;
            let is_default = self.method.is_empty();
            let request = HttpRequest {
                url,
                method: if is_default {
                    "GET".into()
                } else {
                    self.method
                },
                headers: self.headers,
                body: self.body,
            };
            return Ok(("http", CheckMethod::Http(request)));
        }
        if !self.tcp.is_empty() {
            let target = LoopbackTarget::parse(&self.tcp).ok_or_else(|| refuse(&self.tcp))?;
            return Ok(("tcp", CheckMethod::Tcp(target)));
        }
        if !self.grpc.is_empty() {
            let text = "gRPC checks are not part of the embedded server; use HTTP, TCP or TTL";
            return Err(Reply::text(400, format!("Invalid check: {text}")));
        }
        if self.is_alias() {
            return Ok(("alias", CheckMethod::Alias(self.alias)));
        }
        Ok(("ttl", CheckMethod::Ttl(self.ttl)))
    }
}

/// Takes the headers of an HTTP check: a list of values for each name.
fn headers(body: &mut Fields) -> Result<Vec<(String, String)>, Reply> {
    let Some(value) = body.take("Header") else {
        return Ok(Vec::new());
    };
    let refuse = || Reply::text(400, "Request decode failed: Header must be a map of lists");
    let mut found = Vec::new();
    for (name, values) in Fields::of(value, "Header")?.into_entries() {
        for value in values.as_array().ok_or_else(refuse)? {
            let value = value.as_str().ok_or_else(refuse)?;
            found.push((name.clone(), value.to_owned()));
        }
    }
    Ok(found)
}

/// Reads a definition; `None` if it is empty. A check is critical until it has another status.
pub(crate) fn read(mut body: Fields) -> Result<Option<NewCheck>, Reply> {
    if body.is_empty() {
        return Ok(None);
    }
    let (id, check_id) = (body.text("ID")?, body.text("CheckID")?);
    let (name, status) = (body.text("Name")?, body.text("Status")?);
    let (notes, service_id) = (body.text("Notes")?, body.text("ServiceID")?);
    let source = Source::read(&mut body)?;
    let timeout = body.duration("Timeout")?.unwrap_or_default();
    let successes = body.number("SuccessBeforePassing")?.unwrap_or(0);
    let failures = body.number("FailuresBeforeCritical")?.unwrap_or(0);
    let deregister_after = body.duration("DeregisterCriticalServiceAfter")?;
    let max_output = body.number("OutputMaxSize")?;
    body.ignore(&IGNORED);
    body.finish()?;
    if !status.is_empty() && !is_state(&status) {
        return Err(Reply::text(
            400,
            "Status for checks must 'passing', 'warning', 'critical'",
        ));
    }
    source.validate()?;
    if max_output.is_some_and(|size| size < 0) {
        return Err(Reply::text(
            400,
            "Invalid check: MaxOutputMaxSize must be positive",
        ));
    }
    let interval = source.interval;
    let (kind, method) = source.method()?;
    let size = max_output.and_then(|size| usize::try_from(size).ok());
    let definition = CheckDefinition {
        method,
        interval,
        timeout,
        successes,
        failures,
        deregister_after: deregister_after.filter(|after| !after.is_zero()),
        max_output: size
            .filter(|size| *size > 0)
            .map_or(MAX_OUTPUT, |size| size.min(OUTPUT_LIMIT)),
    };
    let is_default = status.is_empty();
    let check = Check {
        id: if check_id.is_empty() { id } else { check_id },
        name,
        status: if is_default {
            "critical".into()
        } else {
            status
        },
        notes,
        service_id,
        kind: kind.into(),
        ..Check::default()
    };
    Ok(Some(NewCheck {
        check,
        definition: Some(Arc::new(definition)),
    }))
}
