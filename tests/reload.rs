//! Reloads of the configuration by a signal, with the real binary: new values take effect,
//! unchanged parts continue, and an invalid configuration changes nothing.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::time::Duration;

use crate::support::ctmpl::{Ctmpl, Folder, command, run_command};
use consul_dev::{Background, Seed};
use nix::sys::signal::Signal;

/// Starts ctmpl in a folder with the configuration `ct.hcl`.
fn start(folder: &Folder, consul: &Background, config: &str) -> Ctmpl {
    folder.write("ct.hcl", config);
    let mut command = command();
    command
        .current_dir(folder.path("."))
        .arg(format!("--consul-addr={}", consul.address()));
    command.args(["--log-level=debug", "--config=ct.hcl"]);
    Ctmpl::spawn(command)
}

/// Writes another configuration, and waits until ctmpl has reloaded `count` times.
fn reload(folder: &Folder, ctmpl: &Ctmpl, config: &str, count: usize) {
    folder.write("ct.hcl", config);
    ctmpl.signal(Signal::SIGHUP);
    crate::support::eventually("configuration reloaded", || {
        ctmpl.log_count("configuration reloaded") == count
    });
}

fn consul() -> Background {
    crate::support::embedded(Seed::default().key("a", "1").key("b", "1"))
}

#[test]
fn templates_are_added_changed_and_removed() {
    let (folder, consul) = (Folder::new(), consul());
    let one = "template { contents = \"a{{ key \\\"a\\\" }}\" destination = \"one\" command = \"echo ran >> ran\" }\n";
    let ctmpl = start(&folder, &consul, one);
    folder.becomes("one", "a1");
    folder.becomes("ran", "ran\n");
    let before = fs::metadata(folder.path("one")).unwrap();

    let two = "template { contents = \"b{{ key \\\"b\\\" }}\" destination = \"two\" }\n";
    reload(&folder, &ctmpl, &format!("{two}{one}"), 1);
    folder.becomes("two", "b1");
    ctmpl.logs("templates: 1 unchanged, 0 changed, 1 added, 0 removed");
    let after = fs::metadata(folder.path("one")).unwrap();
    assert_eq!(
        (before.ino(), before.mtime_nsec()),
        (after.ino(), after.mtime_nsec()),
        "it was written again"
    );

    reload(
        &folder,
        &ctmpl,
        &format!("{}{one}", two.replace("\"b{{", "\"B{{")),
        2,
    );
    folder.becomes("two", "B1");
    ctmpl.logs("templates: 1 unchanged, 1 changed, 0 added, 0 removed");

    reload(&folder, &ctmpl, two, 3);
    folder.becomes("two", "b1");
    consul.put_key("a", "2");
    consul.put_key("b", "2");
    folder.becomes("two", "b2");
    folder.stays("one", "a1", Duration::from_millis(200));
    assert_eq!(
        folder.read("ran"),
        "ran\n",
        "an unchanged file has its command run once"
    );
}

#[test]
fn a_wrong_configuration_changes_nothing_and_the_daemon_continues() {
    let (folder, consul) = (Folder::new(), consul());
    let good = "template { contents = \"{{ key \\\"a\\\" }}\" destination = \"out\" }\nlog_level = \"debug\"";
    let mut ctmpl = start(&folder, &consul, good);
    folder.becomes("out", "1");
    for (config, says) in [
        (
            "\n\ntemplate { sorce = \"x\" }",
            "template[1].sorce in ct.hcl:3: there is no such key; did you mean source?",
        ),
        ("template {", "ct.hcl"),
        ("", "nothing to do"),
        (
            "template { contents = \"x\" destination = \"out\" }\nconsul { ssl { ca_cert = \"none.pem\" } }",
            "none.pem",
        ),
        (
            "template { contents = \"x\" destination = \"out\" }\npid_file = \"no/such/pid\"",
            "no/such/pid",
        ),
        (
            "template { contents = \"x\" destination = \"out\" }\nlog_file { path = \"/proc/none/x.log\" }",
            "/proc/none",
        ),
    ] {
        folder.write("ct.hcl", config);
        let refused = ctmpl.log_count("the old configuration stays in use");
        ctmpl.signal(Signal::SIGHUP);
        crate::support::eventually("it is refused", || {
            ctmpl.log_count("the old configuration stays in use") == refused + 1
        });
        ctmpl.logs(says);
        assert!(ctmpl.is_running());
    }
    fs::remove_file(folder.path("ct.hcl")).unwrap();
    ctmpl.signal(Signal::SIGHUP);
    ctmpl.logs("cannot read the configuration ct.hcl");
    consul.put_key("a", "2");
    folder.becomes("out", "2");
}

