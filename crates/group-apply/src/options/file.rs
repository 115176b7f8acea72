//! How a file is written.

use config_blocks::{Choice, FileMode};
use file_writer::{Owner, WriteMode};

use super::max_change::MaxChange;

/// The destination that stands for standard output.
pub const STANDARD_OUTPUT: &str = "-";

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileConfig {
    /// The mode; `None`: that of the existing file, else 0644.
    pub perms: Option<FileMode>,
    /// The owner; `None`: that of the existing file, else that of this process.
    pub user: Option<Owner>,
    /// The group of the system; `None`: that of the existing file, else that of this process.
    pub group: Option<Owner>,
    /// Keep the replaced file, with `.bak` after its name.
    pub backup: bool,
    /// Create missing directories.
    pub create_dest_dirs: bool,
    /// Replace or overwrite the file; `None`: [`WriteMode::Auto`].
    pub write: Option<WriteMode>,
    /// What happens when another program changes the file.
    pub drift: Drift,
    /// The change budget; `None`: any change is written.
    pub max_change: Option<MaxChange>,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            perms: None,
            user: None,
            group: None,
            backup: false,
            create_dest_dirs: true,
            write: None,
            drift: Drift::default(),
            max_change: None,
        }
    }
}

/// What happens when a file is changed by another program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
#[choice(kind = "reaction to a drift")]
pub enum Drift {
    /// Nothing.
    #[default]
    Ignore,
    /// It is logged.
    Report,
    /// It is logged, and the file is written again.
    Restore,
}
