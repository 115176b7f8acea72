//! Reading a duration never panics, and what is read is shown so that it reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| go_duration::fuzz(text));
