//! The server's own agent: its services and checks, and their copy in the catalog.
//!
//! Input: registrations, the results of checks, maintenance. Output: writes to the catalog, one raft
//! index each, like those of an agent's anti-entropy.

mod status;

use super::check_method::{CheckRun, NewCheck};
use super::cluster_state::{ClusterState, own_node};
use super::records::{Check, Instance};

/// The ports that sidecar proxies get.
const SIDECAR_PORTS: std::ops::RangeInclusive<i64> = 21_000..=21_255;

/// Prefix of the ID of the check that puts an instance into maintenance mode.
pub(crate) const SERVICE_MAINTENANCE: &str = "_service_maintenance:";
/// ID of the check that puts the node into maintenance mode.
pub(crate) const NODE_MAINTENANCE: &str = "_node_maintenance";

/// The reason why the agent refuses a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AgentError {
    #[error("No service registered with ID \"{0}\"")]
    UnknownService(String),
    #[error("ServiceID \"{0}\" does not exist")]
    UnknownServiceOfCheck(String),
    #[error("CheckID \"{0}\" does not have associated TTL")]
    NotTtl(String),
}

impl ClusterState {
    /// Registers an instance and its checks at one raft index.
    pub(crate) fn register_instance(
        &mut self,
        mut instance: Instance,
        checks: Vec<NewCheck>,
        replace_checks: bool,
    ) {
        instance.node.clone_from(&self.identity.node);
        self.agent.sidecars.remove(&instance.id);
        let mut kept = Vec::new();
        for new in checks {
            let check = self.start_check(new);
            kept.push(self.place_check(check, &instance));
        }
        let unwanted: Vec<String> = self
            .agent
            .checks
            .values()
            .filter(|old| {
                replace_checks
                    && old.service_id == instance.id
                    && !kept.iter().any(|new| new.id == old.id)
            })
            .map(|old| old.id.clone())
            .collect();
        for id in unwanted {
            self.deregister_check(&id);
        }
        self.agent
            .instances
            .insert(instance.id.clone(), instance.clone());
        for check in &mut kept {
            self.set_alias_status(check);
            self.agent.checks.insert(check.id.clone(), check.clone());
        }
        self.synchronize(Some(instance), kept);
    }

    /// Registers the sidecar proxy of an instance.
    pub(crate) fn register_sidecar(
        &mut self,
        proxy: Instance,
        checks: Vec<NewCheck>,
        replace_checks: bool,
    ) {
        let id = proxy.id.clone();
        self.register_instance(proxy, checks, replace_checks);
        self.agent.sidecars.insert(id);
    }

    /// Returns the port of the sidecar proxy with this ID: its present one, or a free one. `None` if
    /// none is free.
    pub(crate) fn sidecar_port(&self, id: &str) -> Option<i64> {
        if let Some(known) = self.agent.instances.get(id) {
            return Some(known.port);
        }
        let used = |port: i64| {
            let mut instances = self.agent.instances.values();
            instances.any(|instance| instance.port == port)
        };
        SIDECAR_PORTS.into_iter().find(|port| !used(*port))
    }

    /// Registers a check of the node or of an instance.
    pub(crate) fn register_check(&mut self, new: NewCheck) -> Result<(), AgentError> {
        let service = &new.check.service_id;
        if !service.is_empty() && !self.agent.instances.contains_key(service) {
            return Err(AgentError::UnknownServiceOfCheck(service.clone()));
        }
        let check = self.start_check(new);
        let mut check = match self.agent.instances.get(&check.service_id) {
            Some(instance) => self.place_check(check, instance),
            None => Check {
                node: self.identity.node.clone(),
                ..check
            },
        };
        self.set_alias_status(&mut check);
        self.agent.checks.insert(check.id.clone(), check.clone());
        self.write_check(check);
        Ok(())
    }

    /// Removes an instance and its checks, and its sidecar proxy; does nothing if there is no such
    /// instance.
    pub(crate) fn deregister_instance(&mut self, id: &str) {
        if self.agent.instances.remove(id).is_none() {
            return;
        }
        self.agent.checks.retain(|_, check| check.service_id != id);
        let checks = &self.agent.checks;
        self.agent.runs.retain(|id, _| checks.contains_key(id));
        let node = self.identity.node.clone();
        self.local()
            .write(|_, catalog, at| catalog.remove_instance(at, &node, id));
        self.agent.sidecars.remove(id);
        let sidecar = sidecar_id(id);
        if self.agent.sidecars.contains(&sidecar) {
            self.deregister_instance(&sidecar);
        }
    }

