//! Tests of large, long and deep templates.

use std::time::Duration;

use ctmpl_convert::{Conversion, Delimiters};
use nix::time::ClockId;

use super::convert_with;

/// Compares the times for two sources, one of which is eight times as long.
#[test]
fn time_is_proportional_to_the_size() {
    type Source = fn(usize) -> String;
    let sources: [(&str, Source); 6] = [
        ("lines", |count| "{{ key \"a\" }}\n".repeat(count)),
        ("one line", |count| "{{ key \"a\" }}".repeat(count)),
        ("variables", |count| "{{ $x := key \"a\" }}\n".repeat(count)),
        ("loops", |count| {
            "{{ range service \"a\" }}\n{{ .Address }}{{ end }}\n".repeat(count)
        }),
        ("marks", |count| "{{ call 1 }}\n".repeat(count)),
        ("templates", |count| {
            let define = |number| format!("{{{{ define \"t{number}\" }}}}x{{{{ end }}}}\n");
            (0..count).map(define).collect()
        }),
    ];
    // Use the CPU time of this thread, because other tests run at the same time.
    let now = || Duration::from(ClockId::CLOCK_THREAD_CPUTIME_ID.now().unwrap());
    let time = |source: Source, count| {
        let text = source(count);
        let begun = now();
        convert_with(&text, &Delimiters::default(), None).unwrap();
        now().saturating_sub(begun)
    };
    // The first conversion also builds the Jinja environment.
    time(|_| String::new(), 0);
    for (name, source) in sources {
        let (short, long) = (time(source, 250), time(source, 2000));
        assert!(
            long < short * 24,
            "{name}: 8 times the size takes {short:?} and {long:?}"
        );
    }
}

#[test]
fn long_chains_and_deep_nesting_are_marked() {
    let chain = |first: &str, more: &str, count: usize| {
        format!("{first}{}{{{{ end }}}}", more.repeat(count))
    };
    let cases = [
        (
            chain("{{ if eq 1 2 }}a", "{{ else if eq 1 2 }}b", 200_000),
            "if with 200001 branches",
        ),
        (
            chain(
                "{{ with key \"a\" }}a",
                "{{ else with key \"b\" }}b",
                200_000,
            ),
            "with with 200001 branches",
        ),
        (
            format!("{{{{ key \"a\" {} }}}}", "| toUpper ".repeat(200_000)),
            "a pipeline of 200001 commands",
        ),
    ];
    for (source, what) in cases {
        let Conversion { marks, .. } = convert_with(&source, &Delimiters::default(), None).unwrap();
        assert_eq!(marks[0].what, what);
    }
}

#[test]
fn chains_within_chains_do_not_overflow_the_stack() {
    // Each level has a chain that Jinja nests; the next level is in its last branch.
    let more = "{{ else with key \"b\" }}{{ . }}".repeat(100);
    let level = format!("{{{{ with key \"a\" }}}}{{{{ . }}}}{more}");
    let source = format!("{}x{}", level.repeat(150), "{{ end }}".repeat(150));
    let Conversion { marks, .. } = convert_with(&source, &Delimiters::default(), None).unwrap();
    assert!(!marks.is_empty());
    let deep = format!(
        "{}x{}",
        "{{ range service \"a\" }}{{ with .Address }}{{ . }}".repeat(95),
        "{{ end }}{{ end }}".repeat(95)
    );
    convert_with(&deep, &Delimiters::default(), None).unwrap();
}
