#![doc = include_str!("../README.md")]

// Each module imports only modules above it.

// Staged files, and their paths in a tree.
mod staged;

// Replaces files of a tree for one process, in a mount namespace.
mod namespace;

// A copy of a tree with replaced files.
mod copy;

// The role of the executable that enters a namespace.
mod role;

// What a check sees instead of a tree.
mod shadow;

// Finds the programs of servers.
mod locate;

// Checks of nginx, HAProxy and Apache by name.
mod builtin;

// The processes of one program.
mod processes;

// Verifies a reload by the processes of the server.
mod verify;

pub use builtin::{BuiltinCheck, CheckError, CheckProgram, PreparedCheck};
pub use copy::{CopyError, Limits, remove_leftovers};
pub use namespace::{Mounts, NamespaceError, enter};
pub use role::{Availability, CANNOT_CHECK, Launcher, probe, run_role};
pub use shadow::{Method, ShadowError, ShadowOptions, ShadowTree};
pub use staged::{StagedFile, TreeError};
pub use verify::{Before, Server, Verification, Verified, VerifyError, verify};
