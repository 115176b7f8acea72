//! The options: what is written, how, and what follows.

mod command;
mod file;
mod group;
mod max_change;
mod rate;

pub use config_blocks::{FileMode, Owner};
pub use process_tree::CommandLine;

pub use command::{CommandConfig, CommandOutput, EnvironmentConfig, Variable};
pub use file::{Drift, FileConfig, STANDARD_OUTPUT, WriteMode};
pub use group::{
    CheckConfig, CheckMethod, GroupConfig, GroupKey, OnFailure, Probe, Program, VerifyConfig,
};
pub use max_change::{MaxChange, MaxChangeError};
pub use rate::{ReloadRate, ReloadRateError};
