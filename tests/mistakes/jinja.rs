//! Cases: mistakes in Jinja templates.

use super::*;

fn outcome_of(text: &str) -> Result<String, TemplateError> {
    inline("web.j2", text, Language::Jinja)
}

/// Missing and surplus ends, braces and quotes.
const SHAPE: &[Mistake] = &[
    (
        "an expression without its end",
        "server {\n  {{ key('secret')\n}\n",
    ),
    ("a tag without its end", "{% if true\nlisten 80;\n"),
    (
        "a string without its end",
        "{{ key('secret) }}\nlisten 80;\n",
    ),
    ("a comment without its end", "a\n{# to be done\nb\n"),
    ("a parenthesis without its end", "{{ key('secret' }}\n"),
    (
        "for without endfor",
        "upstream web {\n{% for s in service('web') %}\n  server {{ s.address }};\n}\n",
    ),
    (
        "if without endif, in a for",
        "{% for s in service('web') %}\n{% if s.tags %}\n{{ s.id }}\n{% endfor %}\n",
    ),
    (
        "endif too many",
        "{% if true %}\na\n{% endif %}\n{% endif %}\n",
    ),
    ("else without if", "a\n{% else %}\nb\n"),
    ("else if", "{% if true %}a{% else if false %}b{% endif %}\n"),
    ("end", "{% if true %}a{% end %}\n"),
    (
        "an unknown tag",
        "{% range s in service('web') %}{% endrange %}\n",
    ),
    (
        "for without in",
        "{% for s of service('web') %}{% endfor %}\n",
    ),
    ("an assignment in an expression", "{{ port = 80 }}\n"),
    ("a set without a value", "{% set port %}\n"),
    ("and as in C", "{% if true && false %}x{% endif %}\n"),
    ("not as in C", "{% if !true %}x{% endif %}\n"),
    ("a typographic quote", "{{ key(\u{201c}secret\u{201d}) }}\n"),
    ("a name with a dash", "{{ service-name }}\n"),
    (
        "after tabs and letters beyond ASCII",
        "\t\tö\t{{ 'ä' | nope }}\n",
    ),
];

/// Unknown names.
const NAMES: &[Mistake] = &[
    (
        "a function with a letter too few",
        "upstream web {\n{% for s in servce('web') %}{{ s.address }}{% endfor %}\n}\n",
    ),
    (
        "a function by its Go name",
        "{{ keyOrDefault('a', 'b') }}\n",
    ),
    ("a filter by its Go name", "{{ 'a' | toUpper }}\n"),
    ("a filter with a letter too few", "{{ 'a' | uper }}\n"),
    ("a filter of another library", "{{ 'a' | b64encode }}\n"),
    ("a test with letters swapped", "{{ 1 is evn }}\n"),
    (
        "a function of the library keyPrefix had",
        "{% for p in key_prefix('app') %}{{ p.value }}{% endfor %}\n",
    ),
    (
        "a function of Vault's past",
        "{{ vault('secret/a').data }}\n",
    ),
    (
        "an undefined variable",
        "{% set port = 80 %}\nlisten {{ prot }};\n",
    ),
    (
        "a variable out of its loop",
        "{% for s in service('web') %}{% endfor %}\n{{ s.address }}\n",
    ),
    (
        "an attribute with a letter too few",
        "{% for s in service('web') %}\n\tserver {{ s.adress }}:{{ s.port }};\n{% endfor %}\n",
    ),
    (
        "an attribute that no service has",
        "{% for s in service('web') %}{{ s.datacenter }}{% endfor %}\n",
    ),
    (
        "an attribute of a key pair",
        "{% for p in ls('app') %}{{ p.name }}{% endfor %}\n",
    ),
    ("an attribute of a list", "{{ service('web').address }}\n"),
    (
        "an attribute of nothing",
        "{{ service('web')[0].check.name }}\n",
    ),
    (
        "an attribute in a condition",
        "{% for s in service('web') %}{% if s.statsu == 'passing' %}x{% endif %}{% endfor %}\n",
    ),
    (
        "a key that JSON does not have",
        "{{ (key('json') | parse_json).b }}\n",
    ),
    (
        "metadata that is not there",
        "{% for s in service('web') %}{{ s.service_meta.verison }}{% endfor %}\n",
    ),
    (
        "contains as a method",
        "{% for s in service('web') %}{% if s.tags.contains('blue') %}x{% endif %}{% endfor %}\n",
    ),
    ("a method of Python", "{{ key('secret').upper() }}\n"),
    (
        "a method of the scratch pad",
        "{{ scratch().put('a', 1) }}\n",
    ),
    (
        "a macro with a letter too few",
        "{% macro server(s) %}x{% endmacro %}\n{{ sever(1) }}\n",
    ),
    ("a block that is called", "{{ self.header() }}\n"),
    (
        "a function of Nomad",
        "{% for s in nomad_services() %}{{ s.name }}{% endfor %}\n",
    ),
    (
        "a function of sprig by its own name",
        "{{ nindent(2, key('secret')) }}\n",
    ),
    (
        "a filter of sprig by its own name",
        "{{ key('secret') | nindent(2) }}\n",
    ),
    ("a program without permission", "{{ plugin('date') }}\n"),
    (
        "a program without permission, as a filter",
        "{{ 'date' | plugin }}\n",
    ),
    (
        "an attribute of a record of the mesh",
        "{% for s in connect('web') %}{{ s.adress }}{% endfor %}\n",
    ),
];

