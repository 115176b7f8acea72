//! The options: what is written, how, and what follows.

mod command;
mod file;
mod group;
mod max_change;
mod rate;

pub use command::{CommandConfig, CommandOutput, EnvironmentConfig, Variable};
pub use file::{Drift, FileConfig, STANDARD_OUTPUT};
pub use group::{
    CheckConfig, CheckMethod, GroupConfig, GroupKey, OnFailure, Probe, Program, VerifyConfig,
};
pub use max_change::MaxChange;
pub use rate::ReloadRate;