    /// Removes a check; does nothing if there is no such check.
    pub(crate) fn deregister_check(&mut self, id: &str) {
        if self.agent.checks.remove(id).is_none() {
            return;
        }
        self.agent.runs.remove(id);
        let node = self.identity.node.clone();
        self.local()
            .write(|_, catalog, at| catalog.remove_check(at, &node, id));
    }

    /// Turns an instance's maintenance mode on or off.
    pub(crate) fn maintain_instance(
        &mut self,
        id: &str,
        enable: bool,
        reason: &str,
    ) -> Result<(), AgentError> {
        let instance = self
            .agent
            .instances
            .get(id)
            .ok_or_else(|| AgentError::UnknownService(id.to_owned()))?;
        let check = maintenance(format!("{SERVICE_MAINTENANCE}{id}"), "Service", reason);
        let check = self.place_check(check, instance);
        self.maintain(check, enable);
        Ok(())
    }

    /// Turns the node's maintenance mode on or off.
    pub(crate) fn maintain_node(&mut self, enable: bool, reason: &str) {
        let check = maintenance(NODE_MAINTENANCE.to_owned(), "Node", reason);
        self.maintain(
            Check {
                node: self.identity.node.clone(),
                ..check
            },
            enable,
        );
    }

    fn maintain(&mut self, check: Check, enable: bool) {
        if !enable {
            self.deregister_check(&check.id);
        } else if !self.agent.checks.contains_key(&check.id) {
            self.agent.checks.insert(check.id.clone(), check.clone());
            self.write_check(check);
        }
    }

    /// Starts a check. One that is registered again keeps its status and output.
    fn start_check(&mut self, new: NewCheck) -> Check {
        let NewCheck {
            mut check,
            definition,
        } = new;
        if let Some(old) = self.agent.checks.get(&check.id) {
            check.status.clone_from(&old.status);
            check.output.clone_from(&old.output);
        }
        self.agent.runs.remove(&check.id);
        if let Some(definition) = definition {
            let run = CheckRun::new(definition);
            self.agent.runs.insert(check.id.clone(), run);
        }
        check
    }

    fn place_check(&self, check: Check, instance: &Instance) -> Check {
        Check {
            node: self.identity.node.clone(),
            service_id: instance.id.clone(),
            service_name: instance.name.clone(),
            service_tags: instance.tags.clone(),
            ..check
        }
    }

    fn write_check(&mut self, check: Check) {
        let instance = self.agent.instances.get(&check.service_id).cloned();
        let dc = self.local();
        let instance = instance.filter(|instance| {
            let known = dc.catalog.instance(&instance.node, &instance.id);
            known.is_none()
        });
        self.synchronize(instance, vec![check]);
    }

    /// Writes an instance and checks to the catalog at one raft index. The agent's node is written
    /// too if a client removed it from the catalog.
    fn synchronize(&mut self, instance: Option<Instance>, checks: Vec<Check>) {
        let node = own_node(&self.identity);
        self.local().write(|_, catalog, (index, writes)| {
            if catalog.node(&node.name).is_none() {
                catalog.put_node((index, writes), node);
            }
            if let Some(instance) = instance {
                catalog.put_instance((index, writes), instance);
            }
            for check in checks {
                let stored = catalog.put_check((index, writes), check);
                debug_assert!(stored.is_ok(), "node and instance are in the catalog");
            }
        });
    }
}

/// Returns the ID of the sidecar proxy of an instance.
pub(crate) fn sidecar_id(instance: &str) -> String {
    format!("{instance}-sidecar-proxy")
}

fn maintenance(id: String, of: &str, reason: &str) -> Check {
    let what = if of == "Node" { "node" } else { "service" };
    let no_reason = format!(
        "Maintenance mode is enabled for this {what}, but no reason was provided. This is a default message."
    );
    Check {
        id,
        name: format!("{of} Maintenance Mode"),
        status: "critical".into(),
        notes: if reason.is_empty() {
            no_reason
        } else {
            reason.to_owned()
        },
        kind: "maintenance".into(),
        ..Check::default()
    }
}
