//! Checks and verifications of groups.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_check_that_cannot_work_is_an_error_with_the_remedy() {
    let cases = [
        (
            "check = \"nginx -t\"",
            "template[1].check in a.hcl:1: the check has neither {staged} nor {tree}",
        ),
        ("check = [\"nginx\"]", "the check has neither"),
        ("check = \"Nginx\"", "the check has neither"),
        ("check = \"x {tree}\"", "{tree} needs check_tree"),
        (
            "check = \"x {staged}\" check_tree = \"/t\"",
            "template[1].check_tree in a.hcl:1: it has no effect",
        ),
        ("check_tree = \"/t\"", "check_tree needs a check"),
        (
            "check = \"\" check_tree = \"/t\"",
            "check_tree needs a check",
        ),
        (
            "check = \"nginx\" check_tree = \"/\"",
            "a copy of / is never made",
        ),
        ("check = \"{staged}\"", "{staged} cannot be the program"),
        ("check = \"x '{staged}\"", "the line has no closing `'`"),
        ("verify = \"apache\"", "there is no verification of apache"),
        (
            "verify = \"ngnix\"",
            "there is no verification \"ngnix\"; write nginx, haproxy, a URL",
        ),
        (
            "verify { timeout = \"1s\" }",
            "a verification needs a method",
        ),
        ("verify { command = \"\" }", "a verification needs a method"),
        (
            "verify { program = \"nginx\" command = \"x\" }",
            "has one method, and template[1].verify.program in a.hcl:1",
        ),
        (
            "verify { http = \"http://h\" command = \"x\" }",
            "has one method, and template[1].verify.http",
        ),
        (
            "verify { http = \"http://h\" program = \"nginx\" }",
            "has one method, and template[1].verify.program",
        ),
        (
            "verify { command = \"x\" expect = 200 }",
            "verify.expect in a.hcl:1: it has no effect without http",
        ),
        (
            "verify { http = \"http://h\" pid_file = \"/p\" }",
            "it has no effect without program",
        ),
        ("verify { http = \"ftp://h\" }", "it is not a URL of HTTP"),
        ("verify = \"ftp://u:s3cret@h/x\"", "only a URL with http://"),
        ("verify = \"htp://h/x y\"", "only a URL with http://"),
        ("verify { http = \"http://\" }", "it is not a URL of HTTP"),
        (
            "verify { http = \"http://u:s3cret@h\" }",
            "cannot hold user and password",
        ),
        (
            "verify { http = \"http://h\" expect = 99 }",
            "99 is not a status of HTTP",
        ),
        (
            "verify { command = \"x\" timeout = \"0s\" }",
            "would end the verification at once",
        ),
        (
            "on_failure = \"ignore\"",
            "there is no reaction to a failure \"ignore\"; write retry, rollback or exit",
        ),
        ("reload_rate = \"10s\"", "is not a rate; write COUNT/PERIOD"),
    ];
    for (keys, expected) in cases {
        let error = error(&template("a", keys));
        assert!(
            error.contains(expected) && !error.contains("s3cret"),
            "{keys}: {error}"
        );
    }
    let error_of_group =
        |block: &str, keys: &str| error(&format!("group {block}\n{}", template("a", keys)));
    let text = error_of_group("\"g\" {}", "group = \"g\" verify = \"nginx\"");
    assert!(text.contains("template[1].verify in a.hcl:2: the template is in the group g; write verify into the group, group[g] in a.hcl:1"), "{text}");
    let text = error_of_group("\"33\" {}", "group = \"33\"");
    assert!(
        text.contains("the name of a group cannot be a number"),
        "{text}"
    );
    let text = error_of_group("\"g\" { timeout = \"0s\" }", "group = \"g\"");
    assert!(text.contains("would end the command at once"), "{text}");
    let two = template("a", "command = \"x\" check = \"y --file={staged}\"");
    assert!(read(&two).jobs[0].group.is_some());
    let text = error(&(two + &template("b", "command = \"x\"")));
    assert!(text.contains("stands for 2 files"), "{text}");
}

