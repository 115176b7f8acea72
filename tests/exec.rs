//! The child process of `exec`, with the real binary: start, signals, end; and no descendant
//! survives.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::ctmpl::{Ctmpl, DEADLINE, Folder, below, can_unshare, command};
use crate::support::{eventually, is_alive};
use consul_dev::{Background, Seed};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn consul() -> Background {
    crate::support::embedded(Seed::default().key("a", "1"))
}

/// A child that records signals and changes in `log`, and its process ID in `pid`.
const APP: &str = r#"#!/bin/bash
cd "$(dirname "$0")"
echo $$ > pid
trap 'echo hup >> log' HUP
trap 'echo usr1 >> log' USR1
trap 'echo int >> log; exit 7' INT
trap 'echo term >> log; exit 7' TERM
trap 'echo quit >> log; exit 7' QUIT
echo start >> log
while :; do sleep 0.02; done
"#;

struct Scene {
    folder: Folder,
    consul: Background,
}

impl Scene {
    fn new(app: &str) -> Self {
        let folder = Folder::new();
        folder.program("app", app);
        folder.write("in", "{{ key \"a\" }}");
        Self {
            folder,
            consul: consul(),
        }
    }

    fn command(&self, flags: &[&str]) -> Command {
        let mut command = command();
        command
            .current_dir(self.folder.path("."))
            .arg(format!("--consul-addr={}", self.consul.address()));
        command
            .args(["--log-level=debug", "--template=in:out"])
            .args(flags);
        command
    }

    fn start(&self, flags: &[&str]) -> Ctmpl {
        Ctmpl::spawn(self.command(flags))
    }

    fn logs(&self, text: &str) {
        self.folder.becomes("log", text);
    }

    fn pid(&self) -> String {
        self.folder
            .eventually("pid", "a process ID is written", |text| {
                text.ends_with('\n')
            })
            .trim()
            .to_owned()
    }
}

/// Returns the parent of a process.
fn parent_of(pid: &str) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ")
        .unwrap()
        .1
        .split(' ')
        .nth(1)
        .unwrap()
        .to_owned()
}

/// Waits until a process has ended.
fn gone(pid: &str) {
    eventually("the process has ended", || !is_alive(pid));
}

#[test]
fn the_child_starts_after_the_files_gets_signals_and_ends_with_ctmpl() {
    let scene = Scene::new(APP);
    scene.folder.program(
        "app",
        &APP.replace("echo start", "cat out >> log; echo ' start'"),
    );
    let ctmpl = scene.start(&["--exec=./app", "--exec-reload-signal=SIGHUP"]);
    scene.logs("1 start\n");
    let pid = scene.pid();
    scene.consul.put_key("a", "2");
    scene.logs("1 start\nhup\n");
    assert_eq!(scene.folder.read("out"), "2");
    ctmpl.signal(Signal::SIGUSR1);
    scene.logs("1 start\nhup\nusr1\n");
    let ended = ctmpl.stop();
    assert_eq!(ended.code(), Some(7), "{}", ended.log);
    assert_eq!(scene.folder.read("log"), "1 start\nhup\nusr1\nterm\n");
    assert!(!is_alive(&pid));
}

#[test]
fn row_1_the_child_gets_the_stop_signal_of_ctmpl_unless_another_is_configured() {
    let cases: [(&[&str], Signal, &str, i32); 5] = [
        (&["--exec=./app"], Signal::SIGINT, "int", 7),
        (&["--exec=./app"], Signal::SIGTERM, "term", 7),
        (&["--exec=./app"], Signal::SIGQUIT, "quit", 7),
        (&["--exec=./app; exit $?"], Signal::SIGTERM, "term", 143),
        (
            &["--exec=./app", "--exec-kill-signal=SIGINT"],
            Signal::SIGTERM,
            "int",
            7,
        ),
    ];
    for (flags, signal, heard, code) in cases {
        let scene = Scene::new(APP);
        let ctmpl = scene.start(flags);
        scene.logs("start\n");
        ctmpl.signal(signal);
        let ended = ctmpl.ends();
        assert_eq!(ended.code(), Some(code), "{}", ended.log);
        assert_eq!(
            scene.folder.read("log"),
            format!("start\n{heard}\n"),
            "{flags:?} {signal}"
        );
    }
}

