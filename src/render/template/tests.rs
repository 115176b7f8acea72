use std::fs;

use proptest::prelude::*;

use super::*;
use crate::answer::{Answer, Instance, Node, NodeServices, Nullable, Pair, TextMap, Weights};
use crate::config::language_of;
use crate::config::resolved::{
    Delimiters, FileConfig, FlapDampingConfig, GuardConfig, Language, MissingKey, Permissions,
};
use crate::query::{Health, Query};

mod denied;
mod formats;
mod library;
mod outputs;
mod places;
mod readings;

fn job(source: TemplateSource, language: Language) -> Job {
    Job {
        render_timeout: crate::config::resolved::RENDER_TIMEOUT,
        source,
        language,
        destination: None,
        command: None,
        group: None,
        settle: None,
        guard: GuardConfig::default(),
        flap_damping: FlapDampingConfig::default(),
        missing_key: MissingKey::Zero,
        delimiters: Delimiters::default(),
        allow: Permissions::default(),
        format: Format::None,
        output_format: None,
        sandbox: None,
        denied: Arc::default(),
        on_error: crate::config::resolved::OnError::default(),
        file: FileConfig::default(),
    }
}

fn inline(text: &str, language: Language) -> Result<Template, TemplateError> {
    Template::read(&job(
        TemplateSource::Inline {
            name: "inline".into(),
            text: text.into(),
        },
        language,
    ))
}

