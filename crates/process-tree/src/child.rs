//! Supervises a child process through a reaper, which ends all its descendants with it.
//!
//! Input: a [`Child`] and [`Order`]s. Output: how it ended, as an [`Exit`].

mod control_socket;
mod descendants;
mod exec_shim;
mod exit;
mod init;
mod proc_table;
mod process_group;
mod reaper;
mod roles;
mod supervise;

pub use exit::{CANNOT_EXECUTE, Exit};
pub use roles::run_role;
pub use supervise::{Child, Order, supervise};
