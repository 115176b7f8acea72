//! Common mistakes in templates and their error messages: one snapshot per kind of mistake.
//!
//! Input: a table of broken templates, and the data to render them with. Output:
//! `tests/mistakes/snapshots/*.snap`, with each error as in the log.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use answer_guard::Snapshot;
use consul_render::{
    Language, RenderEnv, Template, TemplateError, TemplateOptions, TemplateSource,
};
use consul_watch::answer::{
    Answer, Instance, Node, NodeServices, Nullable, Pair, TextMap, Weights,
};
use consul_watch::query::{Health, Query};
use gotemplate::MissingKey;
use jiff::Timestamp;

mod canaries;
mod go;
mod jinja;

/// A description of the mistake, and the template.
type Mistake = (&'static str, &'static str);

pub(crate) fn instance(number: i64) -> Arc<Instance> {
    Arc::new(Instance {
        node: format!("node-{number}"),
        node_id: String::new(),
        node_address: format!("10.0.0.{number}"),
        node_tagged_addresses: TextMap::new(),
        node_meta: TextMap::new(),
        service_meta: TextMap::from([("version".into(), "2".into())]),
        address: format!("10.0.1.{number}"),
        service_tagged_addresses: Nullable::new(),
        id: format!("web-{number}"),
        name: "web".into(),
        tags: vec!["blue".into()],
        checks: Nullable::new(),
        status: Health::Passing,
        port: 8000 + number,
        weights: Weights::default(),
    })
}

/// Returns data with two instances of `web`, a node and some keys. Values of keys and variables
/// contain `canary`.
pub(crate) fn sample_data() -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.record(
        Query::service("web").unwrap(),
        Arc::new(Answer::Service(vec![instance(1), instance(2)])),
    );
    snapshot.record(
        Query::service("none").unwrap(),
        Arc::new(Answer::Service(Vec::new())),
    );
    snapshot.record(
        Query::connect("web").unwrap(),
        Arc::new(Answer::Service(vec![instance(1)])),
    );
    let node = NodeServices {
        node: Arc::new(Node {
            node: "n1".into(),
            ..Node::default()
        }),
        services: Vec::new(),
    };
    snapshot.record(
        Query::node("n1").unwrap(),
        Arc::new(Answer::Node(Some(Arc::new(node)))),
    );
    snapshot.record(Query::node("gone").unwrap(), Arc::new(Answer::Node(None)));
    let pair = |key: &str, value: &str| {
        Arc::new(Pair {
            path: key.into(),
            key: key.into(),
            value: value.into(),
            ..Pair::default()
        })
    };
    let keys = [
        ("secret", "canary"),
        ("query", "canary web|canary"),
        ("pin", "47110815"),
        ("json", r#"{"a": "canary"}"#),
    ];
    for (key, value) in keys {
        snapshot.record(
            Query::key(key).unwrap(),
            Arc::new(Answer::Key(Some(pair(key, value)))),
        );
    }
    snapshot.record(Query::key("absent").unwrap(), Arc::new(Answer::Key(None)));
    let below = vec![pair("host", "canary"), pair("port", "canary")];
    snapshot.record(Query::pairs("app").unwrap(), Arc::new(Answer::Pairs(below)));
    snapshot
}

pub(crate) fn render_env() -> Arc<RenderEnv> {
    Arc::new(RenderEnv {
        variables: BTreeMap::from([("PASSWORD".into(), "canary".into())]),
        ..RenderEnv::default()
    })
}

pub(crate) fn outcome(
    source: &TemplateSource,
    language: Language,
    missing_key: MissingKey,
) -> Result<String, TemplateError> {
    let template = Template::read(
        source,
        &TemplateOptions {
            missing_key,
            ..TemplateOptions::new(language)
        },
    )?;
    let rendering = template.render(&sample_data(), &render_env(), Timestamp::UNIX_EPOCH);
    assert_eq!(
        rendering.dependencies.missing.keys().collect::<Vec<_>>(),
        Vec::<&Query>::new(),
        "queries data that the sample does not have"
    );
    rendering.text
}

/// Renders an inline template.
pub(crate) fn inline(name: &str, text: &str, language: Language) -> Result<String, TemplateError> {
    outcome(
        &TemplateSource::Inline {
            name: name.into(),
            text: text.into(),
        },
        language,
        MissingKey::Default,
    )
}

/// Returns a page that shows each mistake with its message.
pub(crate) fn page(
    mistakes: &[Mistake],
    outcome_of: impl Fn(&str) -> Result<String, TemplateError>,
) -> String {
    assert!(!mistakes.is_empty());
    let mut page = String::new();
    for (what, text) in mistakes {
        let error = match outcome_of(text) {
            Err(error) => error,
            Ok(text) => panic!("{what}: no error, but {text:?}"),
        };
        // The message also has the column.
        assert!(
            error.place.is_some_and(|place| place.column > 0),
            "{what}: {error}"
        );
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(
                !shown.contains("canary") && !shown.contains("47110815"),
                "{what}: {shown}"
            );
        }
        writeln!(page, "# {what}\n{error}\n").unwrap();
    }
    page
}

/// Creates a directory with files for includes.
pub(crate) fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// Renders a file and removes the name of its directory from the message.
pub(crate) fn outcome_of_file(path: &Path, language: Language) -> String {
    let error = outcome(
        &TemplateSource::File(PathBuf::from(path)),
        language,
        MissingKey::Default,
    )
    .unwrap_err();
    let directory = path.parent().unwrap().display().to_string();
    error.to_string().replace(&format!("{directory}/"), "")
}
