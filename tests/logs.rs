//! The log in all outlets: one line per event, no secrets, and no outlet delays the program.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Stdio;

use crate::support::ctmpl::{Ctmpl, Folder, command, run, run_command, text};
use crate::support::datagrams::Datagrams;
use crate::support::eventually;
use crate::support::mount::Mount;
use consul_dev::{Background, Seed};
use serde_json::Value;

/// Starts a server with a key, and creates a template for it.
fn setup() -> (Folder, Background) {
    let folder = Folder::new();
    folder.write("in", "{{ key \"app/port\" }}");
    (
        folder,
        crate::support::embedded(Seed::default().key("app/port", "80")),
    )
}

/// Returns a command for that template with additional arguments.
fn daemon(folder: &Folder, consul: &Background, arguments: &[&str]) -> std::process::Command {
    let mut command = command();
    command.arg(format!("-consul-addr={}", consul.address()));
    command
        .args(["-template", &folder.template("in", "out", "")])
        .args(arguments);
    command
}

/// Returns the text of all log files in a folder, oldest first.
fn log_file(folder: &Folder, prefix: &str) -> String {
    let entries = fs::read_dir(folder.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(prefix)
        })
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// Returns `true` if a line starts with time, level and component.
fn is_event(line: &str) -> bool {
    let mut words = line.split(' ');
    let (time, level, component) = (words.next(), words.next(), words.next());
    let is_time = time
        .is_some_and(|time| time.len() == "2026-11-22T15:33:01.232Z".len() && time.ends_with('Z'));
    is_time
        && level.is_some_and(|level| {
            ["[ERR]", "[WARN]", "[INFO]", "[DEBUG]", "[TRACE]"].contains(&level)
        })
        && component.is_some_and(|component| component.starts_with('(') && component.ends_with(')'))
}

/// Returns a configuration with all outlets.
fn all_outlets(folder: &Folder) -> (String, Datagrams, Datagrams) {
    let (syslog, journal) = (folder.path("syslog"), folder.path("journal"));
    let sockets = (Datagrams::at(&syslog), Datagrams::at(&journal));
    let config = format!(
        "log_file {{ path = {:?} }} syslog {{ enabled = true address = {:?} }} journal {{ enabled = true address = {:?} }}",
        text(&folder.path("ct.log")),
        text(&syslog),
        text(&journal)
    );
    (
        text(&folder.write("log.hcl", &config)),
        sockets.0,
        sockets.1,
    )
}

/// Checks the event of a written file in a log of JSON lines.
fn check_json(log: &str, destination: &str) {
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let written = lines
        .iter()
        .find(|line| line["event"] == "file.written")
        .unwrap();
    assert_eq!(written["level"], "info");
    assert_eq!(written["component"], "daemon");
    assert_eq!(written["destination"], destination);
    let message = written["message"].as_str().unwrap();
    assert!(message.ends_with(destination) && written["timestamp"].is_string());
}

#[test]
fn all_outlets_receive_the_same_events() {
    for format in ["text", "json"] {
        let (folder, consul) = setup();
        let (config, syslog, journal) = all_outlets(&folder);
        let format = format!("-log-format={format}");
        let ended = run_command(daemon(
            &folder,
            &consul,
            &["-once", "-log-level=INFO", "-config", &config, &format],
        ));
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        assert_eq!(
            log_file(&folder, "ct-"),
            ended.log,
            "the file has the lines of standard error"
        );
        let out = folder.path("out").display().to_string();
        let written = format!(
            "(daemon) {} is written to {out}",
            folder.path("in").display()
        );
        let line = syslog.receives(&written);
        assert!(
            line.starts_with("<133>") && line.contains(" consul-template["),
            "{line}"
        );
        let entry = journal.receives(&written);
        for field in [
            "\nPRIORITY=6\n",
            "\nCTMPL_EVENT=file.written\n",
            &format!("\nCTMPL_DESTINATION={out}\n"),
        ] {
            assert!(entry.contains(field), "{field:?}: {entry}");
        }
        if format.ends_with("json") {
            check_json(&ended.log, &out);
        } else {
            assert!(
                ended.log.lines().all(is_event) && ended.log.contains(&written),
                "{}",
                ended.log
            );
        }
        let modes = fs::read_dir(folder.path(""))
            .unwrap()
            .map(|entry| entry.unwrap());
        let logs: Vec<_> = modes
            .filter(|entry| entry.file_name().to_str().unwrap().starts_with("ct-"))
            .collect();
        assert_eq!(logs.len(), 1);
        assert_eq!(
            logs[0].metadata().unwrap().permissions().mode() & 0o137,
            0,
            "0640, less the umask"
        );
    }
}

