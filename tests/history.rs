//! `ctmpl history`, `ctmpl diff` and `ctmpl rollback`, on a ledger that the test writes as a daemon
//! does.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use apply_ledger::{
    Answer, Attributes, Ending, Intent, IntentFile, IntentId, Ledger, LedgerOptions, Request,
    RequestAction,
};
use serde_json::Value;

use crate::support::ctmpl::{DEADLINE, Ended, Folder, command, run_command, text};

const CONF: &str = "/etc/nginx/conf.d/app.conf";

/// Runs `ctmpl` in a folder.
fn run(folder: &Folder, words: &[&str]) -> Ended {
    let mut command = command();
    command.current_dir(folder.path(".")).args(words);
    run_command(command)
}

/// A state directory with its ledger, open as by a daemon.
struct State {
    folder: Folder,
    ledger: Ledger,
}

impl State {
    fn new() -> Self {
        let folder = Folder::new();
        let opened = Ledger::open(&folder.path("state"), LedgerOptions::default());
        let ledger = opened.unwrap().0;
        Self { folder, ledger }
    }

    /// Writes a content. `ending`: the end of its command; `None`: the command is owed.
    fn write(&mut self, path: &str, content: &str, ending: Option<Ending>) {
        let id = self.begin(path, content);
        self.ledger.swapped(id).unwrap();
        if let Some(ending) = ending {
            self.ledger.finished(id, ending).unwrap();
        }
    }

    /// Records that a content is about to be swapped.
    fn begin(&mut self, path: &str, content: &str) -> IntentId {
        let intent = Intent {
            group: "nginx",
            command: Some("nginx -s reload"),
            files: vec![IntentFile {
                destination: Path::new(path),
                staged: None,
                old: None,
                new: content.as_bytes(),
                attributes: Attributes::default(),
            }],
            rolls_back: None,
        };
        self.ledger.begin(&intent).unwrap()
    }

    /// Runs `ctmpl` with the words and the state directory.
    fn run(&self, words: &[&str]) -> Ended {
        run(&self.folder, &[words, &["--state-dir", "state"]].concat())
    }

    fn output(&self, words: &[&str]) -> String {
        let ended = self.run(words);
        assert_eq!(ended.code(), Some(0), "{words:?}: {}", ended.log);
        ended.output
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.output(&[words, &["--json"]].concat())).unwrap()
    }

    fn refused(&self, words: &[&str], code: i32) -> String {
        let ended = self.run(words);
        assert_eq!(ended.code(), Some(code), "{words:?}: {}", ended.log);
        assert_eq!(ended.output, "", "{words:?}");
        assert_eq!(ended.log.lines().count(), 1, "{}", ended.log);
        ended.log
    }

    /// Runs `ctmpl rollback`, answers its request as a daemon does, and returns both.
    fn answered(&mut self, words: &[&str], succeeded: bool) -> (Ended, Request) {
        std::thread::scope(|scope| {
            let folder = &self.folder;
            let words = [&["rollback"], words, &["--state-dir", "state"]].concat();
            let command = scope.spawn(move || run(folder, &words));
            let begun = Instant::now();
            let request = loop {
                if let Some(request) = self.ledger.requests().unwrap().pop() {
                    break request;
                }
                assert!(begun.elapsed() < DEADLINE, "no request was queued");
                std::thread::sleep(Duration::from_millis(5));
            };
            let text = "the answer of the daemon".to_owned();
            let answer = Answer { succeeded, text };
            self.ledger.answer(request.id, &answer).unwrap();
            (command.join().unwrap(), request)
        })
    }
}

/// Replaces times by a fixed text.
fn without_times(text: &str) -> String {
    let time = regex::Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").unwrap();
    time.replace_all(text, "2026-01-01T00:00:00Z").into_owned()
}

/// Three contents of one file, of which the command of the last has failed, and another file.
fn sample() -> State {
    let mut state = State::new();
    state.write("/etc/motd", "secret\n", Some(Ending::Applied));
    state.write(CONF, "listen 80;\n", Some(Ending::Applied));
    state.write(CONF, "listen 81;\n", Some(Ending::Applied));
    state.write(CONF, "listen 82;\nsecret;\n", Some(Ending::Failed));
    state
}

