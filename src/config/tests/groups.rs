//! From `group` blocks, and from the keys of templates about checks, to the groups of the jobs.

use super::super::resolved::{
    CheckMethod, CommandLine, GroupConfig, GroupKey, OnFailure, Owner, Probe, Program,
};
use super::*;

/// The configuration of a text in HCL.
fn resolved(text: &str) -> Result<Config, ConfigError> {
    let layer = file::read_text("a.hcl", text)?;
    resolve::resolve(layer, None, &Environment::default())
}

fn read(text: &str) -> Config {
    resolved(text).unwrap_or_else(|error| panic!("{text}: {}", chain(&error)))
}

fn error(text: &str) -> String {
    chain(&resolved(text).expect_err(text))
}

/// A template with these keys.
fn template(destination: &str, keys: &str) -> String {
    format!("template {{ contents = \"x\" destination = \"{destination}\" {keys} }}\n")
}

fn group(job: &Job) -> &GroupConfig {
    job.group.as_ref().expect("a group")
}

fn line(job: &Job) -> String {
    let command = job.command.as_ref();
    command.map_or(String::new(), |command| command.line.to_string())
}

#[test]
fn a_group_block_is_the_group_of_the_templates_that_name_it() {
    let text = "group \"nginx\" {
        check = \"nginx -t -p {tree} -c {tree}/nginx.conf\"
        check_tree = \"/etc/nginx\"
        command = \"nginx -s reload\"
        timeout = \"20s\"
        verify { http = \"http://127.0.0.1:8000/health\" expect = 204 timeout = \"3s\" }
        on_failure = \"rollback\"
        reload_rate = \"1/10s burst 3\"
        env { pristine = true }
    }\n"
    .to_owned()
        + &template("a", "group = \"nginx\"")
        + &template(
            "b",
            "group = \"nginx\" gid = \"www-data\" command = \"nginx -s reload\"",
        )
        + &template("c", "group = \"adm\" command = \"nginx -s reload\"");
    let config = read(&text);
    assert_eq!(config.warnings, [""; 0]);
    let [one, other, outside] = config.jobs.as_slice() else {
        panic!("{:?}", config.jobs);
    };
    let own = group(one);
    assert_eq!(own.key, GroupKey::Named("nginx".into()));
    assert!(Arc::ptr_eq(
        one.group.as_ref().unwrap(),
        other.group.as_ref().unwrap()
    ));
    assert_eq!(
        (one.file.group.clone(), other.file.group.clone()),
        (None, Some(Owner::Name("www-data".into())))
    );
    let command = own.command.as_ref().expect("a command");
    assert_eq!(command.line, CommandLine::Shell("nginx -s reload".into()));
    assert_eq!(command.timeout, Duration::from_secs(20));
    assert!(command.environment.pristine);
    assert_eq!((&one.command, &other.command), (&own.command, &own.command));
    let check = own.check.as_ref().expect("a check");
    assert_eq!(check.tree.as_deref(), Some(Path::new("/etc/nginx")));
    let CheckMethod::Command(check) = &check.method else {
        panic!("{check:?}");
    };
    assert_eq!(
        (check.timeout, check.environment.pristine),
        (Duration::from_secs(20), true)
    );
    let verify = own.verify.as_ref().expect("a verification");
    assert_eq!(verify.timeout, Duration::from_secs(3));
    assert!(matches!(&verify.probe, Probe::Http { url, expect: 204 } if url.path() == "/health"));
    assert_eq!(own.on_failure, OnFailure::Rollback);
    assert_eq!(own.rate, Some("1/10s burst 3".parse().unwrap()));
    assert_eq!(
        (&outside.group, &outside.file.group),
        (&None, &Some(Owner::Name("adm".into())))
    );
}

