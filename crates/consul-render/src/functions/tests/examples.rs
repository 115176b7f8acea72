use super::*;
use crate::Template;
use crate::functions::examples;
use crate::options::{Language, TemplateOptions, TemplateSource};
use ::functions::Example;
use consul_watch::query::FileQuery;

/// The data of the examples.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn data() -> (Snapshot, Arc<RenderEnv>) {
    let mut snapshot = Snapshot::default();
    let mut answer = |query: Query, answer: Answer| snapshot.record(query, Arc::new(answer));
    let instance = |number: i64, color: &str, version: &str| {
        Arc::new(Instance {
            node: format!("n{number}"),
            node_id: String::new(),
            node_address: format!("10.0.0.{number}"),
            node_tagged_addresses: TextMap::new(),
            node_meta: TextMap::new(),
            service_meta: TextMap::from([("version".into(), version.into())]),
            address: format!("10.0.0.{number}"),
            service_tagged_addresses: Nullable::new(),
            id: format!("web-{number}"),
            name: "web".into(),
            tags: vec![color.into(), "http".into()],
            checks: Nullable::new(),
            status: Health::Passing,
            port: 8000 + number,
            weights: consul_watch::answer::Weights::default(),
        })
    };
    answer(
        Query::service("web").unwrap(),
        Answer::Service(vec![
            instance(1, "blue", "1.4"),
            instance(2, "green", "1.5"),
        ]),
    );
    let tags = |name: &str, tags: &[&str]| {
        Arc::new(ServiceTags {
            name: name.into(),
            tags: tags.iter().map(|tag| (*tag).into()).collect(),
        })
    };
    answer(
        Query::services("").unwrap(),
        Answer::Services(vec![
            tags("consul", &[]),
            tags("web", &["blue", "green", "http"]),
        ]),
    );
    let node = |number: u8| {
        Arc::new(Node {
            node: format!("n{number}"),
            address: format!("10.0.0.{number}"),
            ..Node::default()
        })
    };
    answer(
        Query::nodes("").unwrap(),
        Answer::Nodes(vec![node(1), node(2)]),
    );
    let found = NodeServices {
        node: node(1),
        services: Vec::new(),
    };
    answer(
        Query::node("n1").unwrap(),
        Answer::Node(Some(Arc::new(found))),
    );
    answer(
        Query::Consul(ConsulQuery::Datacenters(DatacentersQuery {
            ignore_failing: false,
        })),
        Answer::Datacenters(vec!["eu".into(), "us".into()]),
    );
    let pair = |path: &str, key: &str, value: &str| {
        Arc::new(Pair {
            path: format!("{path}{key}"),
            key: key.into(),
            value: value.into(),
            ..Pair::default()
        })
    };
    let app = [
        ("db/user", "app"),
        ("host", "10.0.0.9"),
        ("limits", r#"{"rate": 10, "unit": "s"}"#),
        ("port", "5432"),
    ];
    answer(
        Query::pairs("app/").unwrap(),
        Answer::Pairs(
            app.iter()
                .map(|(key, value)| pair("app/", key, value))
                .collect(),
        ),
    );
    for (key, value) in app {
        answer(
            Query::key(&format!("app/{key}")).unwrap(),
            Answer::Key(Some(pair("app/", key, value))),
        );
    }
    answer(Query::key("app/color").unwrap(), Answer::Key(None));
    let apps = [
        ("blog/host", "b.example"),
        ("shop/host", "s.example"),
        ("shop/port", "80"),
    ];
    answer(
        Query::pairs("apps/").unwrap(),
        Answer::Pairs(
            apps.iter()
                .map(|(key, value)| pair("apps/", key, value))
                .collect(),
        ),
    );
    let proxy = Instance {
        port: 21_000,
        ..(*instance(1, "blue", "1.4")).clone()
    };
    answer(
        Query::connect("web").unwrap(),
        Answer::Service(vec![Arc::new(proxy)]),
    );
    mesh(&mut answer);
    answer(
        Query::File(FileQuery {
            path: "/etc/motd".into(),
            sandbox: None,
        }),
        Answer::File("welcome".into()),
    );
    let variables = BTreeMap::from([("STAGE".to_owned(), "test".to_owned())]);
    (
        snapshot,
        Arc::new(RenderEnv {
            variables,
            ..RenderEnv::default()
        }),
    )
}

/// The mesh and the other clusters.
fn mesh(answer: &mut impl FnMut(Query, Answer)) {
    let certificate = "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n".to_owned();
    answer(
        Query::Consul(ConsulQuery::CaRoots),
        Answer::CaRoots(vec![Arc::new(CaRoot {
            certificate,
            ..CaRoot::default()
        })]),
    );
    let leaf = LeafCertificate {
        service_uri: "spiffe://example/svc/web".into(),
        valid_before: "2024-03-08T00:00:00Z".into(),
        ..LeafCertificate::default()
    };
    answer(
        Query::ca_leaf("web").unwrap(),
        Answer::CaLeaf(Arc::new(leaf)),
    );
    let partition = |name: &str| {
        Arc::new(Partition {
            name: name.into(),
            ..Partition::default()
        })
    };
    answer(
        Query::Consul(ConsulQuery::Partitions),
        Answer::Partitions(vec![partition("default"), partition("billing")]),
    );
    let peering = Peering {
        name: "eu".into(),
        state: "ACTIVE".into(),
        ..Peering::default()
    };
    answer(
        Query::peerings("").unwrap(),
        Answer::Peerings(vec![Arc::new(peering)]),
    );
    let consumers = Consumers {
        peers: vec!["eu".into()],
        ..Consumers::default()
    };
    let exported = ExportedService {
        service: "web".into(),
        consumers,
        ..ExportedService::default()
    };
    answer(
        Query::Consul(ConsulQuery::ExportedServices(String::new())),
        Answer::ExportedServices(vec![Arc::new(exported)]),
    );
    let imported = ImportedService {
        service: "invoices".into(),
        source_partition: "billing".into(),
        ..ImportedService::default()
    };
    answer(
        Query::Consul(ConsulQuery::ImportedServices("default".into())),
        Answer::ImportedServices(vec![Arc::new(imported)]),
    );
}

fn rendered(text: &str, language: Language) -> String {
    let source = TemplateSource::Inline {
        name: "example".into(),
        text: text.into(),
    };
    let template = Template::read(&source, &TemplateOptions::new(language));
    let (snapshot, render_env) = data();
    let template = template.unwrap_or_else(|error| panic!("{error}"));
    let rendering = template.render(
        &snapshot,
        &render_env,
        "2024-03-05T07:08:09Z".parse().unwrap(),
    );
    assert!(
        rendering.dependencies.missing.is_empty(),
        "{text}: missing {:?}",
        rendering.dependencies.missing
    );
    rendering.text.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn examples_render_to_their_output() {
    assert!(examples::ALL.len() > 60);
    for Example {
        function,
        in_go,
        in_jinja,
        output,
    } in examples::ALL
    {
        assert_eq!(rendered(in_go, Language::Go), *output, "{function} in Go");
        assert_eq!(
            rendered(in_jinja, Language::Jinja),
            *output,
            "{function} in Jinja"
        );
    }
}

#[test]
fn an_example_uses_its_function() {
    let mut seen = BTreeSet::new();
    for example in examples::ALL {
        let function = named_in_go(example.function).expect(example.function);
        assert!(seen.insert(function.go), "{} has two examples", function.go);
        assert!(
            example.in_go.contains(function.go) && example.in_jinja.contains(function.jinja),
            "{}",
            function.go
        );
    }
}
