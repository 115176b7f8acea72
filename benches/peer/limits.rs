//! The limits of each row.

use std::time::Duration;

/// The limits of one row; `None` means no limit.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) latency: Option<Duration>,
    /// The ratio of the latency to the floor.
    pub(crate) of_the_floor: Option<f64>,
    /// CPU time per change.
    pub(crate) cpu: Option<Duration>,
    /// Private memory in KiB.
    pub(crate) private: Option<u64>,
    /// Resident memory in KiB.
    pub(crate) resident: Option<u64>,
}

pub(crate) const ONCE: Limits = Limits {
    latency: Some(Duration::from_millis(8)),
    of_the_floor: None,
    cpu: None,
    private: None,
    resident: Some(14 * 1024),
};

pub(crate) const ONE_KEY: Limits = Limits {
    latency: None,
    of_the_floor: Some(1.2),
    cpu: Some(Duration::from_micros(800)),
    private: Some(1024 + 512),
    resident: Some(12 * 1024),
};

pub(crate) const ONE_KEY_RECORDED: Limits = Limits {
    latency: None,
    of_the_floor: Some(1.4),
    cpu: Some(Duration::from_millis(1)),
    private: Some(2 * 1024 + 512),
    resident: Some(13 * 1024),
};

pub(crate) const MANY_SERVICES: Limits = Limits {
    latency: Some(Duration::from_millis(3)),
    of_the_floor: None,
    cpu: Some(Duration::from_millis(3)),
    private: Some(6 * 1024),
    resident: Some(18 * 1024),
};
