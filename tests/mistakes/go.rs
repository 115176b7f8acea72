//! Cases: mistakes in Go templates.

use super::*;

fn outcome_of(text: &str) -> Result<String, TemplateError> {
    inline("web.ctmpl", text, Language::Go)
}

/// Missing and surplus ends, braces and quotes.
const SHAPE: &[Mistake] = &[
    (
        "an action without its end",
        "server {\n  {{ key \"secret\"\n}\n",
    ),
    (
        "an action without its end, at the end of the file",
        "listen {{ key \"secret\"",
    ),
    ("a string without its end", "{{ key \"secret }}\n"),
    (
        "a raw string without its end",
        "{{ key `secret }}\nlisten 80;\n",
    ),
    ("a comment without its end", "a\n{{/* to be done }}\nb\n"),
    ("a blank before a comment", "{{ /* to be done */}}\n"),
    (
        "a parenthesis without its end",
        "{{ len (service \"web\" }}\n",
    ),
    ("a parenthesis too many", "{{ len (service \"web\")) }}\n"),
    (
        "range without end",
        "upstream web {\n{{ range service \"web\" }}\n  server {{ .Address }};\n}\n",
    ),
    (
        "if without end, in a range",
        "{{ range service \"web\" }}\n{{ if .Tags }}\n{{ .Address }}\n{{ end }}\n",
    ),
    ("end too many", "{{ if true }}\na\n{{ end }}\n{{ end }}\n"),
    ("else without if", "a\n{{ else }}\nb\n"),
    (
        "else twice",
        "{{ if true }}a{{ else }}b{{ else }}c{{ end }}\n",
    ),
    ("elseif", "{{ if true }}a{{ elseif false }}b{{ end }}\n"),
    ("endif", "{{ if true }}a{{ endif }}\n"),
    (
        "endrange",
        "{{ range service \"web\" }}{{ .ID }}{{ endrange }}\n",
    ),
    ("if without a condition", "{{ if }}a{{ end }}\n"),
    (
        "break outside of a range",
        "{{ if true }}{{ break }}{{ end }}\n",
    ),
    (
        "define within an if",
        "{{ if true }}{{ define \"a\" }}x{{ end }}{{ end }}\n",
    ),
    ("an empty action", "a {{ }} b\n"),
    ("one brace too few at the end", "{{ key \"secret\" } }}\n"),
    ("a typographic quote", "{{ key \u{201c}secret\u{201d} }}\n"),
    ("single quotes", "{{ key 'secret' }}\n"),
    ("a name with a dash", "{{ .service-name }}\n"),
    ("an assignment with one sign", "{{ $a = 1 }}{{ $a }}\n"),
    (
        "a comparison as in C",
        "{{ range service \"web\" }}{{ if .Port == 80 }}x{{ end }}{{ end }}\n",
    ),
    ("and as in C", "{{ if true && false }}x{{ end }}\n"),
    ("not as in C", "{{ if !true }}x{{ end }}\n"),
    ("a sum as in C", "{{ 1 + 2 }}\n"),
    (
        "after tabs and letters beyond ASCII",
        "\t\tö\t{{ key \"ä\" | nope }}\n",
    ),
];