#[test]
fn an_exact_word_is_a_verification_and_a_line_is_a_command() {
    let probe = |text: &str| {
        let config = read(&template(
            "a",
            &format!("command = \"c\" verify = \"{text}\""),
        ));
        config.jobs[0]
            .group
            .as_ref()
            .and_then(|group| Some(group.verify.as_ref()?.probe.clone()))
    };
    let program = |program| {
        Some(Probe::Builtin {
            program,
            pid_file: None,
        })
    };
    assert_eq!(probe(" nginx "), program(Program::Nginx));
    assert_eq!(probe("HAProxy"), program(Program::Haproxy));
    assert_eq!(probe(""), None);
    for text in ["systemctl is-active nginx", "/usr/bin/check"] {
        let Some(Probe::Command(command)) = probe(text) else {
            panic!("{text}");
        };
        assert_eq!(command.line.to_string(), text);
        assert_eq!(command.timeout, Duration::from_secs(10));
    }
    let pid_file = read(&template(
        "a",
        "command = \"c\" verify { program = \"nginx\" pid_file = \"/run/n.pid\" }",
    ));
    let probe = &group(&pid_file.jobs[0]).verify.as_ref().unwrap().probe;
    assert!(
        matches!(probe, Probe::Builtin { pid_file: Some(path), .. } if path == Path::new("/run/n.pid"))
    );
}

#[test]
fn a_higher_layer_replaces_the_method_of_a_verification() {
    let lower = file::read_text(
        "low.hcl",
        "group \"g\" { verify { http = \"http://h\" expect = 201 timeout = \"3s\" } }",
    );
    let upper = file::read_text(
        "up.hcl",
        "group \"g\" { command = \"c\" verify = \"nginx\" }\ntemplate { contents = \"x\" destination = \"y\" group = \"g\" }",
    );
    let layer = upper.expect("HCL").over(lower.expect("HCL"));
    let config = resolve::resolve(layer, None, &Environment::default()).expect("a configuration");
    let verify = group(&config.jobs[0]).verify.as_ref().unwrap();
    assert!(matches!(verify.probe, Probe::Builtin { .. }));
    assert_eq!(verify.timeout, Duration::from_secs(3));
}

#[test]
fn no_secret_of_a_group_is_shown() {
    let text = "group \"g\" {
        command = \"x\"
        verify { http = \"https://u:s3cret@h:1/p?token=s3cret\" }
        env { custom = [\"A=s3cret\"] }
    }";
    let shown = show::show(file::read_text("a.hcl", text).expect("HCL"));
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(
        shown.contains("http = \"https://***@h:1/p?***\""),
        "{shown}"
    );
    assert!(shown.contains("group \"g\" {\n"), "{shown}");
}

#[test]
fn a_verification_by_processes_needs_a_command() {
    let block = "group \"g\" { verify = \"nginx\" }\n";
    let text = error(&(block.to_owned() + &template("a", "group = \"g\"")));
    assert!(text.contains("before and after the command"), "{text}");
}

#[test]
fn a_verification_can_be_a_list_of_a_program_and_its_arguments() {
    let probe = |written: &str| {
        let config = read(&template(
            "a",
            &format!("command = \"x\" verify = {written}"),
        ));
        group(&config.jobs[0])
            .verify
            .clone()
            .expect("a verification")
            .probe
    };
    let Probe::Command(command) = probe("[\"curl\", \"-f\", \"http://h/a b\"]") else {
        panic!("it is a command");
    };
    let words = ["curl", "-f", "http://h/a b"].map(str::to_owned).to_vec();
    assert_eq!(command.line, CommandLine::Direct(words));
    assert_eq!(probe("[\"x\"]"), probe("{ command = \"x\" }"));
    for text in ["\"nginx\"", "\"http://h/\"", "\"test -e /x\""] {
        assert_eq!(
            probe(&format!("[{text}]")),
            probe(text),
            "a list of one is a text"
        );
    }
    let config = read(&template("a", "command = \"x\" verify = []"));
    assert_eq!(config.jobs[0].group, None);
    let config = read(&template(
        "a",
        "command = \"x\" verify = [{ program = \"nginx\" }]",
    ));
    assert!(group(&config.jobs[0]).verify.is_some());
    for written in ["[\"curl\", 1]", "[\"ftp://h/\"]"] {
        let error = error(&template("a", &format!("verify = {written}")));
        assert!(error.contains("template[1].verify in a.hcl:1"), "{error}");
    }
}