#[test]
fn without_a_reload_signal_the_child_is_restarted() {
    let scene = Scene::new(APP);
    let ctmpl = scene.start(&["--exec=./app"]);
    scene.logs("start\n");
    let first = scene.pid();
    scene.consul.put_key("a", "2");
    scene.logs("start\nint\nstart\n");
    eventually("the process ID has changed", || scene.pid() != first);
    gone(&first);
    assert_eq!(ctmpl.stop().code(), Some(7));
}

#[test]
fn row_2_ctmpl_exits_with_the_code_of_its_child() {
    for (script, code, said) in [
        ("exit 0", 0, "with exit code 0"),
        ("exit 3", 3, "with exit code 3"),
        ("kill -9 $$", 137, "by SIGKILL"),
        ("kill -SEGV $$", 139, "by SIGSEGV"),
    ] {
        let scene = Scene::new(&format!("#!/bin/sh\n{script}\n"));
        let ended = scene
            .start(&["--exec=./app", "--pid-file=ctmpl.pid"])
            .ends();
        assert_eq!(ended.code(), Some(code), "{script}: {}", ended.log);
        assert!(ended.log.contains(said), "{}", ended.log);
        assert_eq!(ended.log.contains("[ERR]"), code != 0, "{}", ended.log);
        assert!(!scene.folder.path("ctmpl.pid").exists());
    }
    let scene = Scene::new(APP);
    let ended = scene.start(&["--exec=./no-such-program"]).ends();
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(
        ended.log.contains("cannot start \"./no-such-program\""),
        "{}",
        ended.log
    );
}

