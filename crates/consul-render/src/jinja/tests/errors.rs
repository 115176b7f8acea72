use super::*;

fn error(source: &str) -> TemplateError {
    render(source).unwrap_err()
}

#[test]
fn an_unknown_function_is_reported_when_the_template_is_read() {
    let source = "server {\n  {{ servce('web') }}\n}\n";
    insta::assert_snapshot!(JinjaTemplate::parse("nginx.j2", source, Options::default()).unwrap_err(), @r#"
    nginx.j2:2:6: function "servce" not defined
      2 |   {{ servce('web') }}
        |      ^
    hint: did you mean "service"?
    "#);
    insta::assert_snapshot!(error("{% for k in keyExists('a') %}{% endfor %}"), @r#"
    test.j2:1:13: function "keyExists" not defined
      1 | {% for k in keyExists('a') %}{% endfor %}
        |             ^
    hint: in Jinja it is called "key_exists"
    "#);
    // Text, methods, macros and variables are not calls of unknown functions.
    check(&[
        ("run(x) {{ 1 }}", "run(x) 1"),
        ("{% macro m() %}a{% endmacro %}{{ m() }}", "a"),
        (
            "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}b{% endcall %}",
            "b",
        ),
        ("{{ {'f': 1}.items() | list | length if false }}", ""),
        ("{% if nope is defined %}{{ nope }}{% endif %}", ""),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn errors_show_the_place_and_the_cause() {
    insta::assert_snapshot!(error("a\n{{ nope.x }}"), @r"
    test.j2:2:4: nope is undefined
      2 | {{ nope.x }}
        |    ^
    ");
    insta::assert_snapshot!(error("{{ service('web')[7].address }}"), @r"
    test.j2:1:18: service('web')[7] is undefined
      1 | {{ service('web')[7].address }}
        |                  ^
    ");
    insta::assert_snapshot!(error("{{ service('web')[0].adress }}"), @r#"
    test.j2:1:22: service('web')[0].adress is undefined
      1 | {{ service('web')[0].adress }}
        |                      ^
    hint: did you mean "address"?
    "#);
    insta::assert_snapshot!(error("{{ 'x' | uper }}"), @r#"
    test.j2:1:10: filter "uper" not defined
      1 | {{ 'x' | uper }}
        |          ^
    hint: did you mean "upper"?
    "#);
    insta::assert_snapshot!(error("{{ 1 is evn }}"), @r#"
    test.j2:1:9: test "evn" not defined
      1 | {{ 1 is evn }}
        |         ^
    hint: did you mean "even"?
    "#);
    insta::assert_snapshot!(error("{{ key(nope) }}"), @r"
    test.j2:1:4: argument 1 of key is undefined
      1 | {{ key(nope) }}
        |    ^
    ");
    insta::assert_snapshot!(error("{{ key() }}"), @r"
    test.j2:1:4: wrong number of args for key: want 1 got 0
      1 | {{ key() }}
        |    ^
    hint: its arguments and result: key (key string) string
    ");
    insta::assert_snapshot!(error("{{ key(name='a') }}"), @r"
    test.j2:1:4: wrong number of args for key: want 1 got 0
      1 | {{ key(name='a') }}
        |    ^
    hint: its arguments and result: key (key string) string
    ");
    insta::assert_snapshot!(error("{% for x in [1] %}"), @r"
    test.j2:1:4: syntax error: {% for %} has no {% endfor %}
      1 | {% for x in [1] %}
        |    ^
    ");
    insta::assert_snapshot!(error("{{ range service \"web\" }}{{ .Address }}{{ end }}"), @r#"
    test.j2:1:10: syntax error: unexpected identifier, expected end of variable block
      1 | {{ range service "web" }}{{ .Address }}{{ end }}
        |          ^
    hint: this looks like a Go template; name the file without .j2 (or set language = "go")
    "#);
    insta::assert_snapshot!(error("{% set service = 1 %}{{ service('web') }}"), @r#"
    test.j2:1:25: value of type number is not callable
      1 | {% set service = 1 %}{{ service('web') }}
        |                         ^
    in line 1: set service = 1
    hint: a variable "service" hides the function of that name; rename the variable
    "#);
    insta::assert_snapshot!(error("{{ key }}"), @r"
    test.j2:1:4: cannot print a plain object; is it a function that is not called?
      1 | {{ key }}
        |    ^
    ");
    insta::assert_snapshot!(error("{{ scratch().map_set('a', 'b') }}"), @r"
    test.j2:1:13: wrong number of args for map_set: want 3 got 2
      1 | {{ scratch().map_set('a', 'b') }}
        |             ^
    ");
    insta::assert_snapshot!(error("{{ must_env('UNSET') }}"), @r#"
    test.j2:1:4: must_env: required environment variable "UNSET" is empty
      1 | {{ must_env('UNSET') }}
        |    ^
    "#);
    insta::assert_snapshot!(error("{{ 'x' | indent(-1) }}{{ 9223372036854775807 * 9223372036854775807 * 9223372036854775807 }}"), @r"
    test.j2:1:10: cannot convert number to usize
      1 | {{ 'x' | indent(-1) }}{{ 9223372036854775807 * 9223372036854775807 * 9223372036854775807 }}
        |          ^
    ");
}

#[test]
fn errors_of_named_arguments_name_them() {
    insta::assert_snapshot!(error("{{ 'a' | key(name='a') }}"), @r#"
    test.j2:1:10: key: unknown option "name"; there are dc, on_error, stale_for
      1 | {{ 'a' | key(name='a') }}
        |          ^
    "#);
    let without_options = error("{{ to_upper('a', name='b') }}").to_string();
    assert!(
        without_options.contains("to_upper takes no named arguments"),
        "{without_options}"
    );
    insta::assert_snapshot!(error("{{ service('web', tags='a') }}"), @r#"
    test.j2:1:4: service: unknown option "tags"; did you mean "tag"?
      1 | {{ service('web', tags='a') }}
        |    ^
    "#);
    insta::assert_snapshot!(error("{{ service('web', sort='port') }}"), @r#"
    test.j2:1:4: service: sort is "name" or "near"
      1 | {{ service('web', sort='port') }}
        |    ^
    "#);
    insta::assert_snapshot!(error("{{ service('web', passing_for=5) }}"), @r#"
    test.j2:1:4: service: passing_for: wrong type for value; expected string; got int
      1 | {{ service('web', passing_for=5) }}
        |    ^
    hint: its arguments and result: service (query string, filters or options ...string) []service
    "#);
    insta::assert_snapshot!(error("{{ service('web', tag=nope) }}"), @r"
    test.j2:1:4: argument tag of service is undefined
      1 | {{ service('web', tag=nope) }}
        |    ^
    ");
    insta::assert_snapshot!(error("{{ service('web', tag=['a', nope]) }}"), @r"
    test.j2:1:4: service: tag: invalid value; expected string
      1 | {{ service('web', tag=['a', nope]) }}
        |    ^
    hint: its arguments and result: service (query string, filters or options ...string) []service
    ");
}

#[test]
fn no_error_shows_a_value() {
    let sources = [
        "{{ parse_int(key('secret')) }}",
        "{{ key('secret') | parse_json }}",
        "{{ key('secret') + 1 }}",
        "{{ key('secret') | int }}",
        "{{ key('secret') | round }}",
        "{{ key('secret').x.y }}",
        "{{ key('secret')() }}",
        "{{ {'a': 1}[key('secret')].x }}",
        "{% include key('secret') %}",
        "{% include [key('secret'), 'b'] %}",
        "{% for a, b in [key('secret')] %}{% endfor %}",
        "{{ add(key('secret'), 1) }}",
        "{{ explode(key('secret')) }}",
        "{{ env('PASSWORD') | add(1) }}",
        "{{ base64_decode(key('secret') ~ '!') }}",
        "{{ regex_match('(' ~ key('secret'), 'a') }}",
        "{{ dict(key('secret')) }}",
        "{{ range(key('secret')) }}",
        "{{ key('secret') | dictsort }}",
        "{{ key('secret') | sum }}",
        "{{ debug(key('secret')) }}",
        "{{ [key('secret')] | sort(attribute=key('secret')) | first | abs }}",
        "{{ '%d' | format(key('secret')) }}",
        "{{ key('secret') | map(key('secret')) | list }}",
    ];
    assert!(!sources.is_empty());
    for source in sources {
        let text = error(source).to_string();
        assert!(!text.contains("hunter2"), "{source}: {text}");
    }
}

#[test]
fn a_template_that_does_not_end_is_an_error() {
    insta::assert_snapshot!(error("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), @r"
    test.j2:1:19: macros and includes are nested too deep; does one of them call itself?
      1 | {% macro m() %}{{ m() }}{% endmacro %}{{ m() }}
        |                   ^
    ");
    let endless = "{% for a in range(90000) %}{% for b in range(90000) %}{% for c in range(9) %}{% endfor %}{% endfor %}{% endfor %}";
    insta::assert_snapshot!(error(endless), @r"
    test.j2:1: the template does not come to an end: it takes more than 1000000 steps
      1 | {% for a in range(90000) %}{% for b in range(90000) %}{% for c in range(9) %}{% endfor %}{% endfor %}{% endfor %}
    ");
    let growing = "{% set n = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(64) %}{% set n.x = n.x ~ n.x %}{% endfor %}";
    assert!(error(growing).message.contains("does not come to an end"));
    let without_bounds = "{% for i in range(90000) %}{{ 'a' * 1000 }}{% endfor %}";
    assert!(
        error(without_bounds)
            .message
            .contains("does not come to an end")
    );
}
