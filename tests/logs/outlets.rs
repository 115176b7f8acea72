//! Outlets that are full, closed, rotated or restarted.

use super::*;

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
