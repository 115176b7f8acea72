//! Calls the functions that request data or write files with mixtures of arguments. The library has the same test for
//! its functions.

use serde::Deserialize;

use super::*;
use ::functions::Group;
use gotemplate::{Options, Template};

const VECTORS: &str = include_str!("../../../../functions/tests/vectors/mixtures.jsonl");

#[derive(Deserialize)]
struct Header {
    arguments: BTreeMap<char, String>,
    prelude: String,
    mixtures: Vec<String>,
}

#[derive(Deserialize)]
struct Case {
    function: String,
    /// The results of consul-template without data; a mixture without a result is an error.
    results: BTreeMap<String, serde_json::Value>,
}

/// Returns the error of a call without data.
fn error_of(header: &Header, function: &str, mixture: &str) -> Option<String> {
    let (piped, written) = mixture.split_once('|').unwrap_or(("", mixture));
    let piped = piped
        .chars()
        .map(|kind| format!("{} | ", header.arguments[&kind]));
    let written = written
        .chars()
        .map(|kind| format!(" {}", header.arguments[&kind]));
    let call: String = piped.chain([function.to_owned()]).chain(written).collect();
    let text = format!("{}{{{{ {call} }}}}", header.prelude);
    let template = Template::parse("", &text, &Options::default(), id_in_go).expect(&text);
    let context = RenderContext::new(
        Snapshot::default(),
        Arc::default(),
        jiff::Timestamp::UNIX_EPOCH,
    );
    let rendered = template.render(&Value::from(()), &context);
    rendered.err().map(|error| error.message)
}

#[test]
fn row_8_mixtures_of_arguments_for_queries_fail_where_they_fail_in_consul_template() {
    let mut lines = VECTORS.lines();
    let header: Header = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(header.mixtures.len(), 139);
    let own =
        all().filter(|function| function.group == Group::Sources || function.go == "writeToFile");
    let mut untested: BTreeSet<&str> = own.map(|function| function.go).collect();
    let mut report = Vec::new();
    for line in lines {
        let Case { function, results } = serde_json::from_str(line).unwrap();
        if !untested.remove(function.as_str()) {
            continue;
        }
        for mixture in &header.mixtures {
            let ours = error_of(&header, &function, mixture);
            // consul-template runs the program at once, and there is none of these names.
            let runs = function == "plugin" && ours.is_none();
            if results.contains_key(mixture) == ours.is_some() && !runs {
                report.push(format!(
                    "{function} {mixture}: Go {:?}, ours {ours:?}",
                    results.get(mixture)
                ));
            }
        }
    }
    assert!(untested.is_empty(), "{untested:?}");
    assert!(report.is_empty(), "{}", report.join("\n"));
}
