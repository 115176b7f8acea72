//! Flap damping, as written: `flap_damping { max_toggles = 5, window = "1m", stable_for = "5m", max_damped = 0.5 }`, or
//! `true` or `false`.

use std::time::Duration;

use config_blocks::{Block, Setting};
use policy_values::Fraction;

/// `flap_damping { … }`
#[derive(Block, Clone, Debug, Default)]
pub(crate) struct FlapDampingBlock {
    /// Maximum number of times that an instance may appear, disappear or change its status within `window`
    #[key(default = "5")]
    pub(crate) max_toggles: Setting<u32>,
    /// Time within which these changes are counted
    #[key(default = "\"1m\"")]
    pub(crate) window: Setting<Duration>,
    /// End the damping of an instance when it has not changed for this time
    #[key(default = "\"5m\"")]
    pub(crate) stable_for: Setting<Duration>,
    /// Maximum part of the instances of a query that is damped at the same time, from 0 to 1; at least one is never damped
    #[key(default = "0.5")]
    pub(crate) max_damped: Setting<Fraction>,
}
