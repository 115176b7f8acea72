//! Logs which instances are damped, and how that ends.

use answer_guard::{DampedInstance, Flap, FlapChange, FlapDampingConfig, Shown};
use consul_watch::query::{ConsulQuery, Query};
use go_duration::GoDuration;
use jiff::Timestamp;

/// Logs the changes in the damping of instances. `config`: the numbers that decided; `None`: no template has flap damping for
/// the query any more.
pub(super) fn flaps(
    query: &Query,
    flaps: &[Flap],
    config: Option<&FlapDampingConfig>,
    now: Timestamp,
) {
    for flap in flaps {
        match (flap.change, config) {
            (FlapChange::Damped(shown), Some(config)) => damped(query, flap, shown, config, now),
            (FlapChange::Flapping, Some(config)) => flapping(query, flap, config),
            (FlapChange::Released { .. }, _) => released(query, flap, config),
            (_, None) => {}
        }
    }
}

fn damped(query: &Query, flap: &Flap, shown: Shown, config: &FlapDampingConfig, now: Timestamp) {
    let Flap {
        node, id, toggles, ..
    } = flap;
    let service = service(query);
    let [window, stable_for] = [config.window, config.stable_for].map(|time| time.as_secs_f64());
    let until = now.checked_add(config.stable_for);
    let until = until.map_or_else(|_| String::new(), |until| format!("{until:.0}"));
    let state = shown.name();
    let how = how(shown);
    let [within, stable] = [config.window, config.stable_for].map(GoDuration);
    tracing::warn!(
        name: "instance.damped", %query, service, node, instance = id, toggles, window, stable_for, until, state,
        "{query}: instance {id:?} on {node:?} has changed {toggles} times within {within}: {how} until it has been stable for {stable}"
    );
}

/// Logs which instances are damped since an earlier process.
pub(super) fn restored<'a>(
    query: &Query,
    damped: impl Iterator<Item = DampedInstance<'a>>,
    config: &FlapDampingConfig,
) {
    let stable = GoDuration(config.stable_for);
    for instance in damped {
        let DampedInstance {
            node, id, toggles, ..
        } = instance;
        let (service, state) = (service(query), instance.shown.name());
        tracing::info!(
            name: "instance.still_damped", %query, service, node, instance = id, toggles, state,
            "{query}: instance {id:?} on {node:?} is damped since an earlier process: {} until it has been stable for \
             {stable}", how(instance.shown)
        );
    }
}

/// How a damped instance is shown.
fn how(shown: Shown) -> String {
    match shown {
        Shown::Absent => "left out".to_owned(),
        Shown::As(_) => format!("shown as {}", shown.name()),
    }
}

fn flapping(query: &Query, flap: &Flap, config: &FlapDampingConfig) {
    let Flap {
        node, id, toggles, ..
    } = flap;
    let (service, window) = (service(query), config.window.as_secs_f64());
    let max_damped = config.max_damped.number();
    let within = GoDuration(config.window);
    tracing::warn!(
        name: "instance.flapping", %query, service, node, instance = id, toggles, window, max_damped,
        "{query}: instance {id:?} on {node:?} has changed {toggles} times within {within}, but is not damped: \
         max_damped ({max_damped}) is reached, or it is the last instance that is not damped"
    );
}

fn released(query: &Query, flap: &Flap, config: Option<&FlapDampingConfig>) {
    let Flap {
        node,
        id,
        toggles,
        change,
    } = flap;
    let service = service(query);
    let seconds = match change {
        FlapChange::Released { after } => after.as_secs_f64(),
        FlapChange::Damped(_) | FlapChange::Flapping => 0.0,
    };
    let Some(config) = config else {
        tracing::info!(
            name: "instance.released", %query, service, node, instance = id, toggles, seconds, reason = "not_required",
            "{query}: instance {id:?} on {node:?} is no longer damped, because no template requires it"
        );
        return;
    };
    let stable = GoDuration(config.stable_for);
    tracing::info!(
        name: "instance.released", %query, service, node, instance = id, toggles, seconds, reason = "stable",
        "{query}: instance {id:?} on {node:?} is no longer damped, because it has been stable for {stable}"
    );
}

/// The name of the service of a query.
fn service(query: &Query) -> &str {
    match query {
        Query::Consul(ConsulQuery::Service(service) | ConsulQuery::Connect(service)) => {
            &service.name
        }
        _ => "",
    }
}
