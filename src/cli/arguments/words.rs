//! The flags of `ctmpl dev`, `convert` and `migrate` alone.

use std::path::PathBuf;

use clap::Args;
use clap::builder::ValueHint;

use super::ConsulArguments;

/// Flags of `ctmpl dev` alone.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Embedded server")]
pub struct DevArguments {
    /// Where the embedded server listens; port 0: any that is free [default: 127.0.0.1:8500]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// What it holds at first: a YAML or JSON file
    #[arg(long, value_name = "FILE")]
    #[arg(value_hint = ValueHint::FilePath)]
    pub seed: Option<PathBuf>,
}

/// `ctmpl convert`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Conversion")]
pub struct ConvertArguments {
    /// How a live Consul is reached, to prove the result on.
    #[command(flatten)]
    pub consul: ConsulArguments,
    /// Prove the result on this data: a YAML or JSON file as `ctmpl dev --seed` has it
    #[arg(long, value_name = "FILE")]
    #[arg(value_hint = ValueHint::FilePath)]
    pub data: Option<PathBuf>,
    /// Write the Jinja template here instead of to standard output
    #[arg(long, short = 'o', value_name = "FILE")]
    #[arg(value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// What opens an action in the Go template [default: {{]
    #[arg(long, value_name = "TEXT")]
    pub left_delimiter: Option<String>,
    /// What closes an action in the Go template [default: }}]
    #[arg(long, value_name = "TEXT")]
    pub right_delimiter: Option<String>,
    /// The Go template
    #[arg(value_name = "FILE")]
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
}

/// `ctmpl migrate`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Migration")]
pub struct MigrateArguments {
    /// What to write: yaml, toml, hcl or json, of which the last has no comments [default: yaml]
    #[arg(long, value_name = "FORMAT")]
    pub to: Option<String>,
    /// A configuration file of consul-template, in HCL or JSON
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
