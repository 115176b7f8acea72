//! Versions of a template whose worker is stuck or panics.

use super::*;
use crate::daemon::render_pass::{RenderRequest, Rendered};

const TEXT: &str = "{{ key \"a\" }}";

/// Starts a daemon with one template, whose first pass was rendered without data.
fn start() -> Bench {
    let mut bench = Bench::start(Mode::Daemon, vec![job(TEXT, None)]);
    bench.news("a", "first");
    assert_eq!(bench.write(), ["first"]);
    bench
}

/// Handles an event, and returns the requested passes instead of rendering.
fn requests(bench: &mut Bench, event: &Event) -> Vec<RenderRequest> {
    let actions = bench.parts.step(event, bench.now).into_iter();
    let requests = actions.filter_map(|action| match action {
        Action::Render(requests) => Some(requests),
        _ => None,
    });
    requests.flatten().collect()
}

fn news(text: &str) -> Event {
    Event::Watched(vec![WatchEvent::current(key("a"), value(text))])
}

/// Each start of a file watch rendered all templates a second time: a file whose watch has just started is read again.
#[test]
fn an_unchanged_source_is_not_rendered_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.ctmpl");
    std::fs::write(&path, TEXT).unwrap();
    let template = Job {
        source: TemplateSource::File(path.clone()),
        ..job("", None)
    };
    let mut bench = Bench::start(Mode::Daemon, vec![template.clone()]);
    bench.news("a", "1");
    assert_eq!(bench.write(), ["1"]);
    let passes = bench.passes;
    let started = FileEvent {
        new: [path.clone()].into(),
        ..FileEvent::default()
    };
    bench.step(Event::FilesChanged(started.clone()));
    bench.read_sources();
    assert_eq!(bench.passes, passes);

    std::fs::write(&path, "new").unwrap();
    bench.step(Event::FilesChanged(started));
    bench.read_sources();
    assert_eq!(bench.write(), ["new"]);

    bench.renew(vec![template]);
    let repaired = bench.take_changes();
    assert!(repaired.is_some(), "a reload restores edited files");
}

/// The files of the broken version stayed watched.
#[test]
fn after_a_broken_version_only_the_files_of_the_restored_one_are_watched() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("a.j2"), "{{ key('a') }}").unwrap();
    std::fs::write(path("b.j2"), "{% broken").unwrap();
    let template = Job {
        source: TemplateSource::File(path("a.j2")),
        template: TemplateOptions::new(Language::Jinja),
        ..job("", None)
    };
    let mut bench = Bench::start(Mode::Daemon, vec![template]);
    bench.news("a", "1");
    let save = |bench: &mut Bench, text: &str| {
        std::fs::write(path("a.j2"), text).unwrap();
        bench.step(Event::FilesChanged(FileEvent {
            files: [path("a.j2")].into(),
            ..FileEvent::default()
        }));
        bench.read_sources();
        bench.watched()
    };
    let broken = save(&mut bench, "{% include 'b.j2' %}");
    assert_eq!(broken, [path("a.j2"), path("b.j2")].into());
    let restored = save(&mut bench, "{{ key('a') }}");
    assert_eq!(restored, [path("a.j2")].into());
}

/// Handles a change of the answer and a pass that becomes stuck. Returns the stuck version.
fn get_stuck(bench: &mut Bench) -> Arc<Template> {
    let mut passes = requests(bench, &news("second"));
    let version = passes.pop().expect("a pass").template;
    let overdue = Rendered::overdue(0, Arc::clone(&version), Duration::from_secs(10));
    assert!(requests(bench, &Event::Rendered(vec![overdue])).is_empty());
    version
}

fn save(bench: &mut Bench, text: &str) -> Vec<RenderRequest> {
    let version = read_template(&job(text, None));
    requests(bench, &Event::SourcesRead(vec![(0, version)]))
}

#[test]
fn a_stuck_version_is_rendered_again_only_after_its_worker_has_returned() {
    let mut bench = start();
    let version = get_stuck(&mut bench);
    assert!(requests(&mut bench, &news("third")).is_empty());
    let returned = Rendered::overdue(0, version, Duration::ZERO).returned();
    bench.step(Event::Rendered(vec![returned]));
    assert_eq!(bench.write(), ["third"]);
}

#[test]
fn a_new_version_is_rendered_while_the_worker_of_the_old_one_is_stuck() {
    let mut bench = start();
    let old = get_stuck(&mut bench);
    let mut passes = save(&mut bench, "new {{ key \"a\" }}");
    let pass = passes.pop().expect("a pass of the new version");

    // The old worker returns during this pass, and an answer arrives.
    let returned = Rendered::overdue(0, old, Duration::ZERO).returned();
    assert!(requests(&mut bench, &Event::Rendered(vec![returned])).is_empty());
    assert!(requests(&mut bench, &news("third")).is_empty());
    bench.step(Event::Rendered(vec![pass.run(&Arc::default())]));
    assert_eq!(bench.write(), ["new third"], "the answer is not lost");
}

#[test]
fn a_pass_that_panics_fails_the_template_until_the_next_change() {
    let mut bench = start();
    let mut passes = requests(&mut bench, &news("second"));
    let version = passes.pop().expect("a pass").template;
    let refused = Rendered::refused(0, version, "ctmpl has a bug");
    bench.step(Event::Rendered(vec![refused]));
    assert_eq!(bench.write(), [""; 0]);
    assert_eq!(bench.end(), None, "the daemon continues");
    bench.news("a", "third");
    assert_eq!(bench.write(), ["third"]);
}
