//! The definition of a health check.
//!
//! The fields and their order are those of Consul's Go client, which consul-template prints. JSON
//! has the durations first, and only once.

use std::time::Duration;

use go_duration::GoDuration;
use minijinja::Value;
use serde_json::{Map, Value as Json};

use super::kind::{record, text};
use gotemplate::FunctionError;
use gotemplate::json;
use gotemplate::record::{Field, NilList, Schema, TypedMap};
use gotemplate::scalar_object::{Methods, ScalarObject};

/// The definition, with the fields that Consul has sent.
#[derive(Clone, Debug)]
pub(super) struct Definition(pub(super) Map<String, Json>);

impl Definition {
    fn text(&self, key: &str) -> Value {
        text(self.0.get(key).and_then(Json::as_str).unwrap_or_default())
    }

    fn flag(&self, key: &str) -> Value {
        Value::from(self.0.get(key).and_then(Json::as_bool).unwrap_or_default())
    }

    fn header(&self) -> Value {
        let header = self.0.get("Header").and_then(Json::as_object);
        let fields = header.cloned().unwrap_or_default();
        let values = json::object(&fields);
        let nil = || Value::from_object(NilList);
        let list = |name: &String| match values.get_attr(name) {
            Ok(list) if !list.is_none() => list,
            _ => nil(),
        };
        Value::from_object(TypedMap {
            entries: fields
                .keys()
                .map(|name| (name.clone(), list(name)))
                .collect(),
            zero: nil(),
            is_nil: header.is_none(),
        })
    }

    /// A duration, which Consul writes as a text, or as a number of nanoseconds.
    fn duration(&self, key: &str) -> GoDuration {
        let value = self
            .0
            .get(&format!("{key}Duration"))
            .or_else(|| self.0.get(key));
        let read = value.and_then(|value| match value {
            Json::String(text) => text.parse().ok(),
            other => other
                .as_u64()
                .map(|nanos| GoDuration(Duration::from_nanos(nanos))),
        });
        read.unwrap_or(GoDuration(Duration::ZERO))
    }

    fn shown(&self, key: &str) -> Value {
        Value::from(self.duration(key).in_full())
    }

    /// A duration that YAML and TOML write as a number of nanoseconds.
    fn number(&self, key: &str) -> Value {
        let duration = self.duration(key);
        Value::from_object(ScalarObject {
            go_type: "api.ReadableDuration",
            text: duration.in_full(),
            properties: Vec::new(),
            methods: Some(Box::new(Nanoseconds(duration.0.as_nanos()))),
        })
    }
}

#[derive(Debug)]
struct Nanoseconds(u128);

impl Methods for Nanoseconds {
    fn call(&self, _: &str, _: &[Value]) -> Option<Result<Value, FunctionError>> {
        None
    }

    fn encoded(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

record!(Definition, "api.HealthCheckDefinition", |definition, reads| {
    HTTP http [0] => definition.text("HTTP"),
    Header header [0] => definition.header(),
    Method method [0] => definition.text("Method"),
    Body body [0] => definition.text("Body"),
    TLSServerName tls_server_name [0] => definition.text("TLSServerName"),
    TLSSkipVerify tls_skip_verify [0] => definition.flag("TLSSkipVerify"),
    TCP tcp [0] => definition.text("TCP"),
    TCPUseTLS tcp_use_tls [0] => definition.flag("TCPUseTLS"),
    UDP udp [0] => definition.text("UDP"),
    GRPC grpc [0] => definition.text("GRPC"),
    OSService os_service [0] => definition.text("OSService"),
    GRPCUseTLS grpc_use_tls [0] => definition.flag("GRPCUseTLS"),
    IntervalDuration interval_duration (First) as "Interval" [0] => definition.shown("Interval"),
    TimeoutDuration timeout_duration (First) as "Timeout" [0] => definition.shown("Timeout"),
    DeregisterCriticalServiceAfterDuration deregister_critical_service_after_duration (First)
        as "DeregisterCriticalServiceAfter" [0] => definition.shown("DeregisterCriticalServiceAfter"),
    SessionName session_name (UnlessEmpty) [0] => definition.text("SessionName"),
    Interval interval (Never) [0] => definition.number("Interval"),
    Timeout timeout (Never) [0] => definition.number("Timeout"),
    DeregisterCriticalServiceAfter deregister_critical_service_after (Never)
        [0] => definition.number("DeregisterCriticalServiceAfter"),
});