/// Invalid calls.
const CALLS: &[Mistake] = &[
    ("an argument too few", "{{ key_or_default('a') }}\n"),
    ("an argument too many", "a: {{ key('a', 'b') }}\n"),
    ("a number for a text", "{{ key(80) }}\n"),
    ("a list for a text", "{{ service('web') | to_upper }}\n"),
    (
        "a named argument",
        "{{ key_or_default('a', default='b') }}\n",
    ),
    ("an argument that is undefined", "{{ key(name) }}\n"),
    ("a function that is not called", "port {{ env }}\n"),
    (
        "a function that is not called, in a loop",
        "{% for s in services %}x{% endfor %}\n",
    ),
    (
        "a function hidden by a variable",
        "{% set service = 'web' %}{{ service('web') }}\n",
    ),
    ("a text in a sum", "x\n  {{ key('pin') + 1 }}\n"),
    (
        "a text in the function add",
        "x\n  {{ key('pin') | add(1) }}\n",
    ),
    ("a text that is no number", "{{ key('secret') | int }}\n"),
    ("division by zero", "{{ 10 // 0 }}\n"),
    (
        "division by zero, with the function",
        "{{ divide(0, 10) }}\n",
    ),
    ("an index out of range", "{{ service('web')[7].address }}\n"),
    (
        "the first of nothing",
        "{{ (service('none') | first).address }}\n",
    ),
    ("a loop over a number", "{% for x in 3 %}x{% endfor %}\n"),
    (
        "two names for one",
        "{% for a, b in service('web') %}x{% endfor %}\n",
    ),
    (
        "JSON that is none",
        "{{ (key('secret') | parse_json).a }}\n",
    ),
    (
        "base64 that is none",
        "{{ key('secret') | base64_decode }}\n",
    ),
    (
        "a regular expression with a bracket too many",
        "{{ regex_match('we(b', key('secret')) }}\n",
    ),
    (
        "an unknown filter of service",
        "{% for s in service('web|bogus') %}x{% endfor %}\n",
    ),
    (
        "a blank in the name of a service",
        "{% for s in service('my web') %}x{% endfor %}\n",
    ),
    (
        "a service with an unknown parameter",
        "{% for s in service('web?dc=eu') %}x{% endfor %}\n",
    ),
    (
        "a name that came from a key",
        "{% for s in service(key('query')) %}x{% endfor %}\n",
    ),
    (
        "an environment variable that is not set",
        "{{ must_env('UNSET') }}\n",
    ),
    (
        "an environment variable named by a key",
        "{{ must_env(key('secret')) }}\n",
    ),
    (
        "replace of a number of arguments",
        "{{ 'a' | replace('b') }}\n",
    ),
    ("join of a number", "{{ 3 | join(',') }}\n"),
    (
        "a filter named by a key",
        "{{ ['a'] | map(key('secret')) | list }}\n",
    ),
    (
        "an argument named by a key",
        "{{ dict(**{key('secret'): 1}) }}{{ 'a' | indent(**{key('secret'): 1}) }}\n",
    ),
    ("an include named by a key", "{% include key('secret') %}\n"),
    (
        "a macro that calls itself",
        "{% macro m() %}{{ m() }}{% endmacro %}\n{{ m() }}\n",
    ),
    (
        "an include without a directory",
        "{% include 'head.j2' %}\n",
    ),
];

