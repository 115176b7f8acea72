//! From `group` blocks, and from the keys of templates about checks, to the groups of the jobs.

mod checks;
mod timeouts;

use super::*;
use file_writer::Owner;
use group_apply::options::{
    CheckMethod, GroupConfig, GroupKey, OnFailure, Probe, Program, ReloadRate,
};
use process_tree::CommandLine;

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
    let rate = ReloadRate {
        count: 1,
        period: Duration::from_secs(10),
        burst: 3,
    };
    assert_eq!(own.rate, Some(rate));
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
fn a_reaction_to_a_failure_without_a_command_and_a_verification_is_a_warning() {
    let warnings = |keys: &str| {
        let block = format!("group \"g\" {{ on_failure = \"rollback\" {keys} }}\n");
        read(&(block + &template("a", "group = \"g\""))).warnings
    };
    let warning = "group[g].on_failure in a.hcl:1: there is no command and no verification, so that it has no effect";
    assert_eq!(warnings("check = \"x {staged}\""), [warning]);
    for effect in ["command = \"c\"", "verify = \"http://h/\""] {
        assert_eq!(warnings(effect), [""; 0], "{effect}");
    }
}