#[test]
fn a_group_without_a_command_has_that_of_its_templates() {
    let with = |block: &str, first: &str, second: &str| {
        format!("group \"g\" {{ {block} }}\n")
            + &template("a", &format!("group = \"g\" {first}"))
            + &template("b", &format!("group = \"g\" {second}"))
    };
    let config = read(&with("", "", "command = \"x y\" command_timeout = \"5s\""));
    let [one, other] = config.jobs.as_slice() else {
        panic!("{:?}", config.jobs);
    };
    assert_eq!(
        (line(one), line(other)),
        ("x y".to_owned(), "x y".to_owned())
    );
    assert_eq!(
        one.command.as_ref().unwrap().timeout,
        Duration::from_secs(5)
    );
    let config = read(&with("timeout = \"7s\"", "command = \"x y\"", ""));
    assert_eq!(
        config.jobs[0].command.as_ref().unwrap().timeout,
        Duration::from_secs(7)
    );
    let config = read(&with("", "", ""));
    assert_eq!(
        (&config.jobs[0].command, &group(&config.jobs[0]).command),
        (&None, &None)
    );
    for (text, parts) in [
        (
            with("command = \"x\"", "", "command = \"y\""),
            [
                "template[2].command in a.hcl:3: the group g has another command",
                "group[g].command in a.hcl:1",
            ],
        ),
        (
            with("", "command = \"x\"", "command = \"y\""),
            [
                "template[2].command in a.hcl:3: the group g has another command",
                "template[1].command in a.hcl:2",
            ],
        ),
    ] {
        let error = error(&text);
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
}

#[test]
fn without_a_group_block_the_group_is_that_of_the_file() {
    let config = read(&template("a", "group = \"nginx\" gid = 7"));
    assert_eq!(config.jobs[0].file.group, Some(Owner::Name("nginx".into())));
    assert_eq!(config.jobs[0].group, None);
    for gid in ["7", "\"adm\""] {
        let config = read(&(template("a", &format!("gid = {gid}")) + "group \"adm\" {}\n"));
        let expected = Owner::from(gid.trim_matches('"'));
        assert_eq!(config.jobs[0].file.group, Some(expected));
        assert_eq!(config.jobs[0].group, None);
        let warning = "group[adm] in a.hcl:2: no template has group = \"adm\", so that the group has no effect";
        assert_eq!(config.warnings, [warning]);
    }
}

#[test]
fn settings_of_a_template_count_for_all_with_its_command() {
    let checked = "command = \"x\" check = \"nginx\" verify = \"haproxy\" on_failure = \"exit\" reload_rate = \"2/1m\"";
    let text = template("a", "command = \"x\"")
        + &template("b", checked)
        + &template("c", "command = \" x \" check = \"nginx\"")
        + &template("d", "check = \"y {staged}\"")
        + &template("e", "");
    let config = read(&text);
    let own = group(&config.jobs[0]);
    assert_eq!(
        own.key,
        GroupKey::Command(CommandLine::Direct(vec!["x".into()]))
    );
    let check = &own.check.as_ref().unwrap().method;
    assert_eq!(
        *check,
        CheckMethod::Builtin(Program::Nginx, Duration::from_secs(30))
    );
    let verify = own.verify.as_ref().unwrap();
    assert_eq!(verify.timeout, Duration::from_secs(10));
    assert_eq!(
        verify.probe,
        Probe::Builtin {
            program: Program::Haproxy,
            pid_file: None
        }
    );
    assert_eq!(
        (own.on_failure, own.rate.unwrap().burst),
        (OnFailure::Exit, 2)
    );
    assert_eq!(own.command, config.jobs[0].command);
    for job in &config.jobs[1..3] {
        assert!(Arc::ptr_eq(
            job.group.as_ref().unwrap(),
            config.jobs[0].group.as_ref().unwrap()
        ));
    }
    let alone = group(&config.jobs[3]);
    assert_eq!(
        (&alone.key, &alone.command),
        (&GroupKey::Alone("d".into()), &None)
    );
    assert_eq!(alone.on_failure, OnFailure::Retry);
    assert_eq!(config.jobs[4].group, None);
    let text = template("a", "command = \"x\" check = \"nginx\"")
        + &template("b", "command = \"x\" check = \"haproxy\"");
    let error = error(&text);
    for part in [
        "template[2].check in a.hcl:2",
        "template[1].check in a.hcl:1 differs",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn flags_are_for_the_templates_of_the_command_line() {
    let words = [
        "-template=a:b:x y",
        "-template=c:d",
        "-check=nginx -t -c {tree}/nginx.conf",
        "-check-tree=/etc/nginx",
        "-verify=https://h/health?x=1",
        "-on-failure=Rollback",
        "-reload-rate=1/10s",
    ];
    let config = loaded(&words, &[]).unwrap_or_else(|error| panic!("{}", chain(&error)));
    let [one, other] = config.jobs.as_slice() else {
        panic!("{:?}", config.jobs);
    };
    assert_eq!(
        group(one).key,
        GroupKey::Command(CommandLine::Shell("x y".into()))
    );
    assert_eq!(group(other).key, GroupKey::Alone("d".into()));
    for group in [group(one), group(other)] {
        assert!(
            group
                .check
                .as_ref()
                .is_some_and(|check| check.tree.is_some())
        );
        assert!(matches!(
            &group.verify.as_ref().unwrap().probe,
            Probe::Http { expect: 200, .. }
        ));
        assert_eq!(group.on_failure, OnFailure::Rollback);
    }
    assert_eq!(
        config.warnings,
        ["--reload-rate: there is no command, so that it has no effect"]
    );
    let (text, code) = refused(&["-check=nginx", "-dry"], &[]);
    assert!(
        text.contains("cannot use --check: it is for the templates of --template"),
        "{text}"
    );
    assert_eq!(code, 13);
}

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
