//! Parsing the value of `--template` never panics, keeps commands unchanged, and yields no blank part.
#![no_main]

use ctmpl_options::config::template_argument;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| template_argument::fuzz(text));
