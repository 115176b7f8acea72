//! Another configuration comes into force while everything goes on.
//!
//! in:  the configuration as it was read again, or why it cannot be used
//! out: the state with its templates, and what has to be done for them
//!
//! What is the same in both goes on as if nothing had happened: a template keeps its data, what it has written and what it
//! owes; a query keeps its long poll. A configuration that is wrong changes nothing.

use std::path::Path;
use std::sync::Arc;

use super::certificates::Certificates;
use super::event::{Action, Moment};
use super::job::JobState;
use super::process::{Renewal, RenewalError, rules};
use super::state::{State, chain, is_plugin, variables};
use crate::config::resolved::{CommandConfig, Config, ConsulConfig, Job};
use crate::consul::Client;
use crate::template::RenderEnv;

/// What became of the templates.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    kept: usize,
    changed: usize,
    new: usize,
    gone: usize,
}

impl State {
    /// The configuration was read again.
    pub(super) fn renew(
        &mut self,
        read: Result<Box<Renewal>, RenewalError>,
        now: Moment,
    ) -> Vec<Action> {
        let Renewal { config, client } = match read {
            Ok(renewal) => *renewal,
            Err(error) => {
                self.reloading = false;
                let error = chain(&error);
                tracing::error!(name: "reload.refused", error, "{error}; everything stays as it was");
                return Vec::new();
            }
        };
        // The process has taken over what is its own already.
        let Config {
            consul,
            jobs,
            mode,
            dry,
            parse_only: _,
            fail_on_missing,
            log: _,
            kill_signal: _,
            reload_signal: _,
            pid_file: _,
            dev,
            warnings,
            exec,
        } = config;
        for warning in warnings {
            tracing::warn!(name: "config.warning", "{warning}");
        }
        if mode != self.mode || dry != self.dry {
            tracing::warn!(name: "reload.unchangeable", "once, timeout and dry are those of the start");
        }
        self.fail_on_missing = fail_on_missing;
        let mut actions = self.ask_as(consul, client, dev.is_some());
        let Tally {
            kept,
            changed,
            new,
            gone,
        } = self.replace_jobs(jobs);
        let ranked = |path: &Path| command_of(&self.jobs, path);
        self.ledger.renew(now.instant, ranked);
        self.look_again = true;
        tracing::info!(
            name: "reload.done", kept, changed, new, gone,
            "the configuration is read again; templates: {kept} as they were, {changed} changed, {new} new, {gone} gone"
        );
        self.renew_child(exec, now.instant, &mut actions);
        actions.extend(self.read_everything());
        actions
    }

    /// All sources and files; what plugins print, too.
    fn read_everything(&mut self) -> Vec<Action> {
        let plugins: Vec<_> = self
            .followed
            .iter()
            .filter(|query| is_plugin(query))
            .cloned()
            .collect();
        for plugin in plugins {
            self.ask_again(&plugin);
        }
        let mut actions = self.read_sources(|_| true);
        self.reloading = !actions.is_empty();
        actions.extend(self.read_files(|_| true));
        actions
    }

    /// Asks Consul like this from now on. What was answered stays believed until there are other answers.
    fn ask_as(&mut self, consul: ConsulConfig, client: Client, embedded: bool) -> Vec<Action> {
        if consul == self.consul {
            // The files may hold others nevertheless.
            return if self.certificates.are_used() {
                vec![Action::ReadCertificates]
            } else {
                Vec::new()
            };
        }
        let mut actions = vec![Action::AskWith(
            client,
            rules(&consul, self.is_once(), embedded),
        )];
        let variables = variables(&consul);
        if variables != self.render_env.variables {
            self.render_env = Arc::new(RenderEnv {
                variables,
                ..RenderEnv::clone(&self.render_env)
            });
            self.jobs.iter_mut().for_each(JobState::mark_dirty);
            actions.push(Action::Export(consul.exports.clone()));
        }
        self.token
            .follow(consul.token_file.clone(), consul.token.clone());
        self.certificates = Certificates::new(&consul);
        self.consul = consul;
        actions
    }

    /// Puts these jobs in the place of those that are there. A job goes on as long as its destination is the same.
    fn replace_jobs(&mut self, jobs: Vec<Job>) -> Tally {
        let mut tally = Tally::default();
        let mut before = std::mem::take(&mut self.jobs);
        for job in jobs {
            let place = before.iter().position(|old| old.is_of(&job));
            let number = self.numbers;
            self.jobs
                .push(match place.map(|place| before.swap_remove(place)) {
                    Some(old) if *old.job() == job => {
                        tally.kept += 1;
                        old
                    }
                    Some(old) => {
                        tally.changed += 1;
                        self.numbers += 1;
                        old.renewed(job, self.mode, number)
                    }
                    None => {
                        tally.new += 1;
                        self.numbers += 1;
                        JobState::new(number, job, self.mode)
                    }
                });
        }
        tally.gone = before.len();
        tally
    }
}

/// The command that a file needs now, and its rank.
pub(super) fn command_of(jobs: &[JobState], destination: &Path) -> Option<(CommandConfig, usize)> {
    let job = jobs
        .iter()
        .map(JobState::job)
        .find(|job| job.destination.as_deref() == Some(destination))?;
    let command = job.command.clone()?;
    let rank = jobs
        .iter()
        .position(|job| job.has_command(&command.line))
        .unwrap_or_default();
    Some((command, rank))
}
