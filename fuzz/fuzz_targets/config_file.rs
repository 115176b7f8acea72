//! Reading a configuration file of any format and content ends without a panic.
#![no_main]

use ctmpl_options::config::file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| file::fuzz(text));