#[test]
fn settings_of_the_process_take_effect() {
    let (folder, consul, other) = (
        Folder::new(),
        consul(),
        crate::support::embedded(Seed::default().key("a", "other")),
    );
    let with = |more: &str| {
        format!(
            "template {{ contents = \"{{{{ key \\\"a\\\" }}}}\" destination = \"out\" }}\n{more}"
        )
    };
    folder.write(
        "ct.hcl",
        &with(&format!(
            "consul {{ address = \"{}\" }} pid_file = \"pid\"",
            consul.address()
        )),
    );
    let mut command = command();
    command
        .current_dir(folder.path("."))
        .args(["--config=ct.hcl"]);
    let ctmpl = Ctmpl::spawn(command);
    folder.becomes("out", "1");
    assert_eq!(folder.read("pid"), ctmpl.pid().to_string());
    assert_eq!(ctmpl.log(), "", "warnings only");

    let new = with(&format!(
        "consul {{ address = \"{}\" }} pid_file = \"other.pid\" log_level = \"debug\" reload_signal = \"SIGUSR1\" \
         kill_signal = \"SIGUSR2\" block_query_wait = \"5s\"",
        other.address()
    ));
    reload(&folder, &ctmpl, &new, 1);
    folder.becomes("out", "other");
    assert_eq!(
        (folder.read("pid"), folder.read("other.pid")),
        (String::new(), ctmpl.pid().to_string())
    );
    consul.put_key("a", "2");
    other.put_key("a", "3");
    folder.becomes("out", "3");

    ctmpl.signal(Signal::SIGHUP);
    ctmpl.signal(Signal::SIGUSR1);
    crate::support::eventually("the new signal is handled", || {
        ctmpl.log_count("reloading the configuration") == 1
    });
    crate::support::eventually("and acted upon", || {
        ctmpl.log_count("configuration reloaded") == 2
    });
    ctmpl.signal(Signal::SIGUSR2);
    let ended = ctmpl.ends();
    assert_eq!(ended.code(), Some(12), "{}", ended.log);
    assert!(!folder.path("other.pid").exists());
}

