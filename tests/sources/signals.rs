//! Signals and orderly ends.

use super::*;

#[test]
fn the_signals_are_configurable() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"{{ key "app/port" }}"#);
    let mut ctmpl = start(
        &folder,
        &consul,
        "in",
        &["-kill-signal=SIGUSR1", "-reload-signal=SIGUSR2"],
    );
    folder.becomes("out", "80");
    ctmpl.signal(Signal::SIGUSR2);
    ctmpl.logs("reloading the configuration");
    ctmpl.signal(Signal::SIGHUP);
    folder.stays("out", "80", Duration::from_millis(200));
    assert!(
        ctmpl.is_running(),
        "it does not die of a signal that means nothing to it"
    );
    ctmpl.signal(Signal::SIGUSR1);
    assert_eq!(ctmpl.ends().code(), Some(12));
}

#[test]
fn a_graceful_shutdown_waits_for_a_command_and_a_second_signal_does_not() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"{{ key "app/port" }}"#);
    let (started, done) = (folder.path("started"), folder.path("done"));
    let run = |seconds: &str| -> Ctmpl {
        let command = format!(
            "touch {}; sleep {seconds}; touch {}",
            started.display(),
            done.display()
        );
        let template = folder.template("in", "out", &command);
        let ctmpl = Ctmpl::start(consul.address(), ["-template", &template]);
        eventually("the command began", || started.exists());
        ctmpl.signal(Signal::SIGTERM);
        ctmpl.logs("ending");
        ctmpl
    };
    let ended: Ended = run("1").ends();
    assert_eq!(ended.code(), Some(12), "{}", ended.log);
    assert!(
        done.exists(),
        "the command was to come to its end: {}",
        ended.log
    );

    for file in ["out", "started", "done"] {
        fs::remove_file(folder.path(file)).unwrap();
    }
    let ctmpl = run("30");
    let begun = Instant::now();
    ctmpl.signal(Signal::SIGINT);
    let ended = ctmpl.ends();
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(ended.code(), Some(12), "{}", ended.log);
    assert!(!done.exists());
}

#[test]
fn a_second_signal_is_handled_while_a_command_is_stopped() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", r#"{{ key "app/port" }}"#);
    let started = folder.path("started");
    let command = format!(
        "trap '' TERM; touch {}; sleep 60; sleep 60",
        started.display()
    );
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["-template", &folder.template("in", "out", &command)],
    );
    eventually("the command began", || started.exists());
    ctmpl.signal(Signal::SIGTERM);
    // The shutdown timeout has expired by now, and the command has received SIGTERM.
    std::thread::sleep(Duration::from_secs(11));
    let begun = Instant::now();
    ctmpl.signal(Signal::SIGTERM);
    let ended = ctmpl.ends();
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(ended.code(), Some(12), "{}", ended.log);
}

#[test]
fn a_dry_run_whose_output_is_not_read_still_handles_signals() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("in", &"more than a pipe holds\n".repeat(10_000));
    let mut command = crate::support::ctmpl::command();
    command
        .arg(format!("-consul-addr={}", consul.address()))
        .args(["-dry", "-log-level=info"]);
    command.args(["-template", &folder.template("in", "out", "")]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let end = || {
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(child.id().cast_signed()),
            Signal::SIGTERM,
        )
        .unwrap();
    };
    std::thread::sleep(Duration::from_secs(1));
    end();
    std::thread::sleep(Duration::from_millis(500));
    end();
    eventually("it has ended", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(12));
}
