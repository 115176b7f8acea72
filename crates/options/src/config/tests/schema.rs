//! The schema takes what the program takes, and nothing else.

use boon::{Compiler, SchemaIndex, Schemas};

use config_blocks::{Block as _, Key};
use serde_json::{Value, json};

use super::super::file::read_text;
use super::super::layer::ConfigLayer;
use super::super::reference::{schema, unsupported_keys};

/// A validator that knows the schema.
struct Judge {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Judge {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler
            .add_resource("ctmpl.json", schema())
            .expect("a schema");
        let index = compiler
            .compile("ctmpl.json", &mut schemas)
            .expect("a valid schema");
        Self { schemas, index }
    }

    fn takes(&self, document: &Value) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }
}

/// What the reading code says of a document.
fn is_read(document: &Value) -> bool {
    read_text("a.json", &document.to_string()).is_ok()
}

/// All keys, with the blocks around them.
fn paths(keys: &[Key], above: &[&'static str], found: &mut Vec<Vec<&'static str>>) {
    for key in keys.iter().filter(|key| !key.flag_only) {
        let path = [above, &[key.name]].concat();
        paths((key.shape)().keys(), &path, found);
        found.push(path);
    }
}

/// Values of every kind and form, right or wrong.
fn values() -> Vec<Value> {
    let texts = [
        "", "x", "5", "0", "5s", "1m30s", "+1.5h", ".5s", "5x", "2s:10s", "1s : 2s", "go", "Go",
        "nginx", "NGINX", "json", "JSON", "ini", "SIGHUP", "hup", "SigTerm", "SIGFOO", "sigNull",
        "0640", "640", "0o640", "rw-", "true", "a,b", "µs", "1µs", "trace", "\n",
    ];
    let mut values: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    values.extend([
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(640),
        json!(0.5),
    ]);
    values.extend([
        json!([]),
        json!({}),
        json!([{}]),
        json!([{}, {}]),
        json!([[{}]]),
        json!([null]),
    ]);
    values.extend([
        json!(["x"]),
        json!(["x", "y"]),
        json!([1]),
        json!([true]),
        json!([["x"]]),
        json!({"nothing": 1}),
    ]);
    values
}

#[test]
fn the_schema_takes_what_the_program_takes() {
    let judge = Judge::new();
    let mut all = Vec::new();
    paths(ConfigLayer::KEYS, &[], &mut all);
    assert!(all.len() > 100, "{}", all.len());
    let (mut taken, mut refused) = (0, 0);
    for path in all {
        // Once as it is, which a block with a label is not, and once with a label.
        let with_label = |path: &[&'static str]| {
            let (block, keys) = path.split_first().expect("a key");
            [&[*block, "label"], keys].concat()
        };
        let is_labelled = path[0] == "group" && path.len() > 1;
        let paths = [is_labelled.then(|| with_label(&path)), Some(path)];
        for (path, value) in paths
            .iter()
            .flatten()
            .flat_map(|path| values().into_iter().map(move |value| (path, value)))
        {
            // Which numbers are modes no schema can say.
            if path.ends_with(&["perms"]) && value.is_number() {
                continue;
            }
            let document = path
                .iter()
                .rev()
                .fold(value, |below, key| json!({*key: below}));
            let read = is_read(&document);
            assert_eq!(judge.takes(&document), read, "{document}");
            *(if read { &mut taken } else { &mut refused }) += 1;
        }
    }
    assert!(taken > 500 && refused > 500, "{taken} {refused}");
}

#[test]
fn the_schema_knows_which_modes_are_plausible() {
    let judge = Judge::new();
    for mode in 0..=0o7777 {
        let document = json!({"template": {"perms": format!("{mode:o}")}});
        assert_eq!(judge.takes(&document), is_read(&document), "{mode:o}");
    }
}

#[test]
fn an_unknown_key_is_an_error() {
    let judge = Judge::new();
    for document in [
        json!({"consul": {"adress": "h"}}),
        json!({"templates": []}),
        json!([]),
        json!("x"),
    ] {
        assert!(!judge.takes(&document) && !is_read(&document), "{document}");
    }
    assert!(judge.takes(&json!({})));
}

#[test]
fn every_key_is_described() {
    fn undescribed(value: &Value, above: &str, found: &mut Vec<String>) {
        let Some(properties) = value["properties"].as_object() else {
            return;
        };
        for (key, property) in properties {
            if property["description"].as_str().is_none_or(str::is_empty) {
                found.push(format!("{above}.{key}"));
            }
        }
    }
    let schema = schema();
    let mut found = Vec::new();
    undescribed(&schema, "", &mut found);
    for (name, block) in schema["$defs"].as_object().expect("definitions") {
        // The keys of a block that is not acted on are not either.
        let path = name.trim_start_matches("block.");
        let mut unsupported = unsupported_keys().into_iter().map(|(key, _)| key);
        if !unsupported.any(|key| path == key || path.starts_with(&format!("{key}."))) {
            undescribed(block, name, &mut found);
        }
    }
    assert!(found.is_empty(), "{found:?}");
}
