//! Converted templates read as if written by hand.

use super::*;

/// Go templates and their conversions.
const CONVERSIONS: &[(&str, &str)] = &[
    (
        "upstream a {\n{{- range service \"web\"}}\n    server {{.Address}}:{{.Port}};\n{{- else}}\n    none;\n{{- end}}\n}\n",
        "upstream a {\n{% for instance in service(\"web\") %}\n    server {{ instance.address }}:{{ instance.port }};\n\
         {% else %}\n    none;\n{% endfor %}\n}\n",
    ),
    (
        "{{if keyExists \"a\"}}A{{else if eq (key \"b\") \"x\" \"y\"}}B{{end}}\n",
        "{% if key_exists(\"a\") %}A{% elif key(\"b\") in [\"x\", \"y\"] %}B{% endif +%}\n",
    ),
    (
        "{{key \"a\" | toUpper | printf \"%s:%s\" \"x\"}}",
        "{{ \"x\" ~ \":\" ~ key(\"a\") | to_upper }}",
    ),
    (
        "{{with $x := key \"a\"}}{{$x}}{{.}}{{end}}",
        "{% set x = key(\"a\") %}\n{% if x %}{{ x }}{{ x }}{% endif %}",
    ),
    (
        "{{with key \"a\" | parseJSON}}{{.b}} {{index . \"c\"}}{{end}}",
        "{% set value = key(\"a\") | parse_json %}\n{% if value %}{{ value.b | go_text }} \
         {{ go_index(value, \"c\") | go_text }}{% endif %}",
    ),
    (
        "{{range $i, $s := services}}{{$i}}{{$s.Name}}{{range $s.Tags}}-{{.}}{{end}}\n{{end}}",
        "{% for s in services() %}\n{% set i = loop.index0 %}\n{{ i }}{{ s.name }}{% for tag in s.tags %}-{{ tag }}\
         {% endfor +%}\n{% endfor %}\n",
    ),
    (
        "{{range service \"web\"}}{{.ServiceMeta.zone}}{{range $k, $v := .NodeMeta}}{{$k}}={{$v}};{{end}}{{end}}",
        "{% for instance in service(\"web\") %}{{ instance.service_meta.zone | default(\"\") }}\
         {% for k, v in instance.node_meta | items %}{{ k }}={{ v }};{% endfor %}{% endfor %}",
    ),
    (
        "{{\"{{\"}} {% x %} {#",
        "{{ \"{{\" }} {{ \"{\" }}% x %} {{ \"{\" }}#",
    ),
    ("a{{/* {# -#} */}}b", "a{# {# -# } #}b"),
    (
        "{{call 1}}",
        "{# ctmpl convert: line 1: call 1: no value of a template is a function to be called #}\n",
    ),
    (
        "a\n{{if call 1}}b{{end}}",
        "a\n{# ctmpl convert: line 2: call 1: no value of a template is a function to be called #}\n\
         {% if none %}b{% endif %}",
    ),
];

#[test]
fn conversions_read_like_templates_written_by_hand() {
    for (go, jinja) in CONVERSIONS {
        let Conversion { text, marks } = convert_with(go, &Delimiters::default(), None).unwrap();
        assert_eq!(text, *jinja, "{go}");
        assert_eq!(
            marks.len(),
            text.matches("ctmpl convert:").count(),
            "{go}: {marks:?}"
        );
    }
    assert!(CONVERSIONS.len() > 5);
}

#[test]
fn a_mark_has_a_line_and_a_reason() {
    let source = "a\n\n{{template \"none\"}}b{{$x := 1i}}";
    let Conversion { text, marks } = convert_with(source, &Delimiters::default(), None).unwrap();
    let reasons: Vec<String> = marks.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        [
            "line 3: 1i: Jinja has no complex numbers",
            "line 3: {{template \"none\"}}: there is no macro for this template"
        ]
    );
    assert!(
        text.starts_with("a\n\n{# ctmpl convert: line 3: {{template \"none\"}}"),
        "{text}"
    );
}