/// Unknown names.
const NAMES: &[Mistake] = &[
    (
        "a function with a letter too few",
        "upstream web {\n{{ range servce \"web\" }}{{ .Address }}{{ end }}\n}\n",
    ),
    ("a function in lower case", "{{ tojson 1 }}\n"),
    (
        "a function by its Jinja name",
        "{{ key_or_default \"a\" \"b\" }}\n",
    ),
    (
        "a function of the library keyPrefix had",
        "{{ range keyPrefix \"app\" }}{{ .Value }}{{ end }}\n",
    ),
    (
        "a function of Vault's past",
        "{{ with vault \"secret/a\" }}{{ .Data.a }}{{ end }}\n",
    ),
    ("an unknown function", "{{ frobnicate \"a\" }}\n"),
    ("a function of Jinja", "{{ \"a\" | upper }}\n"),
    (
        "default, as in Jinja",
        "{{ key \"secret\" | default \"a\" }}\n",
    ),
    (
        "a field without its dot",
        "{{ range service \"web\" }}{{ Address }}{{ end }}\n",
    ),
    (
        "a variable without its dollar",
        "{{ range $s := service \"web\" }}{{ s.Address }}{{ end }}\n",
    ),
    ("an undefined variable", "{{ $port := 80 }}\n{{ $prot }}\n"),
    (
        "a variable out of its scope",
        "{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}\n",
    ),
    (
        "a template that is not defined",
        "{{ define \"server\" }}x{{ end }}\n{{ template \"sever\" . }}\n",
    ),
    (
        "a template that is not defined, executed",
        "{{ define \"server\" }}x{{ end }}\n{{ executeTemplate \"sever\" }}\n",
    ),
    (
        "a template without quotes",
        "{{ define server }}x{{ end }}\n",
    ),
    (
        "a template defined twice",
        "{{ define \"a\" }}x{{ end }}{{ define \"a\" }}y{{ end }}\n",
    ),
    (
        "a field with a letter too few",
        "{{ range service \"web\" }}\n\tserver {{ .Adress }}:{{ .Port }};\n{{ end }}\n",
    ),
    (
        "a field in lower case",
        "{{ range service \"web\" }}{{ .address }}{{ end }}\n",
    ),
    (
        "a field by its Jinja name",
        "{{ range service \"web\" }}{{ .service_meta.version }}{{ end }}\n",
    ),
    (
        "a field of a variable",
        "{{ range $i, $s := service \"web\" }}{{ $s.Adress }}{{ end }}\n",
    ),
    (
        "a field that no service has",
        "{{ range service \"web\" }}{{ .Datacenter }}{{ end }}\n",
    ),
    (
        "a field of a key pair",
        "{{ range ls \"app\" }}{{ .Name }}={{ .Value }}{{ end }}\n",
    ),
    (
        "a field of a node",
        "{{ with node \"n1\" }}{{ .Address }}{{ end }}\n",
    ),
    ("a field of a list", "{{ (service \"web\").Address }}\n"),
    ("a field of a text", "{{ (key \"secret\").Value }}\n"),
    (
        "a field of the result of a function",
        "{{ range service \"web\" }}{{ (index .Tags 0).Name }}{{ end }}\n",
    ),
    (
        "contains as a method",
        "{{ range service \"web\" }}{{ if .Tags.Contains \"blue\" }}x{{ end }}{{ end }}\n",
    ),
    (
        "the outer dot in a range",
        "{{ with node \"n1\" }}{{ range service \"web\" }}{{ .Node.Address }}{{ end }}{{ end }}\n",
    ),
    ("a method of the scratch pad", "{{ scratch.Put \"a\" 1 }}\n"),
    (
        "a function of Vault",
        "{{ with secret \"secret/a\" }}{{ .Data.a }}{{ end }}\n",
    ),
    (
        "a function of sprig by its own name",
        "{{ key \"secret\" | nindent 2 }}\n",
    ),
    (
        "a function of sprig that changes by itself",
        "{{ sprig_now }}\n",
    ),
    (
        "a function that acts on its own",
        "{{ key \"secret\" | writeToFile \"/a\" }}\n",
    ),
    ("a program without permission", "{{ plugin \"date\" }}\n"),
];