fn file(path: &Path) -> Result<Template, TemplateError> {
    Template::read(&job(TemplateSource::File(path.into()), language_of(path)))
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

/// Renders a template of each language with the same answers.
fn both(go: &str, jinja: &str, snapshot: &Snapshot) -> (Rendering, Rendering) {
    let render = |text, language| {
        render(
            &inline(text, language).unwrap_or_else(|error| panic!("{error}")),
            snapshot,
        )
    };
    (render(go, Language::Go), render(jinja, Language::Jinja))
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
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn both_languages_render_the_same() {
    let cases = [
        (
            "{{ range service \"web\" }}server {{ .Address }}:{{ .Port }};\n{{ end }}",
            "{% for s in service('web') %}server {{ s.address }}:{{ s.port }};\n{% endfor %}",
            "server 10.0.0.1:8001;\nserver 10.0.0.2:8002;\n",
        ),
        (
            "{{ key \"port\" | parseInt | add 1 }}",
            "{{ key('port') | parse_int | add(1) }}",
            "81",
        ),
        (
            "{{ range $tag, $list := service \"web\" | byTag }}{{ $tag }}={{ len $list }} {{ end }}",
            "{% for tag, list in service('web') | by_tag | items %}{{ tag }}={{ list | length }} {% endfor %}",
            "blue=2 t1=1 t2=1 ",
        ),
        (
            "{{ range $port, $list := service \"web\" | byPort }}{{ $port }} {{ end }}",
            "{% for port in service('web') | by_port %}{{ port }} {% endfor %}",
            "8001 8002 ",
        ),
        (
            "{{ range $f, $p := tree \"app\" | byKey }}{{ $f }}:{{ range $k, $v := $p }}{{ $k }}={{ $v.Value }},{{ end }}{{ end }}",
            "{% for f, p in by_key(tree('app')) | items %}{{ f }}:{% for k, v in p | items %}{{ k }}={{ v.value }},{% endfor %}{% endfor %}",
            "a:x=A/X,y=A/Y,",
        ),
        (
            "{{ (index (service \"web\") 0).ServiceMeta.version }}",
            "{{ service('web')[0].service_meta.version }}",
            "2",
        ),
        (
            "{{ key \"json\" | parseJSON | toJSON }}",
            "{{ key('json') | parse_json | to_json }}",
            r#"{"a":"\u003c","b":[1,2.5]}"#,
        ),
        (
            "{{ with node \"n1\" }}{{ .Node.Address }}{{ end }}",
            "{{ node('n1').node.address }}",
            "10.0.0.1",
        ),
        (
            "{{ with node \"n2\" }}{{ if .Node }}yes{{ else }}no{{ end }}{{ end }}",
            "{{ 'yes' if node('n2').node else 'no' }}",
            "no",
        ),
        (
            "{{ scratch.MapSet \"m\" \"b\" 1 }}{{ scratch.MapSet \"m\" \"a\" 2 }}{{ scratch.MapValues \"m\" | toJSON }}",
            "{{ scratch().map_set('m', 'b', 1) }}{{ scratch().map_set('m', 'a', 2) }}{{ scratch().map_values('m') | to_json }}",
            "[2,1]",
        ),
        (
            "{{ range loop 1 3 }}{{ . }}{{ end }}",
            "{% for i in loop_range(1, 3) %}{{ i }}{% endfor %}",
            "12",
        ),
        (
            "{{ range $i, $s := service \"web\" }}{{ $i }}{{ .Tags | join \"+\" }} {{ end }}",
            "{% for s in service('web') %}{{ loop.index0 }}{{ s.tags | join('+') }} {% endfor %}",
            "0blue+t1 1blue+t2 ",
        ),
        (
            "{{ range service \"web\" \"tag=blue,t2\" \"require_port=true\" }}{{ .ID }} {{ end }}",
            "{% for s in service('web', tag=['blue', 't2'], require_port=true) %}{{ s.id }} {% endfor %}",
            "web-2 ",
        ),
        (
            "{{ range service \"web\" \"any\" \"tag=t1\" }}{{ .ID }}{{ else }}none{{ end }}",
            "{% for s in service('web', 'any', tag='t1') %}{{ s.id }}{% else %}none{% endfor %}",
            "web-1",
        ),
        (
            "{{ range service \"web\" \"shuffle=true\" \"unique=addr:port\" \"passing_for=5s\" }}{{ .ID }} {{ end }}",
            "{% for s in 'web' | service(unique='addr:port', shuffle=true, passing_for='5s') %}{{ s.id }} {% endfor %}",
            "web-1 web-2 ",
        ),
        (
            "{{ or \"x\" (key \"unasked\") }}",
            "{{ 'x' or key('unasked') }}",
            "x",
        ),
    ];
    assert!(!cases.is_empty());
    for (go, jinja, wanted) in cases {
        let (in_go, in_jinja) = both(go, jinja, &world());
        assert_eq!(in_go.text, Ok(wanted.to_owned()), "{go}");
        assert_eq!(in_jinja.text, Ok(wanted.to_owned()), "{jinja}");
        assert_eq!(without_sites(&in_go), without_sites(&in_jinja), "{go}");
        assert!(in_go.dependencies.missing.is_empty() && in_jinja.dependencies.missing.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn instances_in_another_order_give_the_same_bytes(order in Just((0..8).collect::<Vec<i64>>()).prop_shuffle()) {
        let snapshot = |order: &[i64]| {
            let instance = |one: &i64| {
                let (node, id, tags) = (format!("n{}", one % 3), format!("web-{one}"), vec!["blue".to_owned()]);
                let tags = if one % 4 == 0 { Vec::new() } else { tags };
                Arc::new(Instance { node, address: "10.0.0.1".into(), id, tags, port: one / 2, ..Instance::default() })
            };
            let mut snapshot = Snapshot::default();
            let answer = Answer::Service(order.iter().map(instance).collect());
            snapshot.record(Query::service("web").unwrap(), Arc::new(answer));
            snapshot
        };
        let options =
            ["tag=blue", "unique=addr:port", "require_port=true", "sort=name", "passing_for=5s", "shuffle=true"];
        for option in options {
            let go = format!("{{{{ range service \"web\" \"{option}\" }}}}{{{{ .ID }}}} {{{{ end }}}}");
            let jinja = format!("{{% for s in service('web', '{option}') %}}{{{{ s.id }}}} {{% endfor %}}");
            let sorted: Vec<i64> = (0..8).collect();
            let (in_go, in_jinja) = both(&go, &jinja, &snapshot(&order));
            let (wanted, _) = both(&go, &jinja, &snapshot(&sorted));
            prop_assert!(wanted.text.as_ref().is_ok_and(|text| text.len() > 10), "{option}: {:?}", wanted.text);
            prop_assert_eq!(&in_go.text, &wanted.text, "{}", option);
            prop_assert_eq!(&in_jinja.text, &wanted.text, "{}", option);
        }
    }
}

#[test]
fn both_languages_request_the_same_without_data() {
    let cases = [
        (
            "{{ range service \"web\" }}{{ end }}{{ key \"a\" }}{{ keyOrDefault \"b\" \"1\" }}",
            "{% for s in service('web') %}{% endfor %}{{ key('a') }}{{ key_or_default('b', '1') }}",
        ),
        (
            "{{ (node).Node.Address }}{{ with node \"x\" }}{{ .Node.Address }}{{ end }}",
            "{{ node().node.address }}{{ node('x').node.address }}",
        ),
        (
            "{{ range service \"web\" (key \"a\" | printf \"tag=%s\") }}{{ end }}",
            "{% for s in service('web', tag=parse_json(key('a')).tag) %}{% endfor %}",
        ),
        (
            "{{ range service \"web\" \"tag=a\" }}{{ end }}{{ range connect \"web\" \"sort=near\" }}{{ end }}",
            "{% for s in service('web', tag='a') %}{% endfor %}{% for s in connect('web', sort='near') %}{% endfor %}",
        ),
        (
            "{{ with caLeaf \"web\" }}{{ .CertPEM }}{{ end }}{{ range caRoots }}{{ end }}{{ range importedServices \"p\" }}{{ end }}",
            "{{ ca_leaf('web').cert_pem }}{% for r in ca_roots() %}{% endfor %}{% for s in imported_services('p') %}{% endfor %}",
        ),
        (
            "{{ range tree \"a\" | byKey }}{{ end }}{{ range nodes }}{{ end }}",
            "{% for p in tree('a') | by_key %}{% endfor %}{% for n in nodes() %}{% endfor %}",
        ),
    ];
    assert!(!cases.is_empty());
    for (go, jinja) in cases {
        let (in_go, in_jinja) = both(go, jinja, &Snapshot::default());
        assert_eq!(
            (&in_go.text, &in_jinja.text),
            (&Ok(String::new()), &Ok(String::new()))
        );
        assert_eq!(without_sites(&in_go), without_sites(&in_jinja), "{go}");
        assert!(in_go.dependencies.missing.len() >= 2);
    }
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
