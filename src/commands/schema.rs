//! `ctmpl schema`: prints the JSON Schema of configuration files.

use super::output::print;
use crate::config;

pub(super) fn run() -> u8 {
    print(&format!("{:#}\n", config::reference::schema()))
}