/// Invalid calls.
const CALLS: &[Mistake] = &[
    ("an argument too few", "{{ keyOrDefault \"a\" }}\n"),
    ("an argument too many", "a: {{ key \"a\" \"b\" }}\n"),
    ("no argument", "{{ ls }}\n"),
    ("a number for a text", "{{ key 80 }}\n"),
    ("a list for a text", "{{ service \"web\" | toUpper }}\n"),
    ("a text for a list", "{{ key \"secret\" | join \",\" }}\n"),
    (
        "the arguments of join swapped",
        "{{ range service \"web\" }}{{ join .Tags \",\" }}{{ end }}\n",
    ),
    ("a text in a sum", "x\n  {{ key \"pin\" | add 1 }}\n"),
    (
        "a comparison of a text and a number",
        "{{ if eq (key \"pin\") 80 }}x{{ end }}\n",
    ),
    (
        "a comparison of a text with gt",
        "{{ if gt (key \"pin\") 80 }}x{{ end }}\n",
    ),
    ("division by zero", "{{ divide 0 10 }}\n"),
    ("modulo zero", "{{ 10 | modulo 0 }}\n"),
    (
        "an index out of range",
        "{{ (index (service \"web\") 7).Address }}\n",
    ),
    (
        "an index into an empty list",
        "{{ with index (service \"none\") 0 }}{{ .Address }}{{ end }}\n",
    ),
    (
        "an index that came from a key",
        "{{ index (service \"web\") (parseInt (key \"pin\")) }}\n",
    ),
    (
        "a field in place of an index",
        "{{ index (service \"web\") \"Address\" }}\n",
    ),
    ("a slice out of range", "{{ slice \"abc\" 2 9 }}\n"),
    (
        "range over a text",
        "{{ range key \"secret\" }}x{{ end }}\n",
    ),
    (
        "two variables for a number",
        "{{ range $i, $x := parseInt (key \"pin\") }}x{{ end }}\n",
    ),
    ("len of a number", "{{ len 3 }}\n"),
    (
        "JSON that is none",
        "{{ with key \"secret\" | parseJSON }}{{ .a }}{{ end }}\n",
    ),
    ("a number that is none", "{{ key \"secret\" | parseInt }}\n"),
    (
        "a truth value that is none",
        "{{ if key \"secret\" | parseBool }}x{{ end }}\n",
    ),
    (
        "base64 that is none",
        "{{ key \"secret\" | base64Decode }}\n",
    ),
    (
        "a regular expression with a bracket too many",
        "{{ if regexMatch \"we(b\" (key \"secret\") }}x{{ end }}\n",
    ),
    (
        "a regular expression that looks ahead",
        "{{ \"a\" | regexReplaceAll \"(?=a)\" \"b\" }}\n",
    ),
    (
        "an unknown filter of service",
        "{{ range service \"web|bogus\" }}x{{ end }}\n",
    ),
    (
        "a blank in the name of a service",
        "{{ range service \"my web\" }}x{{ end }}\n",
    ),
    (
        "a service with an unknown parameter",
        "{{ range service \"web?dc=eu\" }}x{{ end }}\n",
    ),
    (
        "a name that came from a key",
        "{{ range service (key \"query\") }}x{{ end }}\n",
    ),
    (
        "a name put together from a key",
        "{{ range service (printf \"%s|x\" (key \"secret\")) }}x{{ end }}\n",
    ),
    ("a key of dots", "{{ key \"../a\" }}\n"),
    (
        "an environment variable that is not set",
        "{{ mustEnv \"UNSET\" }}\n",
    ),
    (
        "an environment variable named by a key",
        "{{ mustEnv (key \"secret\") }}\n",
    ),
    ("a text that is called", "{{ \"secret\" | \"key\" }}\n"),
    ("an argument for a variable", "{{ $x := 1 }}{{ $x 2 }}\n"),
    (
        "a number that is called",
        "{{ range service \"web\" }}{{ .Port 80 }}{{ end }}\n",
    ),
    ("explode of no pairs", "{{ explode (key \"secret\") }}\n"),
    (
        "a template that calls itself",
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}\n",
    ),
    (
        "a loop that never ends",
        "{{ range loop 100000 }}{{ range loop 100000 }}{{ end }}{{ end }}\n",
    ),
    (
        "an output without bounds",
        "{{ range loop 1000000 }}{{ range loop 1000000 }}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{ end }}{{ end }}\n",
    ),
];

/// Jinja syntax in a Go template.
const JINJA: &[Mistake] = &[
    (
        "a for",
        "{% for s in service('web') %}{{ s.address }}{% endfor %}\n",
    ),
    ("a function with parentheses", "port {{ key('secret') }}\n"),
    (
        "a function with parentheses and double quotes",
        "port {{ key_or_default(\"secret\", \"80\") }}\n",
    ),
    (
        "a filter with parentheses",
        "port {{ \"a\" | default('80') }}\n",
    ),
    ("a set", "{% set port = key(\"pin\") %}\nport {{ port }}\n"),
];

#[test]
fn the_shape_of_go_templates() {
    insta::assert_snapshot!(page(SHAPE, outcome_of));
}

#[test]
fn names_in_go_templates() {
    insta::assert_snapshot!(page(NAMES, outcome_of));
}

#[test]
fn calls_in_go_templates() {
    insta::assert_snapshot!(page(CALLS, outcome_of));
}

#[test]
fn jinja_in_go_templates() {
    insta::assert_snapshot!(page(JINJA, outcome_of));
}

#[test]
fn a_missing_key_where_that_is_an_error() {
    let strict = |text: &str| {
        let source = TemplateSource::Inline {
            name: "web.ctmpl".into(),
            text: text.into(),
        };
        outcome(&source, Language::Go, MissingKey::Error)
    };
    insta::assert_snapshot!(page(
        &[
            (
                "a key of JSON",
                "{{ with key \"json\" | parseJSON }}{{ .b }}{{ end }}\n"
            ),
            (
                "a key of the metadata",
                "{{ range service \"web\" }}{{ .ServiceMeta.verison }}{{ end }}\n"
            ),
            ("nothing at all", "{{ .a }}\n"),
        ],
        strict
    ));
}
