//! Tests that no error contains the value of a key or variable: every function is called with a
//! canary in each argument.

use consul_render::functions;

use super::*;

/// The prefix of each word in the secret text.
const CANARY: &str = "zqx";

/// Values of keys: text with characters that have a special meaning in some format.
const SECRETS: &[(&str, &str)] = &[
    ("plain", "zqxplain"),
    ("query", "zqxtag.zqx name?zqxp=zqxv@zqx!dc~zqx#|zqxfilter"),
    ("path", "../zqx/zqx\0"),
    ("quotes", "zqx'zqx\"zqx`zqx\\zqx'"),
    ("pattern", "(zqx[zqx%zqx{zqx}"),
    ("pin", "4711081547"),
    ("json", r#"{"zqx": ["zqx", {"zqx": "zqx"}]}"#),
    ("list", r#"["zqx zqx", "zqx"]"#),
];

/// Expressions for the canary as an argument.
const SECRET_IN_GO: &[&str] = &[
    "(key \"plain\")",
    "(key \"query\")",
    "(key \"path\")",
    "(key \"quotes\")",
    "(key \"pattern\")",
    "(env \"PASSWORD\")",
    "(parseInt (key \"pin\"))",
    "(parseJSON (key \"json\"))",
    "(parseJSON (key \"list\"))",
];
const SECRET_IN_JINJA: &[&str] = &[
    "key('plain')",
    "key('query')",
    "key('path')",
    "key('quotes')",
    "key('pattern')",
    "env('PASSWORD')",
    "parse_int(key('pin'))",
    "parse_json(key('json'))",
    "parse_json(key('list'))",
];

/// Expressions for the other arguments.
const OTHERS_IN_GO: &[&str] = &[
    "\"a\"",
    "3",
    "(service \"web\")",
    "(parseJSON (key \"json\"))",
];
const OTHERS_IN_JINJA: &[&str] = &["'a'", "3", "service('web')", "parse_json(key('json'))"];

const BUILT_INTO_GO: &[&str] = &[
    "and",
    "or",
    "not",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "len",
    "index",
    "slice",
    "print",
    "printf",
    "println",
    "html",
    "js",
    "urlquery",
    "call",
    "executeTemplate",
];
const BUILT_INTO_JINJA: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "default",
    "dictsort",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
];

/// The functions that `convert` writes for Go's built-in functions.
const WORDS_OF_GO: &[&str] = &[
    "go_eq",
    "go_ne",
    "go_lt",
    "go_le",
    "go_gt",
    "go_ge",
    "go_len",
    "go_index",
    "go_slice",
    "go_print",
    "go_println",
    "go_printf",
    "go_html",
    "go_js",
    "go_urlquery",
    "go_text",
    "go_field",
    "go_items",
    "go_pairs",
];

fn secrets() -> Snapshot {
    let mut snapshot = sample_data();
    for (key, value) in SECRETS {
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

/// Returns all argument lists in which one argument is the canary.
fn arguments(secrets: &[&str], others: &[&str]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for count in 1..=3 {
        for place in 0..count {
            for secret in secrets {
                // A list with one argument has no others.
                for other in others
                    .iter()
                    .take(if count == 1 { 1 } else { others.len() })
                {
                    let argument = |at| {
                        if at == place {
                            (*secret).to_owned()
                        } else {
                            (*other).to_owned()
                        }
                    };
                    all.push((0..count).map(argument).collect());
                }
            }
        }
    }
    all
}

/// Renders, and searches the error for the canary. Returns `true` if rendering failed, or a
/// description of the leak.
fn fails(
    snapshot: &Snapshot,
    render_env: &Arc<RenderEnv>,
    text: &str,
    language: Language,
) -> Result<bool, String> {
    let source = TemplateSource::Inline {
        name: "t".into(),
        text: text.into(),
    };
    let read = Template::read(
        &source,
        &TemplateOptions {
            missing_key: MissingKey::Error,
            ..TemplateOptions::new(language)
        },
    );
    let error = match read {
        Ok(template) => match template
            .render(snapshot, render_env, Timestamp::UNIX_EPOCH)
            .text
        {
            Ok(_) => return Ok(false),
            Err(error) => error,
        },
        Err(error) => error,
    };
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        write!(shown, "{next} {next:?}").unwrap();
        cause = next.source();
    }
    let leaks = shown.contains(CANARY) || shown.contains("4711081547");
    if leaks {
        Err(format!("{text}\n{error}"))
    } else {
        Ok(true)
    }
}

fn hold(templates: impl Iterator<Item = String>, language: Language, least: usize) {
    let snapshot = secrets();
    let variables = BTreeMap::from([("PASSWORD".to_owned(), "zqx zqx'zqx".to_owned())]);
    let render_env = Arc::new(RenderEnv {
        variables,
        ..RenderEnv::default()
    });
    let mut failed = 0;
    let mut leaks = Vec::new();
    for text in templates {
        match fails(&snapshot, &render_env, &text, language) {
            Ok(fails) => failed += usize::from(fails),
            Err(leak) => leaks.push(leak),
        }
    }
    assert!(
        leaks.is_empty(),
        "{} leaks:\n{}",
        leaks.len(),
        leaks.join("\n\n")
    );
    assert!(failed >= least, "only {failed} templates failed");
}

#[test]
fn no_function_of_a_go_template_reveals_its_arguments() {
    let names = || {
        functions::all()
            .map(|function| function.go)
            .chain(BUILT_INTO_GO.iter().copied())
    };
    let calls = names().flat_map(|name| {
        let arguments = arguments(SECRET_IN_GO, OTHERS_IN_GO);
        arguments
            .into_iter()
            .map(move |arguments| format!("{{{{ {name} {} }}}}", arguments.join(" ")))
    });
    hold(calls, Language::Go, 5000);
}

#[test]
fn no_function_of_a_jinja_template_reveals_its_arguments() {
    let names = || {
        functions::all()
            .map(|function| function.jinja)
            .chain(WORDS_OF_GO.iter().copied())
    };
    let calls = names().flat_map(|name| {
        let arguments = arguments(SECRET_IN_JINJA, OTHERS_IN_JINJA);
        arguments
            .into_iter()
            .map(move |arguments| format!("{{{{ {name}({}) }}}}", arguments.join(", ")))
    });
    hold(calls, Language::Jinja, 5000);
}

#[test]
fn no_filter_of_a_jinja_template_reveals_its_arguments() {
    let calls = BUILT_INTO_JINJA.iter().flat_map(|name| {
        let arguments = arguments(SECRET_IN_JINJA, OTHERS_IN_JINJA);
        arguments.into_iter().map(move |arguments| {
            format!(
                "{{{{ ({}) | {name}({}) | list }}}}",
                arguments[0],
                arguments[1..].join(", ")
            )
        })
    });
    hold(calls, Language::Jinja, 1000);
}

#[test]
fn no_statement_reveals_its_values() {
    let in_go = SECRET_IN_GO.iter().flat_map(|secret| {
        [
            format!("{{{{ range {secret} }}}}{{{{ .a.b.c }}}}{{{{ end }}}}"),
            format!("{{{{ range $i, $x := {secret} }}}}{{{{ $x.a.b }}}}{{{{ end }}}}"),
            format!("{{{{ with {secret} }}}}{{{{ .a.b.c }}}}{{{{ end }}}}"),
            format!("{{{{ with $x := {secret} }}}}{{{{ $x 1 }}}}{{{{ end }}}}"),
            format!("{{{{ with {secret} }}}}{{{{ service . }}}}{{{{ mustEnv . }}}}{{{{ end }}}}"),
            format!("{{{{ scratch.Put {secret} 1 }}}}"),
            format!("{{{{ scratch.Set {secret} 1 }}}}{{{{ scratch.MapValues {secret} }}}}"),
            format!(
                "{{{{ define \"a\" }}}}{{{{ .a.b }}}}{{{{ end }}}}{{{{ template \"a\" {secret} }}}}"
            ),
        ]
    });
    hold(in_go, Language::Go, 40);
    let in_jinja = SECRET_IN_JINJA.iter().flat_map(|secret| {
        [
            format!("{{% for x in {secret} %}}{{{{ x.a.b }}}}{{% endfor %}}"),
            format!("{{% for x, y in {secret} %}}{{{{ x.a.b }}}}{{% endfor %}}"),
            format!("{{% set x = {secret} %}}{{{{ x.a.b }}}}"),
            format!("{{{{ {secret}() }}}}"),
            format!("{{{{ {secret} + 1 }}}}"),
            format!("{{{{ {secret} // 0 }}}}"),
            format!("{{{{ -{secret} }}}}"),
            format!("{{{{ {{}}[{secret}].x }}}}"),
            format!("{{{{ 'a'[{secret}].x }}}}"),
            format!("{{% include {secret} %}}"),
            format!("{{% include [{secret}, 'b'] %}}"),
            format!("{{% extends {secret} %}}"),
            format!("{{% import {secret} as x %}}"),
            format!("{{{{ range({secret}) }}}}"),
            format!("{{{{ dict(**{secret}) }}}}{{{{ 'a' | indent(**{{{secret}: 1}}) }}}}"),
            format!("{{{{ 1 in {secret} }}}}{{{{ {secret} in 1 }}}}"),
            format!("{{{{ [1] | map({secret}) | list }}}}"),
            format!("{{{{ [1] | select({secret}) | list }}}}"),
            format!("{{{{ [{secret}] | sort(attribute={secret}) }}}}"),
            format!("{{{{ scratch().set({secret}, 1) }}}}{{{{ scratch().map_values({secret}) }}}}"),
            format!("{{{{ ({secret}).nope({secret}) }}}}"),
            format!("{{{{ {secret} | nope }}}}"),
            format!("{{{{ ({secret} ~ '{{') | format({secret}) }}}}"),
            format!("{{% set x = namespace() %}}{{% set x.y = {secret} %}}{{{{ x.y.a.b }}}}"),
        ]
    });
    hold(in_jinja, Language::Jinja, 120);
}
