//! Any HCL that can be migrated results in the same configuration in every format.
#![no_main]

use ctmpl_options::config::migrate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| migrate::fuzz(text));
