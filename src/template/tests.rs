use std::fs;

use super::*;
use crate::answer::{Answer, Pair};

fn inline(text: &str, language: Language) -> Result<Template, TemplateError> {
    let source = Source::Inline { name: "inline".into(), text: text.into() };
    Template::read(&source, language, MissingKey::Zero, &Delimiters::default())
}

fn file(path: &Path) -> Result<Template, TemplateError> {
    Template::read(&Source::File(path.into()), language_of(path), MissingKey::Zero, &Delimiters::default())
}

fn known(keys: &[(&str, &str)]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (key, value) in keys {
        let pair = Pair { path: (*key).into(), key: (*key).into(), value: (*value).into(), ..Pair::default() };
        snapshot.record(Query::key(key).unwrap(), Arc::new(Answer::Key(Some(Arc::new(pair)))));
    }
    snapshot
}

fn render(template: &Template, snapshot: &Snapshot) -> Rendering {
    template.render(snapshot, &Arc::default(), Timestamp::UNIX_EPOCH)
}

fn names<'a>(queries: impl IntoIterator<Item = &'a Query>) -> String {
    queries.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_ending_tells_the_language() {
    let jinja = ["a.j2", "nginx.conf.j2", "/x/y.jinja", "y.jinja2", "A.J2"];
    let go = ["a.ctmpl", "a.tpl", "j2", "a.j2.ctmpl", "nginx.conf", ".j2"];
    assert!(!jinja.is_empty() && !go.is_empty());
    assert!(jinja.iter().all(|name| language_of(Path::new(name)) == Language::Jinja));
    assert!(go.iter().all(|name| language_of(Path::new(name)) == Language::Go));
}

#[test]
fn a_rendering_says_what_was_asked_and_what_is_missing() {
    let template = inline("{{ key('a') }}{{ key('b') }}", Language::Jinja).unwrap();
    let rendering = render(&template, &known(&[("a", "1")]));
    assert_eq!(rendering.text, Ok(String::new()));
    assert_eq!(names(&rendering.asked), "kv.get(a) kv.get(b)");
    assert_eq!(names(rendering.missing.keys()), "kv.get(b)");
    let rendering = render(&template, &known(&[("a", "1"), ("b", "2")]));
    assert_eq!((rendering.text, rendering.missing.len()), (Ok("12".into()), 0));
}

#[test]
fn an_error_of_an_incomplete_pass_is_none_and_hides_no_query() {
    let template = inline("{{ service('x')[0].address }}{{ key('a') | int }}{{ key('b') }}", Language::Jinja).unwrap();
    let rendering = render(&template, &Snapshot::default());
    assert_eq!(rendering.text, Ok(String::new()));
    assert_eq!(names(rendering.missing.keys()), "kv.get(a) kv.get(b) health.service(x|passing)");
}

#[test]
fn an_error_of_a_complete_pass_is_one() {
    let template = inline("{{ key('a').x.y }}", Language::Jinja).unwrap();
    let rendering = render(&template, &known(&[("a", "1")]));
    assert!(rendering.missing.is_empty());
    assert!(rendering.text.is_err());
}

#[test]
fn the_place_of_a_query_is_found() {
    let text = "x\n{% if service('w')[0].port %}{% endif %}\n  {{ key('a') }}\n";
    let template = inline(text, Language::Jinja).unwrap();
    let place = |key: &str| {
        template.place_of(&Query::key(key).unwrap(), &Snapshot::default(), &Arc::default(), Timestamp::UNIX_EPOCH)
    };
    assert_eq!(place("a"), Some(("inline".into(), Place { line: 3, column: 6 })));
    assert_eq!(place("b"), None);
}

#[test]
fn files_are_read_and_watched() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("a.j2"), "{% include 'b' %}").unwrap();
    fs::write(path("b"), "B").unwrap();
    let template = file(&path("a.j2")).unwrap();
    assert_eq!(render(&template, &Snapshot::default()).text, Ok("B".into()));
    assert_eq!(template.sources(), [path("a.j2"), path("b")]);
    fs::write(path("b"), "{{ 1 +").unwrap();
    let error = file(&path("a.j2")).unwrap_err();
    assert_eq!(error.sources, [path("a.j2"), path("b")]);
    assert_eq!(error.name, path("b").display().to_string());
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let told = |name: &str| {
        let error = file(&directory.path().join(name)).unwrap_err();
        assert_eq!(error.sources, [directory.path().join(name)]);
        error.to_string().replace(directory.path().to_str().unwrap(), "DIR")
    };
    insta::assert_snapshot!(told("none.j2"), @"DIR/none.j2: cannot read the template: No such file or directory (os error 2)");
    fs::write(directory.path().join("bytes.j2"), b"a\n\xff").unwrap();
    insta::assert_snapshot!(told("bytes.j2"), @"DIR/bytes.j2: cannot read the template: line 2 is not UTF-8 text");
}