#[test]
fn history_lists_all_files_and_what_is_owed() {
    let state = sample();
    insta::assert_snapshot!(without_times(&state.output(&["history"])), @r"
    FILE                        LATEST  TIME                  BYTES  OUTCOME  GROUP
    /etc/motd                        1  2026-01-01T00:00:00Z      7  applied  nginx
    /etc/nginx/conf.d/app.conf       3  2026-01-01T00:00:00Z     19  failed   nginx

    The command of the group nginx is owed since 2026-01-01T00:00:00Z: nginx -s reload
    ");
    let json = state.json(&["history"]);
    let first = &json["destinations"][0];
    assert_eq!(first["path"], "/etc/motd");
    assert_eq!(first["latest"]["outcome"], "applied");
    assert_eq!(first["written"], first["applied"]);
    let second = &json["destinations"][1];
    assert_ne!(second["written"], second["applied"]);
    assert_eq!(second["hold"], Value::Null);
    let owed = &json["owed"][0];
    assert_eq!(owed["command"], "nginx -s reload");
    assert_eq!(owed["destinations"][0], CONF);
}

#[test]
fn history_names_a_swap_that_has_not_ended() {
    let mut state = State::new();
    state.begin(CONF, "listen 80;\n");
    insta::assert_snapshot!(without_times(&state.output(&["history"])), @r"
    FILE                        LATEST  TIME                  BYTES  OUTCOME  GROUP
    /etc/nginx/conf.d/app.conf       1  2026-01-01T00:00:00Z     11  pending  nginx

    The swap of the group nginx has not ended since 2026-01-01T00:00:00Z: until it is completed, its files may not fit together
    ");
    let json = state.json(&["history"]);
    assert_eq!(json["owed"], Value::Array(Vec::new()));
    let interrupted = &json["interrupted"][0];
    assert_eq!(interrupted["group"], "nginx");
    assert_eq!(interrupted["destinations"][0], CONF);
}

#[test]
fn a_new_ledger_has_no_files() {
    let state = State::new();
    assert_eq!(
        state.output(&["history"]),
        "No file has been written yet.\n"
    );
    let json = state.json(&["history"]);
    assert_eq!(json["destinations"], Value::Array(Vec::new()));
    let message = state.refused(&["diff", "/a"], 13);
    assert!(message.contains("ctmpl has not written /a"), "{message}");
}

#[test]
fn history_lists_the_contents_of_a_file_without_showing_them() {
    let mut state = sample();
    state.ledger.hold(Path::new(CONF), 2, None).unwrap();
    let text = state.output(&["history", CONF]);
    insta::assert_snapshot!(without_times(&text), @r"
    GENERATION  TIME                  BYTES  OUTCOME  GROUP  NOW
             3  2026-01-01T00:00:00Z     19  failed   nginx  written
             2  2026-01-01T00:00:00Z     11  applied  nginx  applied, held
             1  2026-01-01T00:00:00Z     11  applied  nginx

    The file is held at 2 until released
    ");
    let json = state.json(&["history", CONF]);
    assert_eq!(json["generations"][0]["generation"], 3);
    assert_eq!(json["generations"][0]["is_written"], true);
    assert_eq!(json["generations"][1]["is_applied"], true);
    assert_eq!(json["generations"][1]["bytes"], 11);
    assert_eq!(json["hold"]["generation"], 2);
    for text in [text, json.to_string(), state.output(&["history"])] {
        assert!(!text.contains("secret"), "{text}");
    }
    assert!(state.output(&["history"]).contains("2 until released"));
    // A hold that has ended is not shown.
    let past = SystemTime::now() - Duration::from_secs(1);
    state.ledger.hold(Path::new(CONF), 2, Some(past)).unwrap();
    assert!(!state.output(&["history"]).contains("until"));
}

#[test]
fn diff_shows_the_change_between_two_contents() {
    let state = sample();
    let latest = without_times(&state.output(&["diff", CONF]));
    let expected = format!(
        "--- {CONF} generation 2\t2026-01-01T00:00:00Z\n\
         +++ {CONF} generation 3\t2026-01-01T00:00:00Z\n\
         @@ -1 +1,2 @@\n-listen 81;\n+listen 82;\n+secret;\n"
    );
    assert_eq!(latest, expected);
    let earlier = state.output(&["diff", CONF, "1", "2"]);
    assert!(earlier.contains("-listen 80;\n+listen 81;\n"), "{earlier}");
    let from_first = state.output(&["diff", CONF, "1"]);
    assert!(
        from_first.contains("-listen 80;\n+listen 82;\n"),
        "{from_first}"
    );
    let first = state.output(&["diff", "/etc/motd"]);
    assert!(first.starts_with("--- /dev/null\n"), "{first}");
    assert_eq!(state.output(&["diff", CONF, "2", "2"]), "");
}

#[test]
fn an_unknown_file_or_generation_is_answered_with_the_known_ones() {
    let state = sample();
    for (words, expected) in [
        (
            ["diff", "/etc/nginx/conf.d/ap.conf"].as_slice(),
            format!("did you mean {CONF}?"),
        ),
        (&["history", "app.conf"], format!("did you mean {CONF}?")),
        (
            &["rollback", "/var/none"],
            "`ctmpl history` lists all".to_owned(),
        ),
        (&["diff", CONF, "7"], "stored are 1, 2, 3".to_owned()),
        (&["diff", CONF, "1", "7"], "stored are 1, 2, 3".to_owned()),
        (&["rollback", CONF, "7"], "stored are 1, 2, 3".to_owned()),
    ] {
        let message = state.refused(words, 13);
        assert!(message.contains(&expected), "{words:?}: {message}");
    }
}

#[test]
fn rollback_queues_a_request_and_prints_the_answer() {
    let mut state = sample();
    let (ended, request) = state.answered(&[CONF], true);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(ended.output, "the answer of the daemon\n");
    assert_eq!(request.destination, Path::new(CONF));
    let RequestAction::Hold {
        generation, until, ..
    } = request.action
    else {
        panic!("{request:?}");
    };
    assert_eq!((generation, until), (2, None));

    let (ended, request) = state.answered(&[CONF, "1", "--hold", "1h"], false);
    assert_eq!(ended.code(), Some(14));
    assert!(
        ended.log.contains("ctmpl: the answer of the daemon"),
        "{}",
        ended.log
    );
    let RequestAction::Hold {
        generation, until, ..
    } = request.action
    else {
        panic!("{request:?}");
    };
    let left = until.unwrap().duration_since(SystemTime::now()).unwrap();
    assert_eq!(generation, 1);
    assert!(left > Duration::from_secs(3500) && left <= Duration::from_secs(3600));

    let (ended, request) = state.answered(&["--release", CONF], true);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(request.action, RequestAction::Release);
}

#[test]
fn rollback_is_refused_without_a_daemon_or_an_earlier_good_content() {
    let mut state = sample();
    for (words, code, expected) in [
        (
            ["rollback", "/etc/motd"].as_slice(),
            14,
            "no earlier good content",
        ),
        (&["rollback", CONF, "--hold", "1x"], 13, "cannot use --hold"),
        (&["rollback", CONF, "--hold", "0s"], 13, "longer than 0"),
        (&["rollback", CONF, "1", "--release"], 13, "takes neither"),
    ] {
        let message = state.refused(words, code);
        assert!(message.contains(expected), "{words:?}: {message}");
    }
    let folder = std::mem::replace(&mut state.folder, Folder::new());
    drop(state);
    let ended = run(&folder, &["rollback", CONF, "--state-dir", "state"]);
    assert_eq!(ended.code(), Some(14));
    assert!(ended.log.contains("no daemon is running"), "{}", ended.log);
    // The history is readable without a daemon.
    let ended = run(&folder, &["history", "--state-dir", "state"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(ended.output.contains(CONF));
}

#[test]
fn without_a_ledger_the_commands_name_the_directory() {
    let folder = Folder::new();
    for words in [["history"].as_slice(), &["diff", "/a"], &["rollback", "/a"]] {
        let ended = run(&folder, &[words, &["--state-dir", "none"]].concat());
        assert_eq!(ended.code(), Some(14));
        let expected = "there is no ledger in none; pass the state directory";
        assert!(ended.log.contains(expected), "{}", ended.log);
    }
}

#[test]
fn the_state_directory_of_the_service_is_read() {
    let mut state = State::new();
    state.write(CONF, "text", Some(Ending::Applied));
    let directory = state.folder.path("state");
    for words in [&["history"][..], &["diff", CONF]] {
        let mut command = command();
        let variable = format!("{}:/other", text(&directory));
        command.env("STATE_DIRECTORY", variable).args(words);
        let ended = run_command(command);
        assert_eq!(ended.code(), Some(0), "{words:?}: {}", ended.log);
        assert!(ended.output.contains(CONF), "{words:?}: {}", ended.output);
    }
}

#[test]
fn a_damaged_ledger_is_named_with_a_remedy() {
    let mut state = State::new();
    state.write(CONF, "text", Some(Ending::Applied));
    let State { folder, ledger } = state;
    drop(ledger);
    let database = folder.path("state/ledger.db");
    let bytes = std::fs::read(&database).unwrap();
    let overwritten = bytes.iter().enumerate();
    let overwritten = overwritten.map(|(at, byte)| if at < 4096 { *byte } else { 0xaa });
    let half = bytes[..bytes.len() / 2].to_vec();
    for damaged in [
        half,
        bytes[..1000].to_vec(),
        Vec::new(),
        overwritten.collect(),
    ] {
        let len = damaged.len();
        std::fs::write(&database, damaged).unwrap();
        let ended = run(&folder, &["history", "--state-dir", "state"]);
        assert_eq!(ended.code(), Some(14), "{len}: {}", ended.log);
        for part in [&*text(&database), "; restart the daemon: it moves"] {
            assert!(ended.log.contains(part), "{len}: {}", ended.log);
        }
    }
}
