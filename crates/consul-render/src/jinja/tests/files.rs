use std::fs;

use super::*;

fn inside(directory: &Path) -> Options<'_> {
    Options {
        directory: Some(directory),
        ..Options::default()
    }
}

/// A directory with these files, and the first of them as a template.
fn template(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<JinjaTemplate, TemplateError>) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let template = JinjaTemplate::parse("main.j2", files[0].1, inside(directory.path()));
    (directory, template)
}

fn text(files: &[(&str, &str)]) -> String {
    let (_directory, template) = template(files);
    template
        .unwrap()
        .render(&context(), Undefined::Refused)
        .unwrap()
}

/// The text of an error, without the name of the directory.
fn error(files: &[(&str, &str)]) -> String {
    let (directory, template) = template(files);
    let error = template
        .and_then(|template| template.render(&context(), Undefined::Refused))
        .unwrap_err();
    error
        .to_string()
        .replace(directory.path().to_str().unwrap(), "DIR")
}

#[test]
fn includes_imports_and_parents_see_the_pass() {
    let include = [
        (
            "m",
            "{% include 'parts/a' %}{% include 'no' ignore missing %}",
        ),
        ("parts/a", "[{{ key('port') }}]"),
    ];
    assert_eq!(text(&include), "[80]");
    let import = [
        (
            "m",
            "{% import 'a' as a %}{% from 'a' import m %}{{ a.m('port') }}{{ m('port') }}",
        ),
        ("a", "{% macro m(k) %}{{ k | key }}{% endmacro %}"),
    ];
    assert_eq!(text(&import), "8080");
    let extends = [
        (
            "m",
            "{% extends 'a' %}{% block b %}{{ key('port') }}{% endblock %}",
        ),
        ("a", "<{% block b %}{% endblock %}>"),
    ];
    assert_eq!(text(&extends), "<80>");
    let computed = [
        ("m", "{% for n in ['a', 'b'] %}{% include n %}{% endfor %}"),
        ("a", "A"),
        ("b", "B"),
    ];
    assert_eq!(text(&computed), "AB");
}

#[test]
fn included_files_are_known() {
    let files = [
        (
            "m",
            "{% include 'a' %}{% include 'no' ignore missing %}{% include 'c' ~ '' %}",
        ),
        ("a", "{%- include \"b\" %}"),
        ("b", ""),
        ("c", "C"),
    ];
    let (directory, template) = template(&files);
    let template = template.unwrap();
    let path = |name| directory.path().join(name);
    assert_eq!(template.included(), [path("a"), path("b"), path("no")]);
    assert_eq!(
        template.render(&context(), Undefined::Refused).unwrap(),
        "C"
    );
    assert_eq!(
        template.included(),
        [path("a"), path("b"), path("c"), path("no")]
    );
    // A changed file makes a new template; this one stays unchanged.
    fs::write(path("c"), "D").unwrap();
    assert_eq!(
        template.render(&context(), Undefined::Refused).unwrap(),
        "C"
    );
}

