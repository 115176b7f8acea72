//! The status of the agent's checks: reports, expired TTLs, results of probes, aliases.

use std::borrow::Cow;

use super::AgentError;
use crate::catalog::casefold;
use crate::check_method::{Alias, CheckMethod, MAX_OUTPUT, ProbeResult};
use crate::cluster_state::ClusterState;
use crate::ids;
use crate::records::Check;

/// The number of times that aliases are followed after one change. Aliases of aliases need more than
/// one; a circle of aliases must end.
const MAX_ALIAS_PASSES: usize = 4;

/// Returns the start of an output that is too long, as Consul's agent does.
fn shortened(output: &str, max: usize) -> Cow<'_, str> {
    let length = output.len();
    if length <= max {
        return output.into();
    }
    let end = (0..=max)
        .rev()
        .find(|end| output.is_char_boundary(*end))
        .unwrap_or(0);
    let start = &output[..end];
    format!("{start} ... (captured {max} of {length} bytes)").into()
}

impl ClusterState {
    /// Processes the report of a TTL check.
    pub(crate) fn report(
        &mut self,
        id: &str,
        status: &str,
        output: &str,
    ) -> Result<(), AgentError> {
        let check = self.agent.checks.get(id);
        if check.is_none_or(|check| check.kind != "ttl") {
            return Err(AgentError::NotTtl(id.to_owned()));
        }
        let mut max = MAX_OUTPUT;
        if let Some(run) = self.agent.runs.get_mut(id) {
            run.stamp = ids::stamp();
            max = run.definition.max_output;
        }
        self.set_status(id, status, &shortened(output, max));
        Ok(())
    }

    /// Makes a check critical whose TTL expired. Does nothing if a report arrived since `stamp`.
    pub(crate) fn expire_ttl(&mut self, id: &str, stamp: u64) {
        if self.has_run(id, stamp) {
            self.set_status(id, "critical", "TTL expired");
        }
    }

    /// Counts the result of a probe. Does nothing if the check was registered again since `stamp`.
    pub(crate) fn finish_probe(&mut self, id: &str, stamp: u64, result: &ProbeResult) {
        if !self.has_run(id, stamp) {
            return;
        }
        let run = self.agent.runs.get_mut(id);
        if run.is_some_and(|run| run.count(result.status)) {
            self.set_status(id, result.status, &result.output);
        }
    }

    /// Deregisters the instance of a check that is critical since `stamp` for too long. Returns its
    /// ID.
    pub(crate) fn deregister_critical(&mut self, id: &str, stamp: u64) -> Option<String> {
        let run = self.agent.runs.get(id)?;
        let check = self.agent.checks.get(id)?;
        if run.critical_stamp != stamp {
            return None;
        }
        let service = check.service_id.clone();
        self.deregister_instance(&service);
        Some(service)
    }

    fn has_run(&self, id: &str, stamp: u64) -> bool {
        let run = self.agent.runs.get(id);
        run.is_some_and(|run| run.stamp == stamp)
    }

    /// Sets the status and output of one of the agent's checks. As in Consul's agent, a change of
    /// the output alone does not update the catalog.
    fn set_status(&mut self, id: &str, status: &str, output: &str) {
        let Some(check) = self.agent.checks.get_mut(id) else {
            return;
        };
        output.clone_into(&mut check.output);
        if check.status == status {
            return;
        }
        status.clone_into(&mut check.status);
        let changed = check.clone();
        if let Some(run) = self.agent.runs.get_mut(id).filter(|_| status == "critical") {
            run.critical_stamp = ids::stamp();
        }
        self.write_check(changed);
    }

    /// Sets the status and output of a new check, if it is an alias.
    pub(super) fn set_alias_status(&self, check: &mut Check) {
        let run = self.agent.runs.get(&check.id);
        if let Some(CheckMethod::Alias(alias)) = run.map(|run| &run.definition.method) {
            (check.status, check.output) = self.aliased(alias);
        }
    }

    /// Updates the alias checks after a change.
    pub(crate) fn follow_aliases(&mut self) {
        for _ in 0..MAX_ALIAS_PASSES {
            let changed: Vec<_> = self
                .agent
                .runs
                .iter()
                .filter_map(|(id, run)| {
                    let CheckMethod::Alias(alias) = &run.definition.method else {
                        return None;
                    };
                    let (status, output) = self.aliased(alias);
                    let check = self.agent.checks.get(id)?;
                    let is_new = check.status != status || check.output != output;
                    is_new.then(|| (id.clone(), status, output))
                })
                .collect();
            if changed.is_empty() {
                return;
            }
            for (id, status, output) in changed {
                self.set_status(&id, &status, &output);
            }
        }
    }

    /// Returns the status and output of an alias check: the first critical check of the service or
    /// its node, or the last one with a warning.
    fn aliased(&self, alias: &Alias) -> (String, String) {
        let own = &self.identity.node;
        let is_own = alias.node.is_empty() || casefold(&alias.node) == casefold(own);
        let catalog = self.datacenter(None).map(|dc| &dc.catalog);
        let elsewhere = catalog
            .filter(|_| !is_own)
            .into_iter()
            .flat_map(|catalog| catalog.checks_on(&alias.node))
            .map(|check| &check.value);
        let here = self.agent.checks.values().filter(|_| is_own);
        let is_relevant =
            |check: &&Check| check.service_id.is_empty() || check.service_id == alias.service_id;
        let mut found = ("passing".to_owned(), "No checks found.".to_owned());
        for check in here.chain(elsewhere).filter(is_relevant) {
            if check.status == "passing" {
                "All checks passing.".clone_into(&mut found.1);
                continue;
            }
            let (name, output) = (&check.name, &check.output);
            let text = format!("Aliased check {name:?} failing: {output}");
            found = (check.status.clone(), text);
            if check.status == "critical" {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_output_is_shortened_between_letters() {
        assert_eq!(shortened("hello", 5), "hello");
        assert_eq!(shortened("hello", 4), "hell ... (captured 4 of 5 bytes)");
        assert_eq!(shortened("é€", 3), "é ... (captured 3 of 5 bytes)");
        assert_eq!(shortened("é", 0), " ... (captured 0 of 2 bytes)");
    }
}
