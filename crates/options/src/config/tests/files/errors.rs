//! Errors of configuration files.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn an_error_names_file_line_and_key_and_what_was_meant() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "a.hcl",
            "consul {\n  addres = \"h\"\n}",
            &["consul.addres in a.hcl:2", "did you mean address?"],
        ),
        (
            "a.yaml",
            "template:\n  - soruce: x\n",
            &["template[1].soruce in a.yaml:2", "did you mean source?"],
        ),
        (
            "a.toml",
            "[[template]]\nsource = \"x\"\n[[template]]\ncomand = \"x\"",
            &["template[2].comand in a.toml:4", "command?"],
        ),
        (
            "a.json",
            "{\n\"tempalte\": {}}",
            &["tempalte in a.json:2", "did you mean template?"],
        ),
        (
            "a.hcl",
            "consul { auth { xyz = 1 } }",
            &["consul.auth.xyz", "there are enabled, password, username"],
        ),
        (
            "a.hcl",
            "parse_only = true",
            &["parse_only in a.hcl:1", "did you mean parseonly?"],
        ),
        (
            "a.hcl",
            "max_stale = 5",
            &["max_stale in a.hcl:1", "needs a unit, for example 5s"],
        ),
        ("a.hcl", "max_stale = \"5\"", &["needs a unit"]),
        (
            "a.hcl",
            "max_stale = true",
            &["it is true or false, and should be a duration in quotes"],
        ),
        (
            "a.hcl",
            "once = \"true\"",
            &["it is a text, and should be true or false, without quotes"],
        ),
        (
            "a.hcl",
            "consul { address = 5 }",
            &["consul.address in a.hcl:1: it is a number, and should be a text"],
        ),
        (
            "a.hcl",
            "consul = 5",
            &["consul in a.hcl:1: it is a number, and should be a block"],
        ),
        (
            "a.hcl",
            "template = [1]",
            &["template[1] in a.hcl:1: it is a number, and should be a block"],
        ),
        (
            "a.hcl",
            "consul {}\n\nconsul {}",
            &["consul in a.hcl:3: it is set 2 times, first on line 1"],
        ),
        (
            "a.hcl",
            "once = true\nOnce = true",
            &["once in a.hcl:2: it is set 2 times, first on line 1"],
        ),
        (
            "a.json",
            "{\"consul\": [{},\n{}]}",
            &["consul in a.json:1: it is set 2 times"],
        ),
        (
            "a.json",
            "{\"once\": true,\n\"once\": true}",
            &["once in a.json:2: it is set 2 times, first on line 1"],
        ),
        (
            "a.hcl",
            "template { perms = 420 }",
            &["template[1].perms in a.hcl:1: 420 is the mode 0644 in decimal digits"],
        ),
        ("a.hcl", "template { perms = \"rw\" }", &["is not a mode"]),
        (
            "a.hcl",
            "template { uid = -1 }",
            &["template[1].uid in a.hcl:1: -1 is out of range"],
        ),
        (
            "a.hcl",
            "format = \"apache\"",
            &["format in a.hcl:1: there is no format \"apache\""],
        ),
        (
            "a.hcl",
            "template { output_format = \"xml\" }",
            &["template[1].output_format in a.hcl:1: there is no"],
        ),
        (
            "a.hcl",
            "template { language = \"perl\" }",
            &["should be \"go\" or \"jinja\""],
        ),
        (
            "a.hcl",
            "template {\n command = [1] }",
            &["template[1].command in a.hcl:2: it is a number"],
        ),
        (
            "a.hcl",
            "wait { min = \"5s\" max = \"1s\" }",
            &["wait in a.hcl:1: the maximum 1s is below"],
        ),
        (
            "a.hcl",
            "wait { bool = true enabled = true }",
            &["bool and enabled mean the same"],
        ),
        (
            "a.hcl",
            "log_level = \"loud\"\ntemplate { contents = \"x\" destination = \"y\" }",
            &["log_level in a.hcl:1: invalid"],
        ),
        (
            "a.hcl",
            "template { contents = \"x\" destination = \"y\" command = \"z\" command_timeout = \"0s\" }",
            &[
                "template[1].command_timeout in a.hcl:1",
                "would end the command at once",
            ],
        ),
        (
            "a.hcl",
            "\n\ntemplate {}",
            &["either a source or contents", "template[1] in a.hcl:3"],
        ),
        (
            "a.hcl",
            "\ntemplate { source = \"s\" }",
            &["s has no destination; write destination = \"…\" into template[1] in a.hcl:2"],
        ),
        (
            "a.hcl",
            "kill_signal = \"SIGFOO\"",
            &["kill_signal in a.hcl:1: there is no signal"],
        ),
        (
            "a.hcl",
            "kill_signal = \"HUP\" reload_signal = \"HUP\" template { contents = \"x\" destination = \"y\" }",
            &["both SIGHUP"],
        ),
        (
            "a.hcl",
            "exec { comand = \"x\" }",
            &["exec.comand in a.hcl:1", "did you mean command?"],
        ),
        (
            "a.hcl",
            "parseonly = \"true\"",
            &["parseonly in a.hcl:1", "true or false"],
        ),
        (
            "a.hcl",
            "consul { transport { max_idle_conns = -1 } }",
            &["consul.transport.max_idle_conns in a.hcl:1: -1 is out of range"],
        ),
        (
            "a.hcl",
            "consul { transport { dial_timout = 0 } }",
            &["did you mean dial_timeout?"],
        ),
        (
            "a.hcl",
            "a = ",
            &["cannot read the configuration a.hcl:1 as HCL: a has no value"],
        ),
        (
            "a.yaml",
            "- a",
            &["a.yaml: it is a list, and should be a block"],
        ),
    ];
    for (name, text, parts) in cases {
        let shown = refused(name, text);
        for part in *parts {
            assert!(shown.contains(part), "{part:?} in {shown:?}");
        }
    }
}

#[test]
fn no_secret_is_shown_in_an_error() {
    for text in [
        "consul { token = [\"s3cret\"] }",
        "consul { token = \"s3cret\" tokn = \"s3cret\" }",
        "consul { token = \"s3cret\" token = \"s3cret\" }",
        "consul { token = s3cret }",
        "consul { token = 1s3cret }",
        "vault { token = { a = \"s3cret\" } }",
    ] {
        let shown = refused("a.hcl", text);
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    // A token of digits without quotes.
    for (name, text) in [
        ("a.yaml", "consul:\n  token: 31415e9265"),
        ("a.yaml", "consul:\n  token: *31415e9265"),
        ("a.toml", "[consul]\ntoken = 31415e9265"),
        ("a.json", "{\"consul\": {\"token\": 31415e9265}}"),
        ("a.hcl", "consul { token = 31415e9265 }"),
    ] {
        let shown = refused(name, text);
        assert!(!shown.contains("31415"), "{shown}");
    }
}