/// Go syntax in a Jinja template.
const GO: &[Mistake] = &[
    (
        "a range",
        "{{ range service \"web\" }}{{ .Address }}{{ end }}\n",
    ),
    (
        "a function without parentheses",
        "port {{ key \"secret\" }}\n",
    ),
    ("an if", "{{ if keyExists \"a\" }}x{{ end }}\n"),
    (
        "a variable",
        "{{ $port := key \"pin\" }}\nport {{ $port }}\n",
    ),
    ("a field", "{{ .Address }}\n"),
    ("a comment", "{{/* a comment */}}\nlisten 80;\n"),
];

#[test]
fn the_shape_of_jinja_templates() {
    insta::assert_snapshot!(page(SHAPE, outcome_of));
}

#[test]
fn names_in_jinja_templates() {
    insta::assert_snapshot!(page(NAMES, outcome_of));
}

#[test]
fn calls_in_jinja_templates() {
    insta::assert_snapshot!(page(CALLS, outcome_of));
}

#[test]
fn go_in_jinja_templates() {
    insta::assert_snapshot!(page(GO, outcome_of));
}

#[test]
fn files_that_jinja_templates_include() {
    let directory = directory(&[
        ("missing.j2", "a\n{% include 'hed.j2' %}\n"),
        ("head.j2", "x\n"),
        ("broken.j2", "a\n{% include 'bad.j2' %}\n"),
        ("bad.j2", "b\n{% if %}\n"),
        ("outside.j2", "a\n{% include '../secret.j2' %}\n"),
        ("cycle.j2", "a\n{% include 'back.j2' %}\n"),
        ("back.j2", "b\n{% include 'cycle.j2' %}\n"),
        (
            "extends.j2",
            "{% extends 'base.j2' %}\n{% block a %}x{% endblock %}\n",
        ),
        ("parent.j2", "{% extends 'child.j2' %}\n"),
        ("child.j2", "{% extends 'parent.j2' %}\n"),
        (
            "import.j2",
            "{% from 'macros.j2' import sever %}\n{{ sever(1) }}\n",
        ),
        (
            "macros.j2",
            "{% macro server(s) %}{{ s.adress }}{% endmacro %}\n",
        ),
        (
            "within.j2",
            "{% import 'macros.j2' as m %}\n{% for s in service('web') %}{{ m.server(s) }}{% endfor %}\n",
        ),
        ("computed.j2", "{% include ['a.j2', key('secret')] %}\n"),
    ]);
    let names = [
        "missing.j2",
        "broken.j2",
        "outside.j2",
        "cycle.j2",
        "extends.j2",
        "parent.j2",
        "import.j2",
        "within.j2",
        "computed.j2",
    ];
    let page: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                "# {name}\n{}\n",
                outcome_of_file(&directory.path().join(name), Language::Jinja)
            )
        })
        .collect();
    assert!(!page.concat().contains("canary"));
    insta::assert_snapshot!(page.join("\n"));
}
