//! The options of a file.

#[cfg(feature = "config-blocks")]
mod key;

/// Mode, owner and write mode of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// The permission bits; `None`: those of the replaced file, else 0644.
    pub mode: Option<u32>,
    /// The owner; `None`: that of the replaced file, else this user.
    pub user: Option<Owner>,
    /// The group, likewise.
    pub group: Option<Owner>,
    /// How the file is written.
    pub write: WriteMode,
    /// `true` to keep the replaced file with the suffix `.bak`.
    pub backup: bool,
    /// `true` to create missing directories.
    pub create_directories: bool,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            mode: None,
            user: None,
            group: None,
            write: WriteMode::default(),
            backup: false,
            create_directories: true,
        }
    }
}

/// A user or a group. A name is looked up at each write, because accounts may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// By number.
    Id(u32),
    /// By name.
    Name(String),
}

impl From<&str> for Owner {
    fn from(text: &str) -> Self {
        match text.parse() {
            Ok(number) => Self::Id(number),
            Err(_) => Self::Name(text.to_owned()),
        }
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "config-blocks", derive(config_blocks::Choice))]
pub enum WriteMode {
    /// Replace the file where possible, else overwrite it.
    #[default]
    Auto,
    /// Replace the file, or fail.
    Rename,
    /// Overwrite the file; a reader may see a mixture.
    InPlace,
}
