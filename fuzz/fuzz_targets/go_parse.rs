//! Parsing a Go template with any source and delimiters never panics.
#![no_main]

use gotemplate::{Delimiters, Options, Template};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (left, right, source) = input;
    let delimiters = Delimiters {
        left: left.to_owned(),
        right: right.to_owned(),
    };
    for delimiters in [Delimiters::default(), delimiters] {
        let options = Options {
            delimiters,
            ..Options::default()
        };
        let _ = Template::parse("t", source, &options, |_| None);
    }
});
