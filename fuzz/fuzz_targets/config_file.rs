//! Reading a configuration file never panics and always ends, whatever is in it and whatever format it is in.
#![no_main]

use ctmpl::config::file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| file::fuzz(text));
