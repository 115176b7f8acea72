//! Words that are refused, and the remedies.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn invalid_words_are_reported_with_a_remedy() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["-nope"], &["unknown flag --nope", "--help"]),
        (
            &["-zzz=1"],
            &["unknown flag --zzz; `ctmpl --help` lists all"],
        ),
        (
            &["--onec"],
            &["unknown flag --onec", "did you mean --once?"],
        ),
        (
            &["-consul-adr=1.2.3.4:8500"],
            &["unknown flag --consul-adr,", "did you mean --consul-addr?"],
        ),
        (
            &["dev", "--lissen", "x"],
            &["unknown flag --lissen", "did you mean --listen?"],
        ),
        (&["-once", "-nope", "-h"], &["unknown flag --nope"]),
        (&["-version", "-nope"], &["unknown flag --nope"]),
        (
            &["extra"],
            &[
                "there is no command \"extra\"; `ctmpl --help` lists all, and without a command, ctmpl runs the daemon",
            ],
        ),
        (
            &["-once", "extra"],
            &["unexpected word \"extra\"; --once takes no separate value"],
        ),
        (
            &["-wait", "1s", "extra"],
            &["unexpected word \"extra\"", "every value belongs to a flag"],
        ),
        (
            &["once"],
            &["unexpected word \"once\"; did you mean `--once`?"],
        ),
        (
            &["validate", "some/ctmpl.hcl"],
            &["did you mean `--config some/ctmpl.hcl`?"],
        ),
        (
            &["in.j2", "-once"],
            &["did you mean `--template in.j2:DESTINATION`?"],
        ),
        (
            &["valdate"],
            &["unexpected word \"valdate\"; did you mean `ctmpl validate`?"],
        ),
        (
            &["in.ctmpl:out"],
            &["unexpected word \"in.ctmpl:out\"; did you mean `--template in.ctmpl:out`?"],
        ),
        (
            &["dev", "in:out:nginx -s reload"],
            &["did you mean `--template \"in:out:nginx -s reload\"`?"],
        ),
        (
            &["help", "valdate"],
            &["there is no command \"valdate\", did you mean validate? `ctmpl --help` lists all"],
        ),
        (
            &["help", "frobnicate"],
            &["there is no command \"frobnicate\"; `ctmpl --help` lists all"],
        ),
        (
            &["-t", "in:out"],
            &["unknown flag -t, did you mean --template? `ctmpl --help` lists all"],
        ),
        (&["-V"], &["unknown flag -V, did you mean -v?"]),
        (&["-q"], &["unknown flag -q; `ctmpl --help` lists all"]),
        (
            &["--consul", "localhost"],
            &["unknown flag --consul, did you mean --consul-addr? `ctmpl --help` lists all"],
        ),
        (&["-"], &["unexpected word \"-\""]),
        (&[""], &["unexpected word \"\""]),
        (&["-wait", "5s", "10s"], &["unexpected word \"10s\""]),
        (&["dev", "dev"], &["must come first"]),
        (&["-once", "dev"], &["`dev` must come first"]),
        (&["---once"], &["bad flag syntax \"---once\""]),
        (&["-=x"], &["bad flag syntax \"-\""]),
        (&["--=x"], &["bad flag syntax \"--\""]),
        (
            &["dev", "-consul-addr", "x"],
            &["--consul-addr", "starts its own server"],
        ),
        (&["--seed", "x"], &["--seed", "only with `ctmpl dev`"]),
        (
            &["--data", "x"],
            &[
                "--data",
                "only with `ctmpl render` or `ctmpl convert` or `ctmpl plan`; write `ctmpl render --data",
            ],
        ),
        (
            &["convert", "a", "--once"],
            &["--once", "does not go with `ctmpl convert`"],
        ),
        (
            &["dev", "--data", "x"],
            &["--data", "does not go with `ctmpl dev`"],
        ),
        (
            &["convert"],
            &["`ctmpl convert` needs a FILE", "ctmpl convert [FLAGS] FILE"],
        ),
        (
            &["completions"],
            &[
                "`ctmpl completions` needs a SHELL",
                "ctmpl completions [FLAGS] SHELL",
            ],
        ),
        (
            &["completions", "tcsh"],
            &["'tcsh'", "write bash or zsh or fish"],
        ),
        (&["man", "page"], &["unexpected word \"page\""]),
        (
            &["-vault-tken=x"],
            &["unknown flag --vault-tken, did you mean --vault-token?"],
        ),
        (&["convert", "a", "b"], &["unexpected word \"b\""]),
        (&["convert", "a", "--", "b"], &["unexpected word \"b\""]),
    ];
    assert!(!cases.is_empty());
    for (words, parts) in cases {
        let text = refused(words);
        for part in *parts {
            assert!(text.contains(part), "{words:?}: {text}");
        }
    }
}

#[test]
fn no_secret_is_shown() {
    let arguments = arguments(&[
        "-consul-token",
        "s3cret-t",
        "-consul-auth=u:s3cret-p",
        "-vault-token=s3cret",
    ]);
    assert!(!format!("{arguments:?} {arguments:#?}").contains("s3cret"));
    let cases: &[&[&str]] = &[
        &["-consul-token", "", "s3cret"],
        &["-consul-token=", "s3cret"],
        &["-consul-auth", "u:", "s3cret"],
        &["-consul-tokn=s3cret"],
        &["-consul-tokn", "s3cret"],
        &["---consul-token=s3cret"],
        &["-vault-token", "", "s3cret"],
        &["-consul-auth", "u", "s3cret:x"],
        &["-vault-tokn=s3cret"],
    ];
    assert!(!cases.is_empty());
    for words in cases {
        assert!(!refused(words).contains("s3cret"), "{words:?}");
    }
}
