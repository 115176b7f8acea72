//! Changes of templates and files are followed, and signals are handled.

mod signals;

use std::fs;
use std::time::{Duration, Instant};

use crate::support::ctmpl::{Ctmpl, Ended, Folder};
use crate::support::eventually;
use consul_dev::{Background, Seed};
use nix::sys::signal::Signal;

fn consul() -> Background {
    crate::support::embedded(Seed::default().key("app/port", "80"))
}

fn start(folder: &Folder, consul: &Background, source: &str, more: &[&str]) -> Ctmpl {
    let template = folder.template(source, "out", "");
    Ctmpl::start(
        consul.address(),
        ["-template", &template].iter().chain(more),
    )
}

#[test]
fn a_saved_template_is_rendered_without_a_signal() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"port {{ key "app/port" }}"#);
    let _ctmpl = start(&folder, &consul, "in", &[]);
    folder.becomes("out", "port 80");
    folder.write("in", r#"Port: {{ key "app/port" }}"#);
    folder.becomes("out", "Port: 80");

    // Editors write the new text to another file, and rename it.
    folder.write(".in.swp", r#"PORT = {{ key "app/port" }}"#);
    fs::rename(folder.path(".in.swp"), folder.path("in")).unwrap();
    folder.becomes("out", "PORT = 80");
    folder.write("in", r#"after {{ key "app/port" }}"#);
    folder.becomes("out", "after 80");

    // The queries of the new text are followed, too.
    folder.write("in", r#"{{ keyOrDefault "new" "none" }}"#);
    folder.becomes("out", "none");
    consul.put_key("new", "one");
    folder.becomes("out", "one");
}

#[test]
fn a_broken_version_is_reported_and_the_last_good_one_stays_in_use() {
    let (folder, consul) = (Folder::new(), consul());
    for (source, good, broken, better, column) in [
        (
            "in",
            "port {{ key \"app/port\" }}",
            "first\nport {{ key \"app/port\" | nonsense }}",
            "is {{ key \"app/port\" }}",
            "nonsense",
        ),
        (
            "in.j2",
            "port {{ key('app/port') }}",
            "first\nport {{ key('app/port' }}",
            "is {{ key('app/port') }}",
            "}}",
        ),
    ] {
        consul.put_key("app/port", "80");
        folder.write(source, good);
        let ctmpl = start(&folder, &consul, source, &[]);
        folder.becomes("out", "port 80");
        folder.write(source, broken);
        ctmpl.logs("the last good version stays in use");
        let place = format!("{}:2:", folder.path(source).display());
        check_excerpt(&ctmpl.log(), &place, broken.lines().nth(1).unwrap(), column);

        // The old version still follows its data.
        consul.put_key("app/port", "81");
        folder.becomes("out", "port 81");
        assert_eq!(ctmpl.log_count("the last good version stays in use"), 1);
        folder.write(source, better);
        folder.becomes("out", "is 81");
        ctmpl.logs("parses again");
    }
}

/// Checks that the log has the position of an error, the line of the source, and a caret below `pointed_at`.
fn check_excerpt(log: &str, place: &str, source_line: &str, pointed_at: &str) {
    let line = log
        .lines()
        .position(|line| line.contains(place))
        .unwrap_or_else(|| panic!("no {place}: {log}"));
    let column_said = log.lines().nth(line).unwrap().split(place).nth(1).unwrap();
    assert!(
        column_said.starts_with(|first: char| first.is_ascii_digit()),
        "no column: {log}"
    );
    let shown: Vec<_> = log.lines().skip(line + 1).take(4).collect();
    let excerpt = shown.iter().position(|text| text.contains(source_line));
    // Each line begins with the time, the level and the component.
    let text_of = |line: &str| {
        line.split_once(") ")
            .map(|(_, text)| text.to_owned())
            .unwrap_or_default()
    };
    let caret = shown.iter().find(|line| {
        text_of(line)
            .trim_start_matches([' ', '|'])
            .starts_with('^')
    });
    assert!(
        excerpt.is_some() && caret.is_some(),
        "no excerpt with a caret: {log}"
    );
    let above = shown[excerpt.unwrap()];
    let pointed = &above[caret.unwrap().find('^').unwrap()..];
    assert!(
        pointed.starts_with(pointed_at),
        "the caret points at {pointed:?}: {log}"
    );
}

#[test]
fn a_template_that_appears_later_is_rendered() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("good.in", r#"{{ key "app/port" }}"#);
    let good = folder.template("good.in", "good", "");
    let mut ctmpl = start(&folder, &consul, "in", &["-template", &good]);
    ctmpl.logs("No such file or directory");
    folder.becomes("good", "80");
    assert!(ctmpl.is_running());
    folder.write("in", r#"late {{ key "app/port" }}"#);
    folder.becomes("out", "late 80");

    fs::remove_file(folder.path("in")).unwrap();
    consul.put_key("app/port", "81");
    folder.becomes("out", "late 81");
    folder.write("in", r#"again {{ key "app/port" }}"#);
    folder.becomes("out", "again 81");
}

#[test]
fn a_template_in_a_directory_that_appears_later_is_rendered() {
    let (folder, consul) = (Folder::new(), consul());
    let ctmpl = start(&folder, &consul, "below/deep/in", &[]);
    ctmpl.logs("No such file or directory");
    folder.write("below/deep/in", r#"deep {{ key "app/port" }}"#);
    folder.becomes("out", "deep 80");
}

#[test]
fn a_file_that_a_template_reads_is_followed() {
    let (folder, consul) = (Folder::new(), consul());
    let part = folder.path("part");
    folder.write(
        "in",
        &format!(
            "{{{{ key \"app/port\" }}}} {{{{ file \"{}\" }}}}",
            part.display()
        ),
    );
    let ctmpl = start(&folder, &consul, "in", &[]);
    ctmpl.logs("part");
    assert!(
        !folder.path("out").exists(),
        "what it reads is not there yet"
    );
    folder.write("part", "one");
    folder.becomes("out", "80 one");
    folder.write("part", "two");
    folder.becomes("out", "80 two");
    fs::remove_file(&part).unwrap();
    folder.stays("out", "80 two", Duration::from_millis(300));
    folder.write("part", "three");
    folder.becomes("out", "80 three");
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_and_its_bytes_are_not_replaced() {
    let (folder, consul) = (Folder::new(), consul());
    let part = folder.path("part");
    fs::write(&part, b"\xff").unwrap();
    let source = format!("{{{{ file \"{}\" | base64Encode }}}}", part.display());
    folder.write("in", &source);
    let ctmpl = start(&folder, &consul, "in", &[]);
    ctmpl.logs("it is not UTF-8");
    assert!(!folder.path("out").exists());
    fs::write(&part, "text").unwrap();
    folder.becomes("out", "dGV4dA==");
}

/// The file appears between the failed attempt to read it and the start of its watch.
#[test]
fn a_file_that_appears_as_soon_as_its_absence_is_logged_is_read() {
    let consul = consul();
    for _ in 0..10 {
        let folder = Folder::new();
        let part = folder.path("part");
        folder.write("in", &format!("{{{{ file \"{}\" }}}}", part.display()));
        let ctmpl = start(&folder, &consul, "in", &[]);
        while !ctmpl.log().contains("part") {
            std::thread::yield_now();
        }
        folder.write("part", "one");
        folder.becomes("out", "one");
    }
}

#[test]
fn files_that_a_template_includes_imports_or_extends_are_followed() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write(
        "in.j2",
        "{% extends 'base' %}{% block b %}{% include 'parts/a' %}{{ port() }}{% endblock %}",
    );
    folder.write(
        "base",
        "{% from 'macros' import port %}<{% block b %}{% endblock %}>",
    );
    folder.write("parts/a", "a ");
    folder.write(
        "macros",
        "{% macro port() %}{{ key('app/port') }}{% endmacro %}",
    );
    let _ctmpl = start(&folder, &consul, "in.j2", &[]);
    folder.becomes("out", "<a 80>");
    folder.write("parts/a", "b ");
    folder.becomes("out", "<b 80>");
    folder.write(
        "macros",
        "{% macro port() %}port {{ key('app/port') }}{% endmacro %}",
    );
    folder.becomes("out", "<b port 80>");
    folder.write(
        "base",
        "{% from 'macros' import port %}[{% block b %}{% endblock %}]",
    );
    folder.becomes("out", "[b port 80]");
}

#[test]
fn a_switched_link_is_followed() {
    let (folder, consul) = (Folder::new(), consul());
    // The layout of a volume that Kubernetes mounts.
    folder.write("v1/in", "one {{ key \"app/port\" }}");
    folder.write("v2/in", "two {{ key \"app/port\" }}");
    std::os::unix::fs::symlink("v1", folder.path("..data")).unwrap();
    std::os::unix::fs::symlink("..data/in", folder.path("in")).unwrap();
    let _ctmpl = start(&folder, &consul, "in", &[]);
    folder.becomes("out", "one 80");
    std::os::unix::fs::symlink("v2", folder.path("..next")).unwrap();
    fs::rename(folder.path("..next"), folder.path("..data")).unwrap();
    folder.becomes("out", "two 80");
}

#[test]
fn hup_reloads_everything_and_restores_edited_files() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"{{ key "app/port" }}"#);
    let mut ctmpl = start(&folder, &consul, "in", &[]);
    folder.becomes("out", "80");
    folder.write("out", "changed by hand");
    ctmpl.signal(Signal::SIGHUP);
    ctmpl.logs("reloading the configuration");
    folder.becomes("out", "80");
    assert!(ctmpl.is_running());
}

#[test]
fn a_graceful_shutdown_exits_with_12_and_removes_the_pid_file() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"{{ key "app/port" }}"#);
    let pid = folder.path("pid");
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let ctmpl = start(
            &folder,
            &consul,
            "in",
            &["-pid-file", pid.to_str().unwrap()],
        );
        eventually("the PID file is written", || {
            folder.read("pid").trim() == ctmpl.pid().to_string()
        });
        folder.becomes("out", "80");
        ctmpl.signal(signal);
        let ended = ctmpl.ends();
        assert_eq!(ended.code(), Some(12), "{signal}: {}", ended.log);
        assert!(!pid.exists(), "{signal}");
    }
}

#[test]
fn a_signal_is_handled_as_soon_as_the_pid_file_exists() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"{{ key "app/port" }}"#);
    let pid = folder.path("pid");
    for (signal, ends) in [(Signal::SIGTERM, true), (Signal::SIGHUP, false)].repeat(10) {
        let mut ctmpl = start(
            &folder,
            &consul,
            "in",
            &["-pid-file", pid.to_str().unwrap()],
        );
        while !pid.exists() {
            assert!(ctmpl.is_running());
        }
        ctmpl.signal(signal);
        if !ends {
            ctmpl.logs("reloading the configuration");
            ctmpl.signal(Signal::SIGTERM);
        }
        let ended = ctmpl.ends();
        assert_eq!(ended.code(), Some(12), "{signal}: {}", ended.log);
        assert!(!pid.exists(), "{signal}");
    }
}

#[test]
fn a_pipe_or_a_device_delays_no_other_template() {
    let (folder, consul) = (Folder::new(), consul());
    nix::unistd::mkfifo(&folder.path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    folder.write("in", r#"{{ key "app/port" }}"#);
    folder.write(
        "reader",
        &format!("{{{{ file \"{}\" }}}}", folder.path("pipe").display()),
    );
    folder.write("endless", r#"{{ file "/dev/zero" }}"#);
    let names = ["pipe", "reader", "endless", "in"];
    let templates = names.map(|name| folder.template(name, &format!("{name}.out"), ""));
    let ctmpl = Ctmpl::start(
        consul.address(),
        templates
            .iter()
            .flat_map(|template| ["-template", template.as_str()]),
    );
    folder.becomes("in.out", "80");
    ctmpl.logs("cannot read the template: it is a named pipe, not a regular file");
    ctmpl.logs("pipe: it is a named pipe, not a regular file");
    ctmpl.logs("/dev/zero: it is a device, not a regular file");
    consul.put_key("app/port", "81");
    folder.becomes("in.out", "81");
    assert_eq!(ctmpl.stop().code(), Some(12));
}