#[test]
fn once_waits_for_the_child_and_renders_no_more() {
    let scene = Scene::new(APP);
    let ctmpl = scene.start(&["--exec=./app", "-once", "--timeout=2s"]);
    scene.logs("start\n");
    scene.consul.put_key("a", "2");
    scene.folder.stays("out", "1", Duration::from_millis(2500));
    ctmpl.signal(Signal::SIGUSR1);
    scene.logs("start\nusr1\n");
    kill(Pid::from_raw(scene.pid().parse().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(ctmpl.ends().code(), Some(7));

    let scene = Scene::new(APP);
    scene
        .folder
        .write("in", "{{ key \"a\" | parseInt | add \"x\" }}");
    let ended = scene.start(&["--exec=./app", "-once"]).ends();
    assert_eq!(ended.code(), Some(14));
    assert_eq!(
        scene.folder.read("log"),
        "",
        "nothing is written, nothing starts"
    );
}

#[test]
fn a_child_that_ignores_its_signal_is_killed_after_the_timeout() {
    let scene = Scene::new(
        "#!/bin/sh\ncd \"$(dirname \"$0\")\"\ntrap '' INT TERM\necho $$ > pid\nwhile :; do sleep 0.02; done\n",
    );
    let ctmpl = scene.start(&["--exec=./app", "--exec-kill-timeout=300ms"]);
    let first = scene.pid();
    // The child does not delay rendering.
    scene.consul.put_key("a", "2");
    ctmpl.logs("is sent SIGINT");
    scene.consul.put_key("a", "3");
    scene.folder.becomes("out", "3");
    gone(&first);
    ctmpl.logs("did not end within 300ms, and is killed");
    eventually("the process ID has changed", || scene.pid() != first);
    let second = scene.pid();
    let begun = Instant::now();
    assert_eq!(ctmpl.stop().code(), Some(137));
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert!(!is_alive(&second));
}

#[test]
fn a_splay_does_not_delay_rendering() {
    let scene = Scene::new(APP);
    let ctmpl = scene.start(&[
        "--exec=./app",
        "--exec-reload-signal=SIGHUP",
        "--exec-splay=1h",
    ]);
    scene.logs("start\n");
    for value in ["2", "3", "4"] {
        scene.consul.put_key("a", value);
        scene.folder.becomes("out", value);
    }
    assert_eq!(scene.folder.read("log"), "start\n");
    assert_eq!(ctmpl.stop().code(), Some(7));
}

/// A program whose grandchild leaves its parent, its process group and its session.
const DOUBLE_FORK: &str = r#"#!/bin/bash
cd "$(dirname "$0")"
(setsid bash -c 'trap "" TERM INT HUP; echo $$ > grandchild; exec sleep 1000' &) &
until [ -s grandchild ]; do sleep 0.01; done
echo $$ > pid
exec sleep 1000
"#;

#[test]
fn no_descendant_survives_any_kind_of_exit() {
    // Either ctmpl is killed, or it exits, or the child exits, or its reaper is killed.
    for way in ["kill", "stop", "child", "reaper"] {
        let scene = Scene::new(DOUBLE_FORK);
        let ctmpl = scene.start(&["--exec=./app", "--exec-kill-timeout=1s"]);
        let pids = [
            scene.pid(),
            scene.folder.read("grandchild").trim().to_owned(),
        ];
        assert!(pids.iter().all(|pid| is_alive(pid)), "{pids:?}");
        match way {
            "kill" => {
                ctmpl.signal(Signal::SIGKILL);
                drop(ctmpl);
            }
            "reaper" => {
                let reaper = parent_of(&pids[0]);
                assert_ne!(reaper, ctmpl.pid().to_string());
                kill(Pid::from_raw(reaper.parse().unwrap()), Signal::SIGKILL).unwrap();
                gone(&pids[0]);
                ctmpl.logs("its reaper ended");
                // A process that has left the child's tree is now an orphan, and still has standard
                // error open.
                kill(Pid::from_raw(pids[1].parse().unwrap()), Signal::SIGKILL).unwrap();
                let ended = ctmpl.ends();
                assert_eq!(ended.code(), Some(14), "{}", ended.log);
            }
            "stop" => assert_eq!(ctmpl.stop().code(), Some(143)),
            _ => {
                kill(Pid::from_raw(pids[0].parse().unwrap()), Signal::SIGKILL).unwrap();
                assert_eq!(ctmpl.ends().code(), Some(137));
            }
        }
        for pid in &pids {
            gone(pid);
        }
    }
}

#[test]
fn a_thousand_reloads_leave_no_zombie_and_lose_no_change() {
    let scene = Scene::new(
        "#!/bin/bash\ncd \"$(dirname \"$0\")\"\ntrap exit INT\ntrap '/bin/true & cat out > seen' HUP\necho $$ > pid\nwhile :; do sleep 0.01; done\n",
    );
    let ctmpl = scene.start(&["--exec=./app", "--exec-reload-signal=SIGHUP"]);
    let pid = scene.pid();
    for round in 0..1000 {
        scene.consul.put_key("a", &round.to_string());
        scene.folder.becomes("out", &round.to_string());
        // Two changes that are written before ctmpl has handled the first one would be one reload.
        eventually("the child is told", || {
            ctmpl.log_count("is sent SIGHUP") >= round
        });
    }
    scene.folder.becomes("seen", "999");
    assert!(ctmpl.log_count("is sent SIGHUP") >= 999);
    let reaper = parent_of(&pid);
    let zombies = Command::new("ps")
        .args(["-eo", "ppid,stat,pid"])
        .output()
        .unwrap();
    let table = String::from_utf8(zombies.stdout).unwrap();
    let ours = [ctmpl.pid().to_string(), reaper];
    let dead = table.lines().filter(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        ours.iter().any(|own| own == words[0]) && words[1].starts_with('Z')
    });
    assert_eq!(dead.count(), 0, "{table}");
    assert_eq!(ctmpl.stop().code(), Some(143));
}

#[test]
fn a_signal_goes_to_the_program_and_not_to_the_shell_alone() {
    // The shell executes a single program directly. It waits for anything more, and must not
    // receive the signal.
    for (line, code) in [
        ("./app one 'a;b'", 7),
        // The shell receives the signal as well.
        ("true && ./app two; true", 143),
    ] {
        let scene = Scene::new(APP);
        let ctmpl = scene.start(&[&format!("--exec={line}"), "--exec-reload-signal=SIGUSR1"]);
        scene.logs("start\n");
        scene.consul.put_key("a", "2");
        scene.logs("start\nusr1\n");
        ctmpl.signal(Signal::SIGHUP);
        ctmpl.signal(Signal::SIGWINCH);
        scene.consul.put_key("a", "3");
        scene.logs("start\nusr1\nusr1\n");
        let pid = scene.pid();
        assert_eq!(ctmpl.stop().code(), Some(code), "{line}");
        assert!(!is_alive(&pid));
    }
}

#[test]
fn a_program_in_a_shell_has_the_full_kill_timeout() {
    let scene = Scene::new(
        "#!/bin/bash\ncd \"$(dirname \"$0\")\"\ntrap 'sleep 6; echo done > log; exit' TERM\necho $$ > pid\nwhile :; do sleep 0.02; done\n",
    );
    let ctmpl = scene.start(&["--exec=true; ./app; true", "--exec-kill-signal=SIGTERM"]);
    let pid = scene.pid();
    assert_eq!(ctmpl.stop().code(), Some(143));
    assert!(!is_alive(&pid));
    assert_eq!(
        scene.folder.read("log"),
        "done\n",
        "it was killed before it was done"
    );
}

#[test]
fn descendants_get_sigterm_after_the_child_without_the_kill_timeout() {
    let left_behind = "cd \"$(dirname \"$0\")\"\nsleep 1000 &\nsetsid sleep 1000 &\necho $$ > pid\nexec sleep 1000\n";
    for line in ["./app", "true; ./app; true"] {
        let scene = Scene::new(&format!("#!/bin/bash\n{left_behind}"));
        let ctmpl = scene.start(&[
            &format!("--exec={line}"),
            "--exec-kill-signal=SIGTERM",
            "--exec-kill-timeout=1h",
        ]);
        let first = scene.pid();
        scene.consul.put_key("a", "2");
        gone(&first);
        eventually("the process ID has changed", || scene.pid() != first);
        assert_eq!(ctmpl.stop().code(), Some(143), "{line}");
    }
}

#[test]
fn a_signal_that_no_process_handles_is_refused() {
    for flag in [
        "--exec-reload-signal=SIGSTOP",
        "--exec-reload-signal=KILL",
        "--exec-kill-signal=STOP",
    ] {
        let ended = Scene::new(APP).start(&["--exec=./app", flag]).ends();
        assert_eq!(ended.code(), Some(13), "{}", ended.log);
        assert!(ended.log.contains("SIG"), "{}", ended.log);
    }
}

#[test]
fn the_environment_is_filtered_for_the_child_and_for_commands() {
    // The trap is needed: bash ignores a SIGINT during `mv` if `mv` itself survives it.
    let scene = Scene::new(
        "#!/bin/bash\ntrap exit INT\ncd \"$(dirname \"$0\")\"\nenv | grep -E '^(KEEP|DROP|OWN|CONSUL_HTTP_ADDR|HOME)=' | sort > env.now\nmv env.now env\nexec sleep 1000\n",
    );
    scene.folder.write(
        "ct.hcl",
        "exec { env { denylist = [\"DROP*\", \"HOME\"] custom = [\"OWN=$PATH,x\"] } }\n\
         template { contents = \"x\" destination = \"other\" command = \"env > command.env\" exec { env { pristine = true custom = \"OWN=c\" } } }",
    );
    let mut run = scene.command(&[
        "--config=ct.hcl",
        "--exec=./app",
        "--exec-env-denylist=SHELL",
    ]);
    run.env("KEEP_ME", "1")
        .env("KEEP", "yes")
        .env("DROP_ME", "no")
        .env("DROP", "no")
        .env("HOME", "/");
    let ctmpl = Ctmpl::spawn(run);
    let address = format!("CONSUL_HTTP_ADDR={}\n", scene.consul.address());
    scene
        .folder
        .becomes("env", &format!("{address}KEEP=yes\nOWN=$PATH,x\n"));
    let seen = scene
        .folder
        .eventually("command.env", "there", |text| text.contains("OWN=c\n"));
    assert!(
        seen.contains(&address) && !seen.contains("KEEP") && !seen.contains("HOME"),
        "{seen}"
    );
    assert_eq!(ctmpl.stop().code(), Some(143));
}

#[test]
fn the_child_inherits_standard_input_and_output() {
    let scene = Scene::new("#!/bin/sh\nread line\necho \"got $line\"\n");
    let mut run = scene.command(&["--exec=./app"]);
    run.stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = run.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"hello\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap().as_str()
        ),
        (Some(0), "got hello\n")
    );
}

