//! `ctmpl schema`: prints the JSON Schema of configuration files.

use ctmpl_options::config;

use super::output::print;

pub(super) fn run() -> u8 {
    print(&format!("{:#}\n", config::reference::schema()))
}
