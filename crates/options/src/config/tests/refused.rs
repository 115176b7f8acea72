//! Values that are refused, and their exit codes.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn bad_flags_are_13_and_bad_configuration_is_15() {
    let cases: &[(&[&str], Variables<'_>, u8, &[&str])] = &[
        (
            &["-wait=5x"],
            &[],
            13,
            &["cannot use --wait:", "unknown unit \"x\""],
        ),
        (
            &["-wait=9s:1s"],
            &[],
            13,
            &["cannot use --wait:", "below the minimum"],
        ),
        (
            &["-format=apache"],
            &[],
            13,
            &["cannot use --format: there is no format \"apache\"; write nginx,"],
        ),
        (
            &["-output-format="],
            &[],
            13,
            &[
                "cannot use --output-format:",
                "write json, yaml, toml or ini",
            ],
        ),
        (
            &["-max-stale=5"],
            &[],
            13,
            &["cannot use --max-stale:", "needs a unit, for example 5s"],
        ),
        (
            &["-once", "-timeout=-5s"],
            &[],
            13,
            &["cannot use --timeout:", "is negative"],
        ),
        (
            &["-kill-signal="],
            &[],
            13,
            &["cannot use --kill-signal:", "there is no signal"],
        ),
        (
            &["-reload-signal=9"],
            &[],
            13,
            &["cannot use --reload-signal:", "there is no signal"],
        ),
        (
            &["-kill-signal=KILL"],
            &[],
            13,
            &["cannot use --kill-signal:", "no process can act on SIGKILL"],
        ),
        (
            &["-reload-signal=SEGV"],
            &[],
            13,
            &[
                "cannot use --reload-signal:",
                "no process can act on SIGSEGV",
            ],
        ),
        (
            &["-template="],
            &[],
            13,
            &["cannot use --template:", "cannot be empty"],
        ),
        (
            &["-consul-addr=unix://s"],
            &[],
            13,
            &["cannot use --consul-addr:", "three slashes"],
        ),
        (
            &["-consul-auth="],
            &[],
            13,
            &["cannot use --consul-auth:", "write USER or USER:PASSWORD"],
        ),
        (
            &["-consul-token=a b"],
            &[],
            13,
            &["cannot use --consul-token:", "no HTTP header"],
        ),
        (
            &["-log-level=BOGUS"],
            &[],
            15,
            &["cannot use --log-level: invalid log level \"BOGUS\", valid log levels are"],
        ),
        (
            &["-log-level="],
            &[],
            15,
            &["cannot use --log-level: invalid log level \"\""],
        ),
        (
            &[],
            &[("CT_LOG", "loud")],
            15,
            &["cannot use CT_LOG of the environment: invalid log level \"loud\""],
        ),
        (
            &[],
            &[("CONSUL_HTTP_ADDR", "ftp://s")],
            15,
            &["cannot use CONSUL_HTTP_ADDR of", "unknown scheme"],
        ),
        (
            &[],
            &[("CONSUL_HTTP_SSL", "yes")],
            15,
            &[
                "cannot use CONSUL_HTTP_SSL of",
                "\"yes\" is neither true nor false",
            ],
        ),
        (
            &[],
            &[("CONSUL_HTTP_TOKEN", "a\tb")],
            15,
            &["cannot use CONSUL_HTTP_TOKEN of", "no HTTP header"],
        ),
        (
            &[],
            &[("CONSUL_TOKEN_FILE", "/no/such")],
            15,
            &["cannot use the token file /no/such", "No such file"],
        ),
        (
            &[],
            &[("CT_LOCAL_CONFIG", "once = 1")],
            13,
            &["cannot use once in CT_LOCAL_CONFIG of the environment, line 1"],
        ),
        (
            &[],
            &[("CT_LOCAL_CONFIG", "once =")],
            13,
            &["CT_LOCAL_CONFIG of the environment, line 1 as HCL: once has no"],
        ),
    ];
    assert!(!cases.is_empty());
    for (words, variables, code, parts) in cases {
        let (text, got) = refused(
            &[words, &["-template=in:out"] as &[&str]].concat(),
            variables,
        );
        assert_eq!(got, *code, "{text}");
        for part in *parts {
            assert_eq!(text.matches(part).count(), 1, "{part:?} once in {text:?}");
        }
    }
}