#[test]
fn row_10_a_child_given_as_a_list_can_read_the_terminal() {
    let scene = Scene::new(APP);
    scene.folder.write(
        "ct.hcl",
        r#"exec { command = ["bash", "-c", "read x; echo got $x"] }"#,
    );
    let inner = scene.command(&["--config=ct.hcl"]);
    let words = std::iter::once(inner.get_program()).chain(inner.get_args());
    let line: Vec<_> = words.map(|word| word.to_str().unwrap()).collect();
    let mut terminal = Command::new("script")
        .args(["-q", "-e", "-c", &line.join(" "), "/dev/null"])
        .current_dir(scene.folder.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = terminal.stdin.take().unwrap();
    std::io::Write::write_all(&mut keyboard, b"hello\n").unwrap();
    let begun = Instant::now();
    while terminal.try_wait().unwrap().is_none() {
        if begun.elapsed() > DEADLINE {
            terminal.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = terminal.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("got hello"), "{shown}");
    assert_eq!(output.status.code(), Some(0), "{shown}");
}

#[test]
fn a_dry_run_and_a_disabled_exec_start_no_child() {
    let scene = Scene::new(APP);
    let ended = scene.start(&["--exec=./app", "-dry", "-once"]).ends();
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(
        ended.log.contains("a dry run starts no child"),
        "{}",
        ended.log
    );
    scene
        .folder
        .write("ct.hcl", "exec { command = \"./app\" enabled = false }");
    let ended = scene.start(&["--config=ct.hcl", "-once"]).ends();
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(scene.folder.read("log"), "");
}

#[test]
fn the_child_survives_a_reload_of_the_configuration() {
    let scene = Scene::new(APP);
    let with = |exec: &str, more: &str| {
        format!("exec {{ command = \"./app\" reload_signal = \"SIGUSR1\" {exec} }}\n{more}")
    };
    scene.folder.write("ct.hcl", &with("", ""));
    let ctmpl = scene.start(&["--config=ct.hcl"]);
    scene.logs("start\n");
    let first = scene.pid();
    let reload = |text: &str, count: usize| {
        scene.folder.write("ct.hcl", text);
        ctmpl.signal(Signal::SIGHUP);
        eventually("it is reloaded", || {
            ctmpl.log_count("configuration reloaded") == count
        });
    };
    reload(
        &with(
            "splay = \"0s\" kill_timeout = \"9s\"",
            "template { contents = \"x\" destination = \"new\" }",
        ),
        1,
    );
    scene.folder.becomes("new", "x");
    scene.logs("start\nusr1\n");
    assert_eq!(scene.pid(), first);
    reload(&with("env { custom = [\"A=b\"] }", ""), 2);
    scene.logs("start\nusr1\nint\nstart\n");
    gone(&first);
    eventually("the process ID has changed", || scene.pid() != first);
    let second = scene.pid();
    reload("log_level = \"debug\"", 3);
    gone(&second);
    scene.logs("start\nusr1\nint\nstart\nint\n");
    reload(&with("", ""), 4);
    scene.logs("start\nusr1\nint\nstart\nint\nstart\n");
    assert_eq!(ctmpl.stop().code(), Some(7));
}

#[test]
fn process_1_reaps_orphans() {
    let scene = Scene::new(APP);
    // The command leaves a background process that outlives it.
    scene.folder.write(
        "ct.hcl",
        "template { contents = \"{{ key \\\"a\\\" }}\" destination = \"other\" command = \"(sleep 0.1 &) ; true\" }",
    );
    let flags = ["--pid", "--fork", "--mount-proc"];
    if !can_unshare(&flags) {
        return;
    }
    let inner = scene.command(&["--config=ct.hcl", "--exec=./app"]);
    let words = [&["unshare", "--kill-child"], flags.as_slice()].concat();
    let ctmpl = Ctmpl::spawn(below(&words, &inner));
    scene.logs("start\n");
    for value in ["2", "3", "4"] {
        scene.consul.put_key("a", value);
        scene.folder.becomes("other", value);
    }
    let init = format!("/proc/{}/task/{0}/children", ctmpl.pid());
    let init = std::fs::read_to_string(init).unwrap().trim().to_owned();
    let children = || {
        let table = Command::new("ps")
            .args(["-eo", "ppid,stat"])
            .output()
            .unwrap();
        let table = String::from_utf8(table.stdout).unwrap();
        let of_init = table
            .lines()
            .filter(|line| line.split_whitespace().next() == Some(&init));
        of_init
            .map(|line| {
                line.split_whitespace()
                    .nth(1)
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    eventually("process 1 has ctmpl alone, and no zombie", || {
        let children = children();
        children.len() == 1 && !children[0].starts_with('Z')
    });
    // Process 1 forwards signals to ctmpl.
    kill(Pid::from_raw(init.parse().unwrap()), Signal::SIGTERM).unwrap();
    let begun = Instant::now();
    let ended = ctmpl.ends();
    assert!(begun.elapsed() < DEADLINE);
    assert_eq!(ended.code(), Some(7), "{}", ended.log);
    assert!(scene.folder.read("log").ends_with("term\n"));
}