/// Templates that call themselves, shadow variables, or use keywords of Jinja as names; each with its text.
const SCOPES: &[(&str, &str)] = &[
    ("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"),
    (
        "{{$x := 1}}{{range loop 3}}{{$x = add $x .}}{{end}}{{$x}}",
        "4",
    ),
    (
        "{{$x := 0}}{{range loop 2}}{{$y := 5}}{{range loop 2}}{{$y = add 1 $y}}{{end}}{{$x = $y}}{{end}}{{$x}}",
        "7",
    ),
    (
        "{{$loop := 1}}{{$service := 2}}{{$none := 3}}{{range loop 2}}{{$loop}}{{$service}}{{$none}}{{end}}",
        "123123",
    ),
    (
        "{{define \"a\"}}{{if gt . 0}}{{.}}{{template \"a\" subtract 1 .}}{{end}}{{end}}{{template \"a\" 3}}",
        "321",
    ),
    (
        "{{define \"b\"}}<{{.}}>{{end}}{{define \"a\"}}{{template \"b\" .}}{{end}}{{range loop 2}}{{template \"a\" .}}{{end}}",
        "<0><1>",
    ),
    (
        "{{block \"if\" 5}}{{.}}{{end}}{{executeTemplate \"if\" 6 | toUpper}}",
        "56",
    ),
    (
        "{{range $i, $e := loop 3}}{{if eq $e 1}}{{continue}}{{end}}{{$i}}{{$e = 9}}{{.}}{{$e}}{{end}}",
        "009229",
    ),
    (
        "{{range loop 3}}{{break}}{{else}}E{{end}}{{range loop 0}}x{{else}}E{{end}}",
        "E",
    ),
    (
        "{{with 0}}{{.}}{{else with 1}}{{.}}{{else}}{{.}}{{end}}",
        "1",
    ),
    (
        "{{scratch.Set \"a\" 1}}{{scratch.Get \"a\"}}{{scratch.MapSet \"m\" \"k\" 2}}{{range scratch.MapValues \"m\"}}{{.}}{{end}}",
        "12",
    ),
    (
        "{{1.0}} {{1e21}} {{\"a\" | len}} {{len \"é\"}} {{printf \"%05.1f|%-4s|%q\" 2.25 \"a\" \"b\"}}",
        "1 1e+21 1 2 002.2|a   |\"b\"",
    ),
    (
        "{{split \",\" \"a,b\"}} {{join \"-\" (split \",\" \"a,b\")}} {{index (split \",\" \"a,b\") 1}}",
        "[a b] a-b b",
    ),
    (
        "{{and 1 0}}{{or 0 \"x\"}}{{not 1}} {{eq 1 2 1}} {{lt \"a\" \"b\"}} {{and true (or false true)}}",
        "0xfalse true true true",
    ),
];

#[test]
fn names_and_scopes_are_kept_apart() {
    assert!(!SCOPES.is_empty());
    for (go, printed) in SCOPES {
        let Conversion { text, marks } = convert_with(go, &Delimiters::default(), None).unwrap();
        assert!(marks.is_empty(), "{go}: {marks:?}");
        let nothing = Value::from(());
        assert_eq!(
            in_go(go, &Delimiters::default(), &nothing).as_deref(),
            Some(*printed),
            "{go}"
        );
        assert_eq!(
            in_jinja(&text, &nothing)
                .as_deref()
                .map_err(ToString::to_string),
            Ok(*printed),
            "{go}: {text}"
        );
    }
}

#[test]
fn fields_of_records_have_types() {
    let source = "{{range service \"web\"}}{{.NodeID}} {{.Tags}} {{.ServiceMeta.a}} {{.Weights.Passing}}{{end}}";
    let Conversion { text, marks } = convert_with(source, &Delimiters::default(), None).unwrap();
    assert!(marks.is_empty(), "{marks:?}");
    assert!(
        text.contains(
            "{{ instance.node_id }} {{ instance.tags | go_text }} \
             {{ instance.service_meta.a | default(\"\") }} {{ instance.weights.passing }}"
        ),
        "{text}"
    );
    let Conversion { marks, .. } = convert_with(
        "{{range service \"web\"}}{{.Nope}}{{end}}",
        &Delimiters::default(),
        None,
    )
    .unwrap();
    assert_eq!(marks[0].why, "there is no field Nope");
}
