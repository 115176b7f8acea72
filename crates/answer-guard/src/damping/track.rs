//! The toggles of one instance.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::config::FlapDampingConfig;
use super::flap::{DampedInstance, Flap, FlapChange, Shown};
use super::state::{InstanceState, worse};
use consul_watch::answer::Instance;

/// An instance that has toggled recently.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) node: String,
    pub(super) id: String,
    /// The latest toggles, at most one more than permitted.
    toggles: VecDeque<Toggle>,
    /// `true` if it was reported that the instance flaps and is not damped.
    is_reported: bool,
    pub(super) damping: Option<Damping>,
}

/// A change of the state.
#[derive(Clone, Debug)]
struct Toggle {
    time: Instant,
    /// The worse of the two states.
    worse: InstanceState,
}

/// The damping of an instance.
#[derive(Clone, Debug)]
pub(super) struct Damping {
    /// The time at which it has begun.
    pub(super) since: Instant,
    /// The worst state of the instance, in which it is shown.
    pub(super) worst: InstanceState,
    pub(super) last_toggle: Instant,
    pub(super) toggles: u64,
}

impl Track {
    /// Creates the track of an instance without toggles.
    pub(super) fn new(instance: &Instance) -> Self {
        Self {
            node: instance.node.clone(),
            id: instance.id.clone(),
            toggles: VecDeque::new(),
            is_reported: false,
            damping: None,
        }
    }

    /// The damping of the instance.
    pub(super) fn damping(&self) -> Option<&Damping> {
        self.damping.as_ref()
    }

    /// Returns `true` if the instance is damped.
    pub(super) fn is_damped(&self) -> bool {
        self.damping.is_some()
    }

    /// The time at which the instance is no longer damped.
    pub(super) fn end(&self, config: &FlapDampingConfig) -> Option<Instant> {
        let damping = self.damping.as_ref()?;
        Some(damping.last_toggle + config.stable_for)
    }

    /// Returns `true` if the instance is damped, or has toggled within the window. Forgets older toggles.
    pub(super) fn has_toggled_within(&mut self, window: Duration, now: Instant) -> bool {
        self.toggles
            .retain(|toggle| now.saturating_duration_since(toggle.time) < window);
        self.is_damped() || !self.toggles.is_empty()
    }

    /// Records a toggle. Returns `true` if the instance toggles too often and is not damped.
    pub(super) fn record_toggle(
        &mut self,
        config: &FlapDampingConfig,
        worse: InstanceState,
        now: Instant,
    ) -> bool {
        if let Some(damping) = &mut self.damping {
            damping.toggles += 1;
            damping.last_toggle = now;
            damping.worst = self::worse(damping.worst.take(), worse);
            return false;
        }
        self.toggles.push_back(Toggle { time: now, worse });
        let max = usize::try_from(config.max_toggles).unwrap_or(usize::MAX);
        while self.toggles.len() > max.saturating_add(1) {
            self.toggles.pop_front();
        }
        self.toggles.len() > max
    }

    /// Damps the instance, which toggles too often, if that is permitted. Returns what has changed, or that the instance is
    /// not damped, if that is news.
    pub(super) fn damp_or_report(&mut self, may_damp: bool, now: Instant) -> Option<Flap> {
        let toggles = self.toggles.len() as u64;
        if !may_damp {
            let is_news = !std::mem::replace(&mut self.is_reported, true);
            return is_news.then(|| self.flap(toggles, FlapChange::Flapping));
        }
        let states = self.toggles.drain(..).map(|toggle| toggle.worse);
        let damping = Damping {
            since: now,
            worst: states.reduce(worse).flatten(),
            last_toggle: now,
            toggles,
        };
        let shown = damping.shown();
        self.damping = Some(damping);
        Some(self.flap(toggles, FlapChange::Damped(shown)))
    }

    /// The end of the damping; `None` if the instance is not damped.
    pub(super) fn released(&self, now: Instant) -> Option<Flap> {
        let damping = self.damping.as_ref()?;
        let after = now.saturating_duration_since(damping.since);
        Some(self.flap(damping.toggles, FlapChange::Released { after }))
    }

    /// The instance for the report; `None` if it is not damped.
    pub(super) fn damped_instance(&self) -> Option<DampedInstance<'_>> {
        let damping = self.damping.as_ref()?;
        Some(DampedInstance {
            node: &self.node,
            id: &self.id,
            toggles: damping.toggles,
            shown: damping.shown(),
        })
    }

    fn flap(&self, toggles: u64, change: FlapChange) -> Flap {
        Flap {
            node: self.node.clone(),
            id: self.id.clone(),
            toggles,
            change,
        }
    }
}

impl Damping {
    fn shown(&self) -> Shown {
        match &self.worst {
            None => Shown::Absent,
            Some(instance) => Shown::As(instance.status),
        }
    }
}
