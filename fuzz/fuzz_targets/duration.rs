//! Parsing a duration never panics, and a formatted duration parses as the same duration.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| go_duration::fuzz(text));