#[test]
fn the_macros_of_ctmpl_need_no_directory_and_are_not_watched() {
    let source = "{% import 'ctmpl/nginx' as n %}{% from 'ctmpl/haproxy' import backend %}{{ n.upstream('a', []) }}";
    let inline = JinjaTemplate::parse("inline", source, Options::default()).unwrap();
    assert!(
        inline
            .render(&context(), Undefined::Refused)
            .unwrap()
            .starts_with("upstream a {\n")
    );
    assert_eq!(inline.included(), [] as [PathBuf; 0]);
    let error = JinjaTemplate::parse(
        "inline",
        "\n{% import 'ctmpl/apache' as a %}",
        Options::default(),
    )
    .unwrap_err();
    insta::assert_snapshot!(error, @r#"
    inline:2:12: of the names in ctmpl/ there are only ctmpl/nginx and ctmpl/haproxy
      2 | {% import 'ctmpl/apache' as a %}
        |            ^
    "#);
}

#[test]
fn names_do_not_choose_what_is_escaped() {
    let files = [
        ("page.html", "{% include 'part.html' %}{{ '<b>' }}"),
        ("part.html", "{{ '<a>' }}{{ '&' | e }}"),
    ];
    assert_eq!(text(&files), "<a>&amp;<b>");
    let script = JinjaTemplate::parse("page.html.j2", "{{ '<b>' }}", Options::default()).unwrap();
    assert_eq!(
        script.render(&context(), Undefined::Refused).unwrap(),
        "<b>"
    );
}

#[test]
fn blocks_are_trimmed_in_included_files_too() {
    let files = [
        (
            "m",
            "{% extends 'base' %}\n{% block b %}\nx\n  {% include 'part' %}\n{% endblock %}\n",
        ),
        (
            "base",
            "{% import 'macros' as m %}\n<{% block b %}\n{% endblock %}\n{{ m.line('z') }}>\n",
        ),
        ("part", "  {% if true %}\ny\n  {% endif %}\n"),
        ("macros", "{% macro line(v) %}\n{{ v }}\n{% endmacro %}\n"),
    ];
    assert_eq!(text(&files), "<x\ny\nz\n>\n");
}

#[test]
fn an_error_in_an_include_is_shown_there() {
    insta::assert_snapshot!(error(&[("m", "{% include 'a' %}"), ("a", "x\n{{ 1 + }}")]), @r"
    DIR/a:2:8: syntax error: unexpected end of variable block
      2 | {{ 1 + }}
        |        ^
    ");
    insta::assert_snapshot!(error(&[("m", "\n{% include 'a' %}"), ("a", "x\n{{ nope }}")]), @r"
    DIR/a:2:4: nope is undefined
      2 | {{ nope }}
        |    ^
    ");
    insta::assert_snapshot!(error(&[("m", "{% include 'no' %}")]), @r#"
    main.j2:1:13: there is no template "no" to include
      1 | {% include 'no' %}
        |             ^
    "#);
    let (directory, template) = template(&[("m", "{% include 'a' %}"), ("a", "{{ 1 + }}")]);
    assert_eq!(template.unwrap_err().sources, [directory.path().join("a")]);
}

#[test]
fn an_include_stays_in_the_directory() {
    let names = ["../secret", "/etc/passwd", "a/../../secret", ""];
    assert!(!names.is_empty());
    for name in names {
        let text = error(&[("m", &format!("{{% include '{name}' ~ '' %}}"))]);
        assert!(text.contains("must lie in the directory"), "{text}");
    }
    insta::assert_snapshot!(error(&[("m", "{% include '../x' %}")]), @r"
    main.j2:1:13: an include must lie in the directory of the template or below, and is named from there
      1 | {% include '../x' %}
        |             ^
    ");
    let inline =
        JinjaTemplate::parse("inline", "{% include 'a' %}", Options::default()).unwrap_err();
    insta::assert_snapshot!(inline, @r"
    inline:1:13: a template in the configuration has no directory to include files from
      1 | {% include 'a' %}
        |             ^
    ");
}

#[test]
fn an_include_that_is_not_text_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), [0xff]).unwrap();
    fs::create_dir(directory.path().join("d")).unwrap();
    for (name, wanted) in [("a", "is not UTF-8 text"), ("d", "cannot read")] {
        let error = JinjaTemplate::parse(
            "m",
            &format!("{{% include '{name}' %}}"),
            inside(directory.path()),
        )
        .unwrap_err();
        assert!(error.message.contains(wanted), "{error}");
    }
}

#[test]
fn endless_includes_are_an_error() {
    insta::assert_snapshot!(error(&[("m", "{% include 'a' %}"), ("a", "{% include 'a' %}")]), @r"
    DIR/a:1:4: macros and includes are nested too deep; does one of them call itself?
      1 | {% include 'a' %}
        |    ^
    ");
}

#[test]
fn nothing_is_parsed_twice() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("part.j2"), "{{ 1 + 1 }}").unwrap();
    std::fs::write(directory.path().join("other.j2"), "{{ 2 + 2 }}").unwrap();
    let source = "{% include 'part.j2' %}{% include 'oth' ~ 'er.j2' %}";
    let mut template = JinjaTemplate::parse("main.j2", source, inside(directory.path())).unwrap();
    assert_eq!(
        template.render(&context(), Undefined::Refused).unwrap(),
        "24"
    );
    // From here on, parsing would have to load the source.
    template
        .environment
        .set_loader(|name| -> Result<Option<String>, minijinja::Error> {
            panic!("{name} is parsed again")
        });
    for _ in 0..2 {
        assert_eq!(
            template.render(&context(), Undefined::Refused).unwrap(),
            "24"
        );
        template.render(&context(), Undefined::Empty).unwrap();
    }
}