const SECRETS: [&str; 5] = [
    "t0ken-of-flag",
    "t0ken-of-file",
    "pa55word",
    "key-valu3",
    "variable-valu3",
];

/// Waits for the messages about a failed template, a failed command, an outage, an invalid token file and a reload.
fn provoke_messages(ctmpl: &Ctmpl, folder: &Folder, consul: &Background, has_token_file: bool) {
    ctmpl.logs("fails:1");
    ctmpl.logs("runs again in");
    consul.faults().stop_listening();
    ctmpl.logs("the files stay as they are");
    consul.faults().listen_again();
    ctmpl.logs("Consul answers again");
    fs::write(
        folder.path("token"),
        format!("{}\n{}", SECRETS[1], SECRETS[1]),
    )
    .unwrap();
    if has_token_file {
        ctmpl.logs("cannot use the token file");
    }
    fs::write(folder.path("token"), SECRETS[1]).unwrap();
    ctmpl.signal(nix::sys::signal::Signal::SIGHUP);
    ctmpl.logs("reloading the configuration");
}

#[test]
fn no_outlet_shows_a_secret_at_any_level() {
    let (folder, _) = setup();
    let seed = Seed::default()
        .key("secret", SECRETS[3])
        .key("number", SECRETS[3]);
    let consul = crate::support::embedded(seed);
    folder.write("good", r#"{{ key "secret" }}{{ env "CANARY" }}"#);
    folder.write("fails", r#"{{ key "number" | parseInt }}"#);
    folder.write(
        "fails.j2",
        r#"{{ key("number") | int + env("CANARY") }}{{ key("number").nothing.more }}"#,
    );
    folder.write("told", r#"{{ key "secret" | spew_dump }}"#);
    let token = text(&folder.write("token", SECRETS[1]));
    let (config, syslog, journal) = all_outlets(&folder);
    for (format, token) in [
        ("text", vec!["-consul-token", SECRETS[0]]),
        ("json", vec!["-consul-token-file", &token]),
    ] {
        let format = format!("-log-format={format}");
        let mut command = command();
        command
            .env("CANARY", SECRETS[4])
            .args(["-log-level=trace", "-config", &config, &format])
            .arg("-command-output=log")
            .args(&token);
        command.arg(format!("-consul-addr={}", consul.address()));
        command.arg(format!("-consul-auth=user:{}", SECRETS[2]));
        for (source, run) in [
            ("good", "echo $CONSUL_HTTP_TOKEN $CONSUL_HTTP_AUTH; false"),
            ("fails", ""),
            ("fails.j2", ""),
            ("told", "no-such-program"),
        ] {
            command.args([
                "-template",
                &folder.template(source, &format!("{source}.out"), run),
            ]);
        }
        let _ = fs::remove_file(folder.path("good.out"));
        let ctmpl = Ctmpl::spawn(command);
        folder.becomes("good.out", &format!("{}{}", SECRETS[3], SECRETS[4]));
        let has_token_file = token[0].ends_with("file");
        provoke_messages(&ctmpl, &folder, &consul, has_token_file);
        let ended = ctmpl.stop();
        assert_eq!(ended.code(), Some(12), "{}", ended.log);
        syslog.receives("ending");
        journal.receives("process.ending");
        let outlets = [
            ended.log,
            log_file(&folder, "ct-"),
            syslog.received().join(""),
            journal.received().join(""),
        ];
        for outlet in &outlets {
            check_redaction(outlet);
        }
    }
}

/// Checks that an outlet has the queries and the output of the command, but no secret.
fn check_redaction(outlet: &str) {
    assert!(
        outlet.contains("is polled"),
        "trace shows queries: {outlet}"
    );
    assert!(
        outlet.contains("*** command="),
        "the output of the command is logged: {outlet}"
    );
    for secret in SECRETS {
        assert!(!outlet.contains(secret), "{secret} in {outlet}");
    }
}

#[test]
fn logged_values_cannot_forge_a_line() {
    let forged = "x\n2026-11-22T15:33:01.232Z [ERR] (watch) forged\r\u{1b}[2J\u{2028}";
    let folder = Folder::new();
    let consul = crate::support::embedded(Seed::default().key("evil", forged));
    folder.write("in", "{{ keyOrDefault (key \"evil\") \"none\" }}");
    folder.write(
        "broken\n2026-11-22T15:33:01.232Z [ERR] (watch) forged",
        "{{ nonsense }}\n{{ end }}",
    );
    let broken = folder.template(
        "broken\n2026-11-22T15\\:33\\:01.232Z [ERR] (watch) forged",
        "b",
        "",
    );
    let prints = "printf 'a\\r2026-11-22T15\\:33\\:01.232Z [ERR] (watch) forged\\033[2J\\n'";
    for format in ["text", "json"] {
        let _ = fs::remove_file(folder.path("out"));
        let format = format!("-log-format={format}");
        let log = text(&folder.path(&format!("{format}.log")));
        let arguments = [
            "-template",
            &folder.template("in", "out", prints),
            "-template",
            &broken,
            &format,
        ];
        let ctmpl = Ctmpl::start(
            consul.address(),
            arguments.into_iter().chain(["-log-file", &log]),
        );
        ctmpl.logs("succeeded");
        ctmpl.logs("nonsense");
        let ended = ctmpl.stop();
        assert_eq!(ended.log, log_file(&folder, &format!("{format}-")));
        assert!(ended.log.contains("forged"), "{}", ended.log);
        for line in ended.log.lines() {
            assert!(
                !line
                    .chars()
                    .any(|letter| letter.is_control() || letter == '\u{2028}'),
                "{line:?}"
            );
            if format.ends_with("text") {
                assert!(
                    is_event(line) && !line.starts_with("2026-11-22T15:33:01.232Z"),
                    "{line:?}"
                );
            } else {
                let line: Value = serde_json::from_str(line).unwrap();
                assert!(line["event"].is_string(), "{line}");
            }
        }
    }
}

#[test]
fn a_stderr_without_a_reader_delays_nothing() {
    let (folder, consul) = setup();
    let much = "yes $(printf %08000d 0) | head -n 400";
    let (mut unread, stderr) = std::io::pipe().unwrap();
    let mut command = daemon(
        &folder,
        &consul,
        &["-log-level=trace", "-command-output=log", "-template"],
    );
    command.arg(folder.template("in", "much", much));
    let ctmpl = Ctmpl::spawn_unread(command, stderr.into());
    for port in ["81", "82", "83"] {
        consul.put_key("app/port", port);
        folder.becomes("out", port);
    }
    // A reader that starts late receives the number of lost lines.
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        unread.read_to_string(&mut text).unwrap();
        text
    });
    consul.put_key("app/port", "84");
    folder.becomes("out", "84");
    assert_eq!(ctmpl.stop().code(), Some(12));
    let log = reader.join().unwrap();
    assert!(
        log.contains("log lines are missing here"),
        "{} bytes",
        log.len()
    );
    assert!(log.lines().all(is_event));
}

#[test]
fn a_closed_stderr_does_not_end_the_daemon() {
    let (folder, consul) = setup();
    let (unread, stderr) = std::io::pipe().unwrap();
    drop(unread);
    let log = text(&folder.path("ct.log"));
    let command = daemon(&folder, &consul, &["-log-level=trace", "-log-file", &log]);
    let ctmpl = Ctmpl::spawn_unread(command, stderr.into());
    folder.becomes("out", "80");
    consul.put_key("app/port", "81");
    folder.becomes("out", "81");
    assert_eq!(ctmpl.stop().code(), Some(12));
    let log = log_file(&folder, "ct-");
    assert_eq!(
        log.matches("cannot log to standard error").count(),
        1,
        "{log}"
    );
}

#[test]
fn a_full_disk_loses_log_lines_and_nothing_else() {
    let (folder, consul) = setup();
    let disk = folder.path("disk");
    let Some(mount) = Mount::tiny(&disk) else {
        return;
    };
    mount.fill();
    let log = text(&disk.join("ct.log"));
    let ctmpl = Ctmpl::spawn(daemon(
        &folder,
        &consul,
        &["-log-level=trace", "-log-file", &log],
    ));
    folder.becomes("out", "80");
    ctmpl.logs("cannot log to the file");
    consul.put_key("app/port", "81");
    folder.becomes("out", "81");
    assert_eq!(
        ctmpl.log_count("cannot log to the file"),
        1,
        "{}",
        ctmpl.log()
    );
    fs::remove_file(disk.join("filler")).unwrap();
    consul.put_key("app/port", "82");
    folder.becomes("out", "82");
    assert_eq!(ctmpl.stop().code(), Some(12));
    let log: String = fs::read_dir(&disk)
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert!(
        log.contains("log lines are missing here") && log.contains("[INFO] (daemon) ending"),
        "{log}"
    );
}

#[test]
fn log_files_are_rotated_by_size_and_the_newest_are_kept() {
    let (folder, consul) = setup();
    let log = text(&folder.path("ct.log"));
    let rotated = [
        "-log-level=trace",
        "-log-file",
        &log,
        "-log-rotate-bytes=1",
        "-log-rotate-max-files=2",
    ];
    let ended = run_command(daemon(
        &folder,
        &consul,
        &[&rotated[..], &["-once"]].concat(),
    ));
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let kept = log_file(&folder, "ct-");
    assert!(ended.log.lines().count() > 4, "{}", ended.log);
    assert_eq!(
        kept.lines().count(),
        3,
        "one line per file, two old files and the current one: {kept}"
    );
    assert!(ended.log.ends_with(&kept), "{kept}\n{}", ended.log);
}

#[test]
fn an_outlet_that_cannot_be_opened_exits_with_15_and_names_the_remedy() {
    let (folder, consul) = setup();
    let config = |name: &str, text: String| text_of(&folder, name, &text);
    let nowhere = text(&folder.path("nowhere"));
    for (arguments, parts) in [
        (
            vec![format!("-log-file={}/x/", nowhere)],
            ["cannot log to the file", "create its directory"],
        ),
        (
            vec![
                "-config".to_owned(),
                config("s.hcl", format!("syslog {{ address = {nowhere:?} }}")),
            ],
            ["cannot log to syslog at", "leave out --syslog"],
        ),
        (
            vec![
                "-config".to_owned(),
                config(
                    "j.hcl",
                    format!("journal {{ enabled = true address = {nowhere:?} }}"),
                ),
            ],
            ["cannot log to the journal at", "set its socket"],
        ),
        (
            vec!["-log-level=BOGUS".to_owned()],
            [
                "invalid log level \"BOGUS\", valid log levels are",
                "TRACE, DEBUG",
            ],
        ),
        (
            vec!["-syslog-facility=x".to_owned()],
            ["\"x\" is not a syslog facility", "LOCAL0"],
        ),
    ] {
        let mut command = daemon(&folder, &consul, &["-once"]);
        command.args(&arguments);
        let ended = run_command(command);
        assert_eq!(ended.code(), Some(15), "{arguments:?}: {}", ended.log);
        assert!(
            parts.iter().all(|part| ended.log.contains(part)),
            "{parts:?}: {}",
            ended.log
        );
        assert_eq!(ended.log.lines().count(), 1, "{}", ended.log);
    }
    assert!(!folder.path("out").exists());
}

fn text_of(folder: &Folder, name: &str, content: &str) -> String {
    text(&folder.write(name, content))
}

#[test]
fn a_restarted_syslog_receives_events_again() {
    let (folder, consul) = setup();
    let path = folder.path("syslog");
    let (syslog, socket) = (Datagrams::at(&path), text(&path));
    let config = text_of(
        &folder,
        "s.hcl",
        &format!("syslog {{ facility = \"local5\" name = \"ct\" address = {socket:?} }}"),
    );
    let ctmpl = Ctmpl::spawn(daemon(
        &folder,
        &consul,
        &["-log-level=info", "-config", &config],
    ));
    assert!(
        syslog.receives("is written to").starts_with("<173>"),
        "{:?}",
        syslog.received()
    );
    drop(syslog);
    consul.put_key("app/port", "81");
    folder.becomes("out", "81");
    ctmpl.logs("cannot log to syslog");
    let syslog = Datagrams::at(&path);
    consul.put_key("app/port", "82");
    folder.becomes("out", "82");
    syslog.receives("log lines are missing here");
    assert!(syslog.receives("is written to").contains(" ct["));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_stderr_connected_to_the_journal_uses_the_journal_protocol() {
    let (folder, consul) = setup();
    let path = folder.path("journal");
    let socket = text(&path);
    let config = text_of(
        &folder,
        "j.hcl",
        &format!("journal {{ address = {socket:?} }}"),
    );
    let stderr = |name: &str, format: &str| {
        let file = File::create(folder.path(name)).unwrap();
        let metadata = file.metadata().unwrap();
        let mut command = daemon(
            &folder,
            &consul,
            &["-once", "-log-level=info", "-config", &config, format],
        );
        command
            .env(
                "JOURNAL_STREAM",
                format!("{}:{}", metadata.dev(), metadata.ino()),
            )
            .stdout(Stdio::null());
        let _ = fs::remove_file(folder.path("out"));
        assert!(command.stderr(file).status().unwrap().success());
        folder.read(name)
    };
    // If the journal's socket is missing, lines start with their priority.
    let lines = stderr("a", "-log-format=text");
    assert!(
        lines.lines().count() > 1 && lines.lines().all(|line| line.starts_with("<6>2")),
        "{lines}"
    );
    let journal = Datagrams::at(&path);
    assert_eq!(stderr("b", "-log-format=text"), "");
    assert!(
        journal
            .receives("is written to")
            .contains("\nCTMPL_EVENT=file.written\n")
    );
    let lines = stderr("c", "-log-format=json");
    assert!(
        lines.lines().count() > 1 && lines.lines().all(|line| line.starts_with("<6>{")),
        "{lines}"
    );
    // Standard error is redirected.
    let mut command = daemon(
        &folder,
        &consul,
        &["-once", "-log-level=info", "-config", &config],
    );
    command.env("JOURNAL_STREAM", "1:1");
    assert!(run_command(command).log.lines().all(is_event));
}

#[test]
fn the_version_is_the_first_line() {
    let (folder, consul) = setup();
    let ended = run_command(daemon(&folder, &consul, &["-once", "-log-level=info"]));
    let first = ended.log.lines().next().unwrap_or_default();
    assert!(
        first.ends_with(concat!("[INFO] (ctmpl) ctmpl v", env!("CARGO_PKG_VERSION"))),
        "{first}"
    );
    assert_eq!(
        run(["-version"]).output,
        concat!("ctmpl v", env!("CARGO_PKG_VERSION"), "\n")
    );
    let _ = std::io::stderr().flush();
    eventually("it is written", || folder.read("out") == "80");
}
