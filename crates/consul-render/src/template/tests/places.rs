//! The places of queries in templates.

use super::*;

#[test]
fn the_place_of_a_query_is_found() {
    let text = "x\n{% if service('w')[0].port %}{% endif %}\n  {{ key('a') }}\n";
    let template = inline(text, Language::Jinja).unwrap();
    let place = |key: &str| place_of(&template, &Query::key(key).unwrap(), &Snapshot::default());
    assert_eq!(
        place("a"),
        Some(("inline".into(), Place { line: 3, column: 6 }))
    );
    assert_eq!(place("b"), None);
}

#[test]
fn the_place_of_a_query_in_an_include_a_filter_or_a_macro_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let main = "{% macro of(k) %}\n{{ key(k) }}\n{% endmacro %}\n{{ 'b' | key }}\n{{ of('a') }}{{ key('c') }}\n\
                {% include 'part' %}";
    fs::write(path("main.j2"), main).unwrap();
    fs::write(path("part"), "\n{{ key('d') }}{{ key('c') }}").unwrap();
    let template = file(&path("main.j2")).unwrap();
    let place = |key: &str| {
        let place = place_of(&template, &Query::key(key).unwrap(), &Snapshot::default());
        place.map(|(name, place)| (name, place.line))
    };
    let at = |name: &str, line| Some((path(name).display().to_string(), line));
    assert_eq!(place("a"), at("main.j2", 2));
    assert_eq!(place("b"), at("main.j2", 4));
    assert_eq!(place("c"), at("main.j2", 5));
    assert_eq!(place("d"), at("part", 2));
}

#[test]
fn the_first_of_several_calls_is_the_place() {
    for (text, language) in [
        ("{{ key('a') }}\n{{ key('a') }}", Language::Jinja),
        ("{{ key \"a\" }}\n{{ key \"a\" }}", Language::Go),
        (
            "{{ define \"t\" }}{{ key \"a\" }}{{ end }}\n{{ template \"t\" }}",
            Language::Go,
        ),
    ] {
        let template = inline(text, language).unwrap();
        let place = place_of(&template, &Query::key("a").unwrap(), &known(&[("a", "1")]));
        assert_eq!(place.unwrap().1.line, 1, "{text}");
    }
}

#[test]
fn the_place_of_a_query_is_found_in_a_go_template() {
    let template = inline("x\n  {{ if true }}{{ key \"a\" }}{{ end }}", Language::Go).unwrap();
    assert_eq!(
        place_of(&template, &Query::key("a").unwrap(), &world()),
        Some((
            "inline".into(),
            Place {
                line: 2,
                column: 19
            }
        ))
    );
}
