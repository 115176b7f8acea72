//! Tests the schedule in simulations: a Consul that changes, refuses and loses requests, and a
//! clock that jumps to the next event. There are no sockets and no tasks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::answer::{Answer, Instance, Pair};
use crate::query::ConsulQuery;
use crate::source::{
    Area, Error, InstanceIndex, NodeSnapshot, Reply, Tick, TickReply, fingerprint,
};
use crate::watch::Pauses;

mod budget;
mod consul;
mod datacenters;
mod extra_reads;
mod probes;
mod properties;
mod restarts;
mod servers;
mod sharing;
mod simulation;
mod surveys;
mod token;

use consul::{SimulatedConsul, Trouble};
use simulation::Simulation;

const MINUTE: Duration = Duration::from_secs(60);
/// The time that each answer takes.
const LATENCY: Duration = Duration::from_millis(1);

fn rules(connections: usize) -> Rules {
    Rules {
        wait: MINUTE,
        max_stale: None,
        pause: Duration::ZERO,
        connections,
        is_limited_by_files: false,
        full_read_interval: None,
        pauses: Pauses::DEFAULT,
    }
}

fn service(number: usize) -> Query {
    Query::service(&format!("s{number}")).unwrap()
}

fn key_name(number: usize) -> String {
    format!("app/k{number:04}")
}

fn key(number: usize) -> Query {
    Query::key(&key_name(number)).unwrap()
}

/// The query for all keys.
fn list() -> Query {
    Query::Consul(ConsulQuery::Pairs(crate::query::KeyQuery {
        key: "app/".to_owned(),
        scope: crate::query::Scope::default(),
    }))
}

/// A service of another datacenter.
fn eu(number: usize) -> Query {
    Query::service(&format!("e{number}@eu")).unwrap()
}

fn traits(query: &Query) -> Traits {
    let Query::Consul(own) = query else {
        panic!("{query} is not for Consul");
    };
    Traits {
        blocks: true,
        interval: None,
        area: match own {
            ConsulQuery::Service(service) => Some(Arc::new(Area::Catalog(service.scope.clone()))),
            _ => None,
        },
    }
}

fn unreachable() -> Error {
    Error::Unreachable {
        server: "a.test:8500".to_owned(),
        reason: "refused".to_owned(),
    }
}

fn idle() -> Error {
    Error::TimedOut {
        server: "a.test:8500".to_owned(),
        blocking: true,
    }
}

fn throttled() -> Error {
    Error::ClosedWithoutAnswer {
        server: "a.test:8500".to_owned(),
        remedy: None,
    }
}

fn denied() -> Error {
    Error::Status {
        server: "a.test:8500".to_owned(),
        status: 403,
        message: "Permission denied".to_owned(),
        retry_after: None,
    }
}

fn no_path() -> Error {
    Error::Status {
        server: "a.test:8500".to_owned(),
        status: 500,
        message: "No path to datacenter".to_owned(),
        retry_after: None,
    }
}
