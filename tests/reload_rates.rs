//! Rates of commands: deferred, never dropped, not even at the end of the process.

use std::time::{Duration, Instant};

use consul_dev::{Background, Seed};

use crate::support::ctmpl::{Ctmpl, Folder, daemon, text};
use crate::support::eventually;

/// The maximum time of an orderly end.
const END_TIMEOUT: Duration = Duration::from_secs(8);

/// A template whose command copies the file to `live`, and counts its runs.
struct Scene {
    folder: Folder,
    consul: Background,
}

impl Scene {
    /// `settings` are those of the group. The command fails while `condition` fails.
    fn new(settings: &str, condition: &str) -> Self {
        let folder = Folder::new();
        let consul = crate::support::embedded(Seed::default().key("version", "1"));
        let path = |name: &str| text(&folder.path(name));
        let (out, live, runs) = (path("out"), path("live"), path("runs"));
        let condition = condition.replace("FOLDER", &path(""));
        folder.write(
            "ctmpl.hcl",
            &format!(
                "group \"g\" {{\n  command = \"{condition} && cp {out} {live} && echo run >>{runs}\"\n  {settings}\n}}\n\
                 template {{\n  group = \"g\"\n  destination = \"{out}\"\n  \
                 contents = \"{{{{ key \\\"version\\\" }}}}\"\n}}\n"
            ),
        );
        Self { folder, consul }
    }

    fn start(&self) -> Ctmpl {
        Ctmpl::spawn(daemon(&self.folder, self.consul.address()))
    }

    fn runs(&self) -> usize {
        self.folder.read("runs").lines().count()
    }
}

#[test]
fn a_hundred_changes_obey_the_rate_and_leave_the_latest_content_live() {
    let scene = Scene::new("reload_rate = \"1/2s\"", "true");
    let begun = Instant::now();
    let ctmpl = scene.start();
    scene.folder.becomes("live", "1");
    for version in 2..=100 {
        scene.consul.put_key("version", &version.to_string());
        std::thread::sleep(Duration::from_millis(50));
    }
    scene.folder.becomes("live", "100");
    // The last run is not followed by another one.
    std::thread::sleep(Duration::from_millis(2500));
    let periods = usize::try_from(begun.elapsed().as_secs() / 2).unwrap();
    let runs = scene.runs();
    assert!(
        (2..=periods + 1).contains(&runs),
        "{runs} runs in {periods} periods"
    );
    let written = ctmpl.log_count("is written to");
    assert!(written > runs, "files are written without a delay");
    assert_eq!(scene.folder.read("live"), "100");
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(scene.runs(), runs, "nothing was owed");
}

#[test]
fn an_orderly_end_runs_what_a_rate_defers() {
    let scene = Scene::new("reload_rate = \"1/1h\"", "true");
    let ctmpl = scene.start();
    scene.folder.becomes("live", "1");
    scene.consul.put_key("version", "2");
    scene.folder.becomes("out", "2");
    scene.folder.stays("live", "1", Duration::from_millis(1500));
    let begun = Instant::now();
    let ended = ctmpl.stop();
    assert!(begun.elapsed() < END_TIMEOUT, "{:?}", begun.elapsed());
    assert_eq!(ended.code(), Some(12));
    assert!(!ended.log.contains("ctmpl ends, but"), "{}", ended.log);
    assert_eq!((scene.folder.read("live").as_str(), scene.runs()), ("2", 2));

    let ctmpl = scene.start();
    ctmpl.logs("is unchanged in");
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(scene.runs(), 2, "nothing is owed any more");
}

#[test]
fn a_failed_command_is_named_at_the_end_and_runs_at_the_next_start() {
    let scene = Scene::new("", "test -e FOLDER/repaired");
    let ctmpl = scene.start();
    scene.folder.becomes("out", "1");
    ctmpl.logs("runs again in");
    let begun = Instant::now();
    let ended = ctmpl.stop();
    assert!(begun.elapsed() < END_TIMEOUT, "{:?}", begun.elapsed());
    assert_eq!(ended.code(), Some(12));
    let warning = ended
        .log
        .lines()
        .find(|line| line.contains("ctmpl ends, but"));
    let warning = warning.unwrap_or_else(|| panic!("no warning:\n{}", ended.log));
    let out = text(&scene.folder.path("out"));
    assert!(
        warning.contains("[WARN]") && warning.contains("repaired") && warning.ends_with(&out),
        "{warning}"
    );
    assert_eq!(scene.runs(), 0);

    scene.folder.write("repaired", "");
    let ctmpl = scene.start();
    ctmpl.logs("its command is owed since an earlier process");
    eventually("it runs", || scene.runs() == 1);
    ctmpl.logs("succeeded after");
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(scene.folder.read("live"), "1");

    let ctmpl = scene.start();
    ctmpl.logs("is unchanged in");
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(scene.runs(), 1, "nothing is owed any more");
}
