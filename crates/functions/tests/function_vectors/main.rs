//! Compares the results of some hundred templates with those of consul-template and sprig.
//!
//! The cases are in `tests/vectors/functions.jsonl`, or in the file that `CTMPL_FUNCTION_VECTORS` names, one case a line.
//! A case passes with the same output, or with an error in the same phase.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use functions::{Call, Context, Function, FunctionError, Group, Library, TABLES, row};
use gotemplate::scratch::Scratch;
use gotemplate::{Budget, FunctionId, Options, Phase, Template};
use jiff::Timestamp;
use minijinja::Value;
use serde::Deserialize;

mod mixtures;

const VECTORS: &str = "tests/vectors/functions.jsonl";

/// The functions of the feature `crypto`.
const CRYPTO: [&str; 13] = [
    "sprig_encryptAES",
    "sprig_decryptAES",
    "sprig_bcrypt",
    "sprig_htpasswd",
    "sprig_derivePassword",
    "sprig_genPrivateKey",
    "sprig_buildCustomCert",
    "sprig_genCA",
    "sprig_genCAWithKey",
    "sprig_genSelfSignedCert",
    "sprig_genSelfSignedCertWithKey",
    "sprig_genSignedCert",
    "sprig_genSignedCertWithKey",
];

#[derive(Deserialize)]
struct Case {
    template: String,
    output: Option<String>,
    error: Option<String>,
    phase: Option<String>,
}

fn cases() -> Vec<Case> {
    let path = std::env::var("CTMPL_FUNCTION_VECTORS").unwrap_or_else(|_| VECTORS.to_owned());
    let text = std::fs::read_to_string(&path).expect("the vectors can be read");
    let cases: Vec<Case> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert!(
        cases.len() > 200 || path != VECTORS,
        "only {} cases in {path}",
        cases.len()
    );
    cases
}

/// Returns `true` if the template calls a function that needs the feature `crypto`.
fn is_omitted(template: &str) -> bool {
    let calls = |name: &str| template.contains(name);
    !cfg!(feature = "crypto") && CRYPTO.into_iter().any(calls)
}

/// The query functions that the cases call. They return no data.
static WITHOUT_DATA: &[Function] = &[
    row(Group::Sources, ["service", "service"], "", "", empty_list),
    row(Group::Sources, ["ls", "ls"], "", "", empty_list),
    row(Group::Sources, ["tree", "tree"], "", "", empty_list),
];

#[expect(clippy::unnecessary_wraps, reason = "the signature of a function")]
fn empty_list(_: &Call<'_>) -> Result<Value, FunctionError> {
    Ok(Value::from(Vec::<Value>::new()))
}

static LIBRARY: LazyLock<Library> =
    LazyLock::new(|| Library::new(TABLES.iter().copied().chain([WITHOUT_DATA]), &[]));

/// A rendering context with the variable `SET`; the time is the start of 1970.
#[derive(Debug, Default)]
struct Rendering {
    budget: Budget,
    scratch: Arc<Scratch>,
    #[cfg(feature = "crypto")]
    memo: functions::memo::Memo,
}

impl gotemplate::Context for Rendering {
    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn call(
        &self,
        function: FunctionId,
        args: &mut [Value],
        _: usize,
    ) -> Result<Value, FunctionError> {
        let function = LIBRARY.of_id(function).expect("the library has it");
        function.call(&Call {
            args,
            context: self,
        })
    }
}

impl Context for Rendering {
    fn variable(&self, name: &str) -> Option<&str> {
        (name == "SET").then_some("value")
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn scratch(&self) -> Arc<Scratch> {
        Arc::clone(&self.scratch)
    }

    #[cfg(feature = "crypto")]
    fn memo(&self) -> &functions::memo::Memo {
        &self.memo
    }
}

fn render(template: &str) -> Result<String, (&'static str, String)> {
    Template::parse("", template, &Options::default(), |name| {
        LIBRARY.id_in_go(name)
    })
    .and_then(|template| template.render(&Value::from(()), &Rendering::default()))
    .map_err(|error| {
        (
            if error.phase == Phase::Parse {
                "parse"
            } else {
                "exec"
            },
            error.to_string(),
        )
    })
}

#[test]
fn functions_have_the_same_results_as_in_consul_template() {
    let mut report = String::new();
    let mut failed = 0;
    for Case {
        template,
        output,
        error,
        phase,
    } in cases()
    {
        if is_omitted(&template) {
            continue;
        }
        let ours = render(&template);
        let passed = match (&ours, &output, &phase) {
            (Ok(ours), Some(output), _) => ours == output,
            (Err((ours, _)), None, Some(phase)) => ours == phase,
            _ => false,
        };
        if !passed {
            failed += 1;
            let go = output.as_ref().or(error.as_ref());
            writeln!(report, "{template:?}\n    Go:   {go:?}\n    ours: {ours:?}").expect("text");
        }
    }
    assert!(failed == 0, "{failed} failed\n{report}");
}

/// The results of the first two depend on the time and the host; `raw` does not exist in
/// consul-template.
#[test]
fn every_function_has_a_case() {
    let elsewhere = ["sprig_ago", "sockaddr", "raw"];
    let templates: String = cases()
        .into_iter()
        .map(|case| case.template + "\n")
        .collect();
    let words: BTreeSet<&str> = templates
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .collect();
    let missing: Vec<&str> = LIBRARY
        .all()
        .filter(|function| function.group != Group::Sources)
        .map(|function| function.go)
        .filter(|name| !words.contains(name) && !elsewhere.contains(name))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}
