//! Both languages render the same, and request the same.

use super::*;

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

/// The error said only "…", and did not tell which of many services it was.
#[test]
fn the_error_of_a_registered_service_that_is_no_valid_query_names_it() {
    let mut snapshot = known(&[("name", "my key"), ("filter", "secret")]);
    let services = ["my svc", "web"].map(|name| {
        Arc::new(ServiceTags {
            name: name.to_owned(),
            tags: Vec::new(),
        })
    });
    let services = Answer::Services(services.to_vec());
    snapshot.record(Query::services("").unwrap(), Arc::new(services));
    let cases = [
        (
            "{{ range services }}{{ service .Name }}{{ end }}",
            "{% for s in services() %}{{ service(s.name) }}{% endfor %}",
            r#"health.service: invalid format: "my svc": the service name cannot contain ' '"#,
        ),
        (
            "{{ range services }}{{ connect (printf \"%s|any\" .Name) }}{{ end }}",
            "{% for s in services() %}{{ connect(s.name ~ '|any') }}{% endfor %}",
            r#"health.connect: invalid format: "my svc|any": the service name cannot contain ' '"#,
        ),
        // Other values are not shown.
        (
            "{{ range services }}{{ service .Name (key \"filter\") }}{{ end }}",
            "{% for s in services() %}{{ service(s.name, key('filter')) }}{% endfor %}",
            r#"health.service: invalid format: "…""#,
        ),
        (
            "{{ range services }}{{ service (key \"name\") }}{{ end }}",
            "{% for s in services() %}{{ service(key('name')) }}{% endfor %}",
            r#"health.service: invalid format: "…""#,
        ),
    ];
    for (go, jinja, expected) in cases {
        let (go, jinja) = both(go, jinja, &snapshot);
        for rendering in [go, jinja] {
            let error = rendering.text.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
