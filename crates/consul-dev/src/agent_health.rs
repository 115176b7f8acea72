//! The health of the agent's own instances: the worst status of their checks.

use super::agent::{NODE_MAINTENANCE, SERVICE_MAINTENANCE};
use super::cluster_state::Agent;
use super::records::{Check, Instance};

/// An instance with its checks and the status that follows from them.
#[derive(Debug)]
pub(crate) struct InstanceHealth<'a> {
    /// The instance.
    pub(crate) instance: &'a Instance,
    /// Its checks and those of the node.
    pub(crate) checks: Vec<&'a Check>,
    /// `passing`, `warning`, `critical` or `maintenance`.
    pub(crate) status: &'static str,
}

impl InstanceHealth<'_> {
    /// Returns the HTTP status that stands for the health.
    pub(crate) fn code(&self) -> u16 {
        match self.status {
            "passing" => 200,
            "warning" => 429,
            _ => 503,
        }
    }
}

impl Agent {
    /// Returns the health of an instance.
    pub(crate) fn health<'a>(&'a self, instance: &'a Instance) -> InstanceHealth<'a> {
        let is_relevant =
            |check: &&Check| check.service_id.is_empty() || check.service_id == instance.id;
        let checks: Vec<&Check> = self.checks.values().filter(is_relevant).collect();
        let is_maintenance = |check: &&Check| {
            check.id == NODE_MAINTENANCE || check.id.starts_with(SERVICE_MAINTENANCE)
        };
        let has = |status: &str| checks.iter().any(|check| check.status == status);
        let status = if checks.iter().any(is_maintenance) {
            "maintenance"
        } else if has("critical") {
            "critical"
        } else if has("warning") {
            "warning"
        } else {
            "passing"
        };
        InstanceHealth {
            instance,
            checks,
            status,
        }
    }
}
