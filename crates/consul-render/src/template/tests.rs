use std::fs;

use proptest::prelude::*;

use super::*;
use crate::options::{Language, Permissions, language_of};
use consul_watch::answer::{
    Answer, Instance, Node, NodeServices, Nullable, Pair, ServiceTags, TextMap, Weights,
};
use consul_watch::query::{Health, Query};

mod both_languages;
mod denied;
mod formats;
mod library;
mod outputs;
mod places;
mod readings;

fn inline(text: &str, language: Language) -> Result<Template, TemplateError> {
    let source = TemplateSource::Inline {
        name: "inline".into(),
        text: text.into(),
    };
    Template::read(&source, &TemplateOptions::new(language))
}

fn file(path: &Path) -> Result<Template, TemplateError> {
    let options = TemplateOptions::new(language_of(path));
    Template::read(&TemplateSource::File(path.into()), &options)
}

fn known(keys: &[(&str, &str)]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (key, value) in keys {
        let pair = Pair {
            path: (*key).into(),
            key: (*key).into(),
            value: (*value).into(),
            ..Pair::default()
        };
        snapshot.record(
            Query::key(key).unwrap(),
            Arc::new(Answer::Key(Some(Arc::new(pair)))),
        );
    }
    snapshot
}

fn render(template: &Template, snapshot: &Snapshot) -> Rendering {
    template.render(snapshot, &Arc::default(), Timestamp::UNIX_EPOCH)
}

/// The place at which a template requests a query first.
fn place_of(template: &Template, query: &Query, snapshot: &Snapshot) -> Option<(String, Place)> {
    let dependencies = render(template, snapshot).dependencies;
    template.place(dependencies.sites.get(query)?)
}

/// The dependencies without their places, which differ between the languages. Each query must have a place.
fn without_sites(rendering: &Rendering) -> Dependencies {
    let mut dependencies = rendering.dependencies.clone();
    let placed: std::collections::BTreeSet<_> = dependencies.sites.keys().cloned().collect();
    assert_eq!(dependencies.queries, placed);
    dependencies.sites.clear();
    dependencies
}

