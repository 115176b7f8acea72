//! Calls every function with 139 mixtures of arguments: nil, text, numbers, booleans, maps and lists.
//!
//! The results in `tests/vectors/mixtures.jsonl` are those of consul-template. The first line has the mixtures, and the
//! declarations of the variables in their calls. Each further line has a function with its results; a mixture without a
//! result is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use functions::TABLES;
use gotemplate::language_functions;
use gotemplate::scratch::Scratch;
use serde::Deserialize;

use super::{is_omitted, render};

const DIFFERENCES: &str = "../../docs/src/reference/differences.md";

const VECTORS: &str = include_str!("../vectors/mixtures.jsonl");

#[derive(Deserialize)]
struct Header {
    /// The arguments by their letters in mixtures. `N` is nil, and `J` is nil that is held in an interface.
    arguments: BTreeMap<char, String>,
    prelude: String,
    mixtures: Vec<String>,
}

#[derive(Deserialize)]
struct Case {
    function: String,
    results: BTreeMap<String, Expected>,
}

/// The result of a call that does not fail.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Expected {
    /// The printed result, `~` and the result as JSON.
    Printed(String),
    /// The printed result of a value that JSON does not have.
    Plain { plain: String },
    /// `true`: the result differs each time.
    Any(#[expect(dead_code, reason = "it is always true")] bool),
}

impl Header {
    /// Returns the call of a function with a mixture of arguments. A piped argument comes before `|`.
    fn call(&self, function: &str, mixture: &str) -> String {
        let (piped, written) = mixture.split_once('|').unwrap_or(("", mixture));
        let argument = |kind: char| self.arguments[&kind].as_str();
        let piped = piped.chars().map(|kind| format!("{} | ", argument(kind)));
        let written = written.chars().map(|kind| format!(" {}", argument(kind)));
        piped.chain([function.to_owned()]).chain(written).collect()
    }
}

/// Returns the text of a result in the form that is expected.
fn result(prelude: &str, call: &str, expected: Option<&Expected>) -> Option<String> {
    let action = match expected {
        Some(Expected::Printed(_)) => format!("$r := {call} }}}}{{{{ $r }}}}~{{{{ toJSON $r"),
        _ => call.to_owned(),
    };
    let is_used = |declaration: &&str| {
        let name = declaration.split_whitespace().nth(1);
        name.is_some_and(|name| call.contains(name))
    };
    let declared: String = prelude.split_inclusive("}}").filter(is_used).collect();
    render(&format!("{declared}{{{{ {action} }}}}")).ok()
}

fn is_same(expected: Option<&Expected>, ours: Option<&str>) -> bool {
    match expected {
        None => ours.is_none(),
        Some(Expected::Any(_)) => ours.is_some(),
        Some(Expected::Printed(text) | Expected::Plain { plain: text }) => ours == Some(text),
    }
}

/// Returns the documented difference that a result shows. The texts are those of the page *Differences from
/// consul-template*.
fn documented(function: &str, mixture: &str, fails_in_go: bool) -> Option<&'static str> {
    let has = |kinds: &[char]| mixture.contains(kinds);
    match function {
        "join" if fails_in_go && has(&['L', 'K', 'R']) => Some("`join` accepts a list of any type"),
        "byKey" | "byTag" | "byPort" | "byMeta" | "explode" if fails_in_go && has(&['K', 'R']) => {
            Some("Functions accept any list")
        }
        _ if fails_in_go && has(&['P', 'Y']) => Some("any map with the right content"),
        "in" | "contains" if fails_in_go && has(&['N', 'J']) => {
            Some("`in` and `contains` find no nil")
        }
        "sprig_typeOf" if has(&['S']) => Some("the type of a value: `sprig_typeOf`"),
        "spew_sdump" if has(&['S']) => Some("`[]interface {}` for every list"),
        "printf" if has(&['S']) => Some("`[]interface {}` for all lists"),
        "scratch" => Some("`scratch` printed as a whole"),
        "sprig_duration" => Some("so does `sprig_duration`"),
        "sprig_genPrivateKey" => Some("ECDSA or Ed25519; RSA and DSA are errors"),
        _ => None,
    }
}

/// The functions with recorded results that are not of this crate: they request data or write files, and the same test of
/// the daemon calls them. The addresses of `sockaddr` are those of the host.
const ELSEWHERE: [&str; 23] = [
    "caLeaf",
    "caRoots",
    "connect",
    "datacenters",
    "exportedServices",
    "file",
    "importedServices",
    "key",
    "keyExists",
    "keyOrDefault",
    "ls",
    "node",
    "nodes",
    "partitions",
    "peerings",
    "plugin",
    "safeLs",
    "safeTree",
    "service",
    "services",
    "sockaddr",
    "tree",
    "writeToFile",
];

/// The functions of this crate and of the language, and the methods of `scratch`.
fn names() -> BTreeSet<String> {
    let library = TABLES.iter().copied().flatten();
    let methods = Scratch::METHODS.map(|method| format!("scratch.{method}"));
    library
        .map(|function| function.go)
        .chain(language_functions())
        // `raw` does not exist in consul-template, `sockaddr` depends on the host, and `executeTemplate ""` has no end.
        .filter(|name| !["raw", "sockaddr", "executeTemplate"].contains(name))
        .map(str::to_owned)
        .chain(methods)
        .collect()
}

#[test]
fn row_8_no_mixture_of_arguments_has_another_result_than_in_consul_template() {
    let differences = std::fs::read_to_string(DIFFERENCES).expect("the page can be read");
    let differences = differences.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = VECTORS.lines();
    let header: Header = serde_json::from_str(lines.next().expect("a header")).expect("a header");
    assert_eq!(header.mixtures.len(), 139);
    let mut untested = names();
    let mut elsewhere = BTreeSet::from(ELSEWHERE);
    let mut shown = BTreeSet::new();
    let mut report = String::new();
    for line in lines {
        let Case { function, results } = serde_json::from_str(line).expect(line);
        let is_known = |mixture: &String| header.mixtures.contains(mixture);
        assert!(results.keys().all(is_known), "{line}");
        if is_omitted(&function) {
            continue;
        }
        if !untested.remove(function.as_str()) {
            assert!(
                elsewhere.remove(function.as_str()),
                "{function}: unknown, or twice"
            );
            continue;
        }
        for mixture in &header.mixtures {
            let expected = results.get(mixture);
            let call = header.call(&function, mixture);
            let ours = result(&header.prelude, &call, expected);
            if is_same(expected, ours.as_deref()) {
                continue;
            }
            match documented(&function, mixture, expected.is_none()) {
                Some(text) => {
                    assert!(differences.contains(text), "{text:?} is not documented");
                    shown.insert(text);
                }
                None => writeln!(report, "{call}\n    Go:   {expected:?}\n    ours: {ours:?}")
                    .expect("text"),
            }
        }
    }
    assert!(untested.is_empty(), "no results of {untested:?}");
    assert!(elsewhere.is_empty(), "no results of {elsewhere:?}");
    assert!(report.is_empty(), "{report}");
    // A documented difference that no call shows would hide a later one.
    let expected = if cfg!(feature = "crypto") { 10 } else { 9 };
    assert_eq!(shown.len(), expected, "{shown:?}");
}
