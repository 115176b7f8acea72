//! Sends the requests of surveys, and handles their outcomes.

use std::sync::Weak;
use std::time::Instant;

use super::Schedule;
use super::connections::Kind;
use super::failures::Cause;
use super::request::{Purpose, Request, Target};
use crate::query::Scope;
use crate::source::{Area, Error, NodeSnapshot, Poll};

impl Schedule {
    fn has_room_for_survey(&self) -> bool {
        self.connections.has_room_for_short(self.servers.preferred)
    }

    fn survey_due(&self) -> Option<(Instant, &Scope)> {
        let areas = &self.areas;
        self.surveys
            .due(|scope| areas.members_of(&Area::Catalog(scope.clone())))
    }

    /// The time at which the next node can be read; `None` if there is none, or now.
    pub(super) fn survey_at(&mut self, now: Instant) -> Option<Instant> {
        if self.is_busy || !self.has_room_for_survey() {
            return None;
        }
        let (due, _) = self.survey_due()?;
        let paced = self.pace.first_at(now);
        if due > now { Some(due) } else { paced }
    }

    /// Reads the next node of a survey.
    pub(super) fn next_surveyed(&mut self, now: Instant) -> Option<Request> {
        if self.is_busy || !self.has_room_for_survey() {
            return None;
        }
        let (due, scope) = self.survey_due()?;
        let scope = scope.clone();
        if due > now || self.pace.first_at(now).is_some() {
            return None;
        }
        let name = self.surveys.next(&scope, now)?;
        self.areas.record_survey();
        let poll = Poll::once(self.servers.preferred);
        let id = self.begin_request(None, (Kind::Short, Purpose::Follow), poll, now);
        Some(Request {
            id,
            target: Target::Node(scope, name),
            poll,
            known: Weak::new(),
        })
    }

    /// Handles what is registered at a node: the services that have changed are read first.
    pub(super) fn surveyed(
        &mut self,
        (scope, node): (&Scope, &str),
        result: Result<NodeSnapshot, Error>,
        now: Instant,
    ) {
        let area = Area::Catalog(scope.clone());
        match result {
            Ok(snapshot) => {
                self.pace.received(snapshot.bytes);
                let queries = self.areas.members_of(&area);
                let named = self.surveys.record((scope, node), snapshot, queries, now);
                for id in self.named_members(&area, &named) {
                    self.surveys.found(scope);
                    self.areas.name(id);
                }
            }
            Err(error) if Cause::of(&error) == Cause::Throttled => {
                self.throttled(&error, now);
                self.surveys.refused(scope, now);
            }
            // Other requests notice that the server does not answer.
            Err(error) if error.concerns_the_server() => {}
            Err(error) => {
                tracing::debug!(name: "query.node_refused", node, %error, "{node} cannot be read: {error}");
                self.surveys.refused(scope, now);
            }
        }
    }
}