#[test]
fn mode_and_command_change_without_new_data() {
    let (folder, consul) = (Folder::new(), consul());
    let with = |more: &str| {
        format!(
            "template {{ contents = \"{{{{ key \\\"a\\\" }}}}\" destination = \"out\" {more} }}"
        )
    };
    let ctmpl = start(&folder, &consul, &with("command = \"false\""));
    folder.becomes("out", "1");
    ctmpl.logs("command `false` failed");
    reload(
        &folder,
        &ctmpl,
        &with("perms = 0600 command = \"echo right >> ran\""),
        1,
    );
    crate::support::eventually("the mode is set", || {
        fs::metadata(folder.path("out"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
            == 0o600
    });
    folder.becomes("ran", "right\n");
    let failures = ctmpl.log_count("command `false` failed");
    assert!(failures > 0, "{}", ctmpl.log());
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(
        ctmpl.log_count("command `false` failed"),
        failures,
        "what no template names any more is not run"
    );
}

#[test]
fn a_token_that_cannot_be_read_refuses_the_reload() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("token", "t");
    let with = |path: &str| {
        format!(
            "consul {{ token_file = \"{path}\" }} template {{ contents = \"{{{{ key \\\"a\\\" }}}}\" destination = \"out\" }}"
        )
    };
    let ctmpl = start(&folder, &consul, &with("token"));
    folder.becomes("out", "1");
    folder.write("ct.hcl", &with("none"));
    ctmpl.signal(Signal::SIGHUP);
    ctmpl.logs("the old configuration stays in use");
    folder.write("token", "other");
    ctmpl.logs("the token file token holds another token");
}

#[test]
fn a_reload_that_changes_the_state_directory_warns_and_keeps_the_old_one() {
    let (folder, consul) = (Folder::new(), consul());
    let config = |settings: &str| {
        format!(
            "{settings}\ntemplate {{ contents = \"{{{{ key \\\"a\\\" }}}}\" destination = \"out\" }}\n"
        )
    };
    let ctmpl = start(&folder, &consul, &config("state_dir = \"one\""));
    folder.becomes("out", "1");
    reload(&folder, &ctmpl, &config("state_dir = \"one\""), 1);
    let warning = "state_dir, history and keep_answers cannot be changed by a reload";
    assert_eq!(ctmpl.log_count(warning), 0);
    let warned = |count: usize| {
        let holds = || ctmpl.log_count(warning) == count;
        crate::support::eventually("the warning", holds);
    };
    reload(&folder, &ctmpl, &config("state_dir = \"two\""), 2);
    warned(1);
    let history = "state_dir = \"one\"\nhistory = 2";
    reload(&folder, &ctmpl, &config(history), 3);
    warned(2);
    assert!(folder.path("one/ledger.db").exists() && !folder.path("two").exists());
}

#[test]
fn files_that_change_their_group_while_they_are_checked_owe_only_the_new_command() {
    let (folder, consul) = (Folder::new(), consul());
    let config = |group: &str| {
        let check = "touch checking; while ! test -e go; do sleep 0.02; done; cat {staged}";
        format!(
            "state_dir = \"state\"\ngroup \"old\" {{ check = \"{check}\" command = \"echo old >>runs\" }}\n\
             template {{ contents = \"{{{{ key \\\"a\\\" }}}}\" destination = \"out\" group = \"{group}\" }}\n\
             group \"new\" {{ command = \"echo new >>runs\" }}\n"
        )
    };
    let ctmpl = start(&folder, &consul, &config("old"));
    crate::support::eventually("the check runs", || folder.path("checking").exists());
    reload(&folder, &ctmpl, &config("new"), 1);
    folder.write("go", "");
    folder.becomes("runs", "new\n");
    assert_eq!(ctmpl.stop().code(), Some(12));
    let ctmpl = start(&folder, &consul, &config("new"));
    ctmpl.logs("is unchanged in");
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(folder.read("runs"), "new\n", "nothing was owed");
}

#[test]
fn a_command_that_a_reload_removes_is_not_owed_although_it_has_failed() {
    let config = |command: &str| {
        format!(
            "state_dir = \"state\"\n\
             template {{ contents = \"{{{{ key \\\"a\\\" }}}}\" destination = \"out\" command = \"{command}\" }}\n"
        )
    };
    let old = "echo old >>runs; while test -e run; do sleep 0.02; done; exit 1";
    // `true`: the reload comes while the command runs; otherwise while its repetition is delayed.
    for is_running in [false, true] {
        let (folder, consul) = (Folder::new(), consul());
        if is_running {
            folder.write("run", "");
        }
        let ctmpl = start(&folder, &consul, &config(old));
        folder.becomes("runs", "old\n");
        if !is_running {
            ctmpl.logs("runs again in");
        }
        reload(&folder, &ctmpl, &config("echo new >>runs"), 1);
        if is_running {
            fs::remove_file(folder.path("run")).unwrap();
        }
        folder.becomes("runs", "old\nnew\n");
        ctmpl.logs("echo new >>runs succeeded after");
        assert_eq!(ctmpl.stop().code(), Some(12));
        let mut history = command();
        history
            .current_dir(folder.path("."))
            .args(["history", "--state-dir=state"]);
        let history = run_command(history);
        assert!(!history.output.contains("owed"), "{}", history.output);
        let ctmpl = start(&folder, &consul, &config("echo new >>runs"));
        ctmpl.logs("is unchanged in");
        assert_eq!(ctmpl.stop().code(), Some(12));
        assert_eq!(folder.read("runs"), "old\nnew\n", "nothing was owed");
    }
}
