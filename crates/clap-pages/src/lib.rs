//! The manual page and the completion scripts of a `clap` command.
//!
//! Input: a command with its flags and subcommands, already built. Output: a text, derived from the
//! same declarations as the help.
//!
//! ```
//! use clap::{Arg, Command};
//! use clap_pages::{Manual, Shell};
//!
//! let mut command = Command::new("demo")
//!     .about("Shows a color")
//!     .arg(Arg::new("color").long("color").value_name("NAME").help("Color to show"));
//! command.build();
//!
//! let page = Manual::default().page(&command);
//! assert!(page.contains("\\fB\\-\\-color\\fR \\fINAME\\fR"));
//!
//! let colors = |flag: &str| (flag == "color").then(|| vec!["red".to_owned()]);
//! let script = clap_pages::completion_script(command, Shell::Fish, &colors);
//! assert!(script.contains("-l color") && script.contains("red"));
//! ```

mod completions;
mod man;

pub use completions::{Shell, script as completion_script};
pub use man::{Manual, Section};