fn names(queries: impl IntoIterator<Item: ToString>) -> String {
    queries
        .into_iter()
        .map(|query| query.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

fn world() -> Snapshot {
    let mut snapshot = known(&[("port", "80"), ("json", r#"{"b": [1, 2.5], "a": "<"}"#)]);
    let instance = |number: i64| {
        Arc::new(Instance {
            node: format!("n{number}"),
            node_id: String::new(),
            node_address: "10.0.0.1".into(),
            node_tagged_addresses: TextMap::new(),
            node_meta: TextMap::new(),
            service_meta: TextMap::from([("version".into(), "2".into())]),
            address: format!("10.0.0.{number}"),
            service_tagged_addresses: Nullable::new(),
            id: format!("web-{number}"),
            name: "web".into(),
            tags: vec!["blue".into(), format!("t{number}")],
            checks: Nullable::new(),
            status: Health::Passing,
            port: 8000 + number,
            weights: Weights {
                passing: 1,
                warning: 1,
            },
        })
    };
    snapshot.record(
        Query::service("web").unwrap(),
        Arc::new(Answer::Service(vec![instance(1), instance(2)])),
    );
    snapshot.record(
        Query::service("web|any").unwrap(),
        Arc::new(Answer::Service(vec![instance(1), instance(2)])),
    );
    let pair = |key: &str| {
        Arc::new(Pair {
            key: key.into(),
            value: key.to_uppercase(),
            ..Pair::default()
        })
    };
    let pairs = vec![pair("a/x"), pair("a/y"), pair("b")];
    snapshot.record(Query::pairs("app").unwrap(), Arc::new(Answer::Pairs(pairs)));
    let node = Arc::new(Node {
        node: "n1".into(),
        address: "10.0.0.1".into(),
        ..Node::default()
    });
    let found = NodeServices {
        node,
        services: Vec::new(),
    };
    snapshot.record(
        Query::node("n1").unwrap(),
        Arc::new(Answer::Node(Some(Arc::new(found)))),
    );
    snapshot.record(Query::node("n2").unwrap(), Arc::new(Answer::Node(None)));
    snapshot
}

#[test]
fn a_rendering_has_its_queries_and_the_missing_ones() {
    let template = inline("{{ key('a') }}{{ key('b') }}", Language::Jinja).unwrap();
    let rendering = render(&template, &known(&[("a", "1")]));
    assert_eq!(rendering.text, Ok(String::new()));
    assert_eq!(
        names(&rendering.dependencies.queries),
        "kv.get(a) kv.get(b)"
    );
    assert_eq!(names(rendering.dependencies.missing.keys()), "kv.get(b)");
    let rendering = render(&template, &known(&[("a", "1"), ("b", "2")]));
    assert_eq!(
        (rendering.text, rendering.dependencies.missing.len()),
        (Ok("12".into()), 0)
    );
}

#[test]
fn an_error_of_an_incomplete_pass_is_ignored_and_hides_no_query() {
    let templates = [
        (
            "{{ service('x')[0].address }}{{ key('a') | int }}{{ key('b') }}",
            Language::Jinja,
        ),
        (
            "{{ (index (service \"x\") 0).Address }}{{ with index (service \"x\") 0 }}{{ .ID }}{{ end }}{{ key \"a\" | \
          parseJSON | len }}{{ range key \"a\" }}{{ end }}{{ key \"b\" }}",
            Language::Go,
        ),
    ];
    for (text, language) in templates {
        let template = inline(text, language).unwrap();
        let rendering = render(&template, &Snapshot::default());
        assert_eq!(rendering.text, Ok(String::new()));
        assert_eq!(
            names(rendering.dependencies.missing.keys()),
            "kv.get(a) kv.get(b) health.service(x|passing)",
            "{text}"
        );
        for query in &rendering.dependencies.queries {
            assert_eq!(
                place_of(&template, query, &Snapshot::default())
                    .map(|(name, place)| (name, place.line)),
                Some(("inline".to_owned(), 1)),
                "{text}: {query}"
            );
        }
    }
}

#[test]
fn an_error_of_a_complete_pass_is_reported() {
    let template = inline("{{ key('a').x.y }}", Language::Jinja).unwrap();
    let rendering = render(&template, &known(&[("a", "1")]));
    assert!(rendering.dependencies.missing.is_empty());
    assert!(rendering.text.is_err());
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
fn an_unreadable_template_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let error_text = |name: &str| {
        let error = file(&directory.path().join(name)).unwrap_err();
        assert_eq!(error.sources, [directory.path().join(name)]);
        error
            .to_string()
            .replace(directory.path().to_str().unwrap(), "DIR")
    };
    insta::assert_snapshot!(error_text("none.j2"), @"DIR/none.j2: cannot read the template: No such file or directory (os error 2)");
    fs::write(directory.path().join("bytes.j2"), b"a\n\xff").unwrap();
    insta::assert_snapshot!(error_text("bytes.j2"), @"DIR/bytes.j2: cannot read the template: line 2 is not UTF-8 text");
}

#[test]
fn errors_of_go_templates_have_place_and_hint() {
    let error_text = |text: &str| match inline(text, Language::Go) {
        Err(error) => error.to_string(),
        Ok(template) => render(&template, &world()).text.unwrap_err().to_string(),
    };
    insta::assert_snapshot!(error_text("a\n{{ range servce \"web\" }}{{ end }}"), @r#"
    inline:2:10: function "servce" not defined
      2 | {{ range servce "web" }}{{ end }}
        |          ^
    hint: did you mean "service"?
    "#);
    insta::assert_snapshot!(error_text("{% for s in service('web') %}{{ s.address }}{% endfor %}"), @r#"
    inline:1:33: function "s" not defined
      1 | {% for s in service('web') %}{{ s.address }}{% endfor %}
        |                                 ^
    hint: this looks like Jinja; name the file .j2 (or set language = "jinja")
    "#);
    insta::assert_snapshot!(error_text("x\n  {{ key \"port\" | add 1 }}"), @r#"
    inline:2:19: error calling add: unknown type for a string (parseInt and parseFloat convert strings)
      2 |   {{ key "port" | add 1 }}
        |                   ^
    "#);
    insta::assert_snapshot!(error_text("{{ range service \"web\" }}{{ .Adress }}{{ end }}"), @r#"
    inline:1:29: can't evaluate field Adress in type *dependency.HealthService
      1 | {{ range service "web" }}{{ .Adress }}{{ end }}
        |                             ^
    in line 1: range service "web"
    hint: did you mean .Address?
    "#);
    insta::assert_snapshot!(error_text("{{ mustEnv \"UNSET\" }}"), @r#"
    inline:1:4: error calling mustEnv: required environment variable "UNSET" is empty
      1 | {{ mustEnv "UNSET" }}
        |    ^
    "#);
    insta::assert_snapshot!(error_text("{{ if true }}"), @r"
    inline:1:4: {{if}} has no {{end}}
      1 | {{ if true }}
        |    ^
    ");
}

#[test]
fn a_template_is_current_until_one_of_its_files_changes() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let write = |name: &str, text: &str| fs::write(path(name), text).unwrap();
    write(
        "main.j2",
        "{% include 'part.j2' %}{% include 'later.j2' ignore missing %}",
    );
    write("part.j2", "a");
    let template = file(&path("main.j2")).unwrap();
    assert!(template.is_current());
    write("part.j2", "a");
    assert!(template.is_current());
    write("part.j2", "b");
    assert!(!template.is_current());
    write("part.j2", "a");
    write("later.j2", "c");
    assert!(!template.is_current());
    write("main.ctmpl", "a");
    let template = file(&path("main.ctmpl")).unwrap();
    assert!(template.is_current());
    write("main.ctmpl", "b");
    assert!(!template.is_current());
    assert!(inline("a", Language::Go).unwrap().is_current());
}
