//! The quiescence timer: changes are collected, and an unchanged answer causes no rendering.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::support::ctmpl::{Ctmpl, Folder};
use crate::support::eventually;
use consul_dev::{Background, Fault, Seed};

/// The tests measure time, so they run one at a time.
static TURN: Mutex<()> = Mutex::new(());

fn consul() -> Background {
    crate::support::embedded(Seed::default().key("app/port", "0").key("app/name", "x"))
}

fn start(folder: &Folder, consul: &Background, wait: &str) -> Ctmpl {
    folder.write("in", r#"{{ key "app/port" }}"#);
    Ctmpl::start(
        consul.address(),
        [
            format!("-wait={wait}"),
            format!("-template={}", folder.template("in", "out", "")),
        ],
    )
}

/// Returns the number of times that the template was written.
fn writes(ctmpl: &Ctmpl) -> usize {
    ctmpl.log_count("in is written to")
}

/// Waits until the first answer was sent and the next poll is waiting.
fn waits_again(consul: &Background, path: &str) {
    eventually("the next query waits", || {
        consul.faults().requests(path).len() >= 2 && consul.faults().open_requests(path) == 1
    });
}

#[test]
fn the_first_text_is_not_delayed() {
    let _turn = TURN.lock();
    let (folder, consul) = (Folder::new(), consul());
    let begun = Instant::now();
    let _ctmpl = start(&folder, &consul, "8s:60s");
    folder.becomes("out", "0");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn each_change_restarts_the_minimum_and_only_the_last_text_is_written() {
    let _turn = TURN.lock();
    let (folder, consul) = (Folder::new(), consul());
    let ctmpl = start(&folder, &consul, "900ms:60s");
    folder.becomes("out", "0");

    // Together the changes take longer than the minimum; each one arrives well within it.
    let first = Instant::now();
    for port in 1..=12 {
        consul.put_key("app/port", &port.to_string());
        std::thread::sleep(Duration::from_millis(150));
        assert_eq!(folder.read("out"), "0", "it was not quiet for the minimum");
    }
    let last = Instant::now();
    folder.becomes("out", "12");
    let quiet = last.elapsed();
    eventually("the second write is logged", || writes(&ctmpl) == 2);
    assert!(last.duration_since(first) > Duration::from_millis(1700));
    assert!(
        quiet > Duration::from_millis(500) && quiet < Duration::from_secs(4),
        "written after {quiet:?}"
    );
}

#[test]
fn continuous_changes_are_written_at_the_maximum() {
    let _turn = TURN.lock();
    let (folder, consul) = (Folder::new(), consul());
    let ctmpl = start(&folder, &consul, "600ms:2s");
    folder.becomes("out", "0");

    let begun = Instant::now();
    let mut port = 0;
    while folder.read("out") == "0" {
        port += 1;
        consul.put_key("app/port", &port.to_string());
        std::thread::sleep(Duration::from_millis(50));
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "the maximum has passed long ago"
        );
    }
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(1800), "written after {took:?}");
    assert!(took < Duration::from_secs(4), "written after {took:?}");
    // The changes after the write are one more write, unless there were none.
    folder.becomes("out", &port.to_string());
    eventually("the last write is logged", || writes(&ctmpl) >= 2);
    assert!(writes(&ctmpl) <= 3, "{}", ctmpl.log());
}

#[test]
fn a_value_that_returns_before_it_was_written_writes_nothing() {
    let _turn = TURN.lock();
    let (folder, consul) = (Folder::new(), consul());
    let ctmpl = start(&folder, &consul, "500ms:60s");
    folder.becomes("out", "0");
    let inode = |folder: &Folder| {
        std::os::unix::fs::MetadataExt::ino(&folder.path("out").metadata().unwrap())
    };
    let before = inode(&folder);
    waits_again(&consul, "/v1/kv/app/port");
    let news = ctmpl.log_count("kv.get(app/port) has a new answer");
    consul.put_key("app/port", "1");
    eventually("the change is noticed", || {
        ctmpl.log_count("kv.get(app/port) has a new answer") == news + 1
    });
    consul.put_key("app/port", "0");
    eventually("the old value is noticed", || {
        ctmpl.log_count("kv.get(app/port) has a new answer") == news + 2
    });
    folder.stays("out", "0", Duration::from_millis(1200));
    assert_eq!(
        (writes(&ctmpl), inode(&folder)),
        (1, before),
        "{}",
        ctmpl.log()
    );
}

#[test]
fn only_the_template_whose_data_changed_is_rendered() {
    let _turn = TURN.lock();
    let (folder, consul) = (Folder::new(), consul());
    // The text differs with every rendering, so it shows whether the template was rendered.
    folder.write("port.in", r#"{{ key "app/port" }} {{ timestamp "unix" }}"#);
    folder.write("name.in", r#"{{ key "app/name" }} {{ timestamp }}"#);
    let (port, name) = (
        folder.template("port.in", "port", ""),
        folder.template("name.in", "name", ""),
    );
    let ctmpl = Ctmpl::start(consul.address(), ["-template", &port, "-template", &name]);
    let first = folder.eventually("name", "there", |text| text.starts_with("x "));
    folder.eventually("port", "there", |text| text.starts_with("0 "));
    std::thread::sleep(Duration::from_millis(1100));
    consul.put_key("app/port", "1");
    folder.eventually("port", "rendered again", |text| text.starts_with("1 "));
    assert_eq!(
        folder.read("name"),
        first,
        "nothing that it asks has changed"
    );
    assert_eq!(
        ctmpl.log_count("name.in is written to"),
        1,
        "{}",
        ctmpl.log()
    );
}

#[test]
fn a_change_that_no_template_sees_causes_no_rendering() {
    let _turn = TURN.lock();
    let (folder, consul) = (Folder::new(), consul());
    folder.write(
        "in",
        r#"{{ range ls "app" }}{{ .Key }}={{ .Value }} {{ end }}{{ timestamp }}"#,
    );
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["-template", &folder.template("in", "out", "")],
    );
    let first = folder.eventually("out", "there", |text| text.starts_with("name=x port=0 "));
    waits_again(&consul, "/v1/kv/app");
    // A rendering is visible only when the second has changed.
    std::thread::sleep(Duration::from_millis(1100));
    let asked = consul.faults().requests("/v1/kv/app").len();

    // Each of these writes changes the index of the query, but not the data of the template.
    for round in 0..5 {
        consul.put_key("app/below/it", &round.to_string());
        eventually("the query was answered, and waits again", || {
            consul.faults().requests("/v1/kv/app").len() > asked + round
        });
    }
    assert_eq!(folder.read("out"), first);
    assert_eq!(ctmpl.log_count("is written to"), 1, "{}", ctmpl.log());

    // The same without an index, where every request is answered at once.
    consul.faults().inject("/v1/kv/", Fault::NoIndex);
    consul.put_key("app/below/it", "last");
    folder.stays("out", &first, Duration::from_millis(500));
}
