//! Blocks with labels, in each format and in layers.

use super::*;
use crate::Labelled;

/// A whole file.
#[derive(Block, Clone, Debug, Default)]
struct Sites {
    /// Site to serve
    site: Vec<Labelled<Served>>,
}

/// `site "NAME" { … }`
#[derive(Block, Clone, Debug, Default)]
struct Served {
    /// Port
    #[key(default = "80")]
    port: Setting<u32>,
    /// Other host names
    aliases: Setting<Vec<String>>,
    /// Directory with certificates
    certificates: Certificates,
    /// Number of threads
    #[key(unsupported = "there is one thread")]
    threads: Unsupported<u32>,
}

/// `certificates { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(text = Certificates::from_path)]
struct Certificates {
    /// Path of the directory
    path: Setting<String>,
}

impl Certificates {
    fn from_path(text: &str, position: Position<'_>) -> Result<Self, Error> {
        match text {
            "" => Err(position.refuse("it is empty")),
            path => Ok(Self {
                path: Some(position.origin().locate(path.to_owned())),
            }),
        }
    }
}

fn sites(name: &str, text: &str) -> Result<Sites, Error> {
    let source = Source::of_file(Path::new(name), text.into())?;
    Ok(Sites::from_source(&source)?.0)
}

fn refused(name: &str, text: &str) -> String {
    let error = sites(name, text).expect_err(text);
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn page(sites: &Sites) -> String {
    let mut page = Page::default();
    sites.show(&mut page);
    page.text
}

#[test]
fn the_label_is_a_key_in_the_other_formats() {
    let cases = [
        (
            "a.hcl",
            "site \"a.example\" { port = 81 }\nsite b { certificates = \"/c\" }",
        ),
        (
            "a.hcl",
            "site { \"a.example\" { port = 81 }\n b { certificates { path = \"/c\" } } }",
        ),
        (
            "a.hcl",
            "site = { a.example = { port = 81 } }\nSITE \"b\" { certificates = \"/c\" }",
        ),
        (
            "a.json",
            r#"{"site": {"a.example": {"port": 81}, "b": {"certificates": "/c"}, "c": null}}"#,
        ),
        (
            "a.json",
            r#"{"site": [{"a.example": [{"port": 81}]}, {"b": [{"certificates": [{"path": "/c"}]}]}]}"#,
        ),
        (
            "a.yaml",
            "site:\n  a.example: {port: 81}\n  b: {certificates: /c}\n",
        ),
        (
            "a.toml",
            "[site.\"a.example\"]\nport = 81\n[site.b]\ncertificates = '/c'",
        ),
    ];
    for (name, text) in cases {
        let read = sites(name, text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let labels: Vec<_> = read.site.iter().map(|site| site.label.as_str()).collect();
        assert_eq!(labels, ["a.example", "b"], "{text}");
        assert_eq!(read.site[0].block.port.as_ref().unwrap().value, 81);
        let path = read.site[1].block.certificates.path.as_ref().unwrap();
        assert_eq!(path.value, "/c", "{text}");
        // What is shown reads back.
        let again = sites("b.hcl", &page(&read)).unwrap();
        let without_origins = |sites: &Sites| {
            let page = page(sites);
            let lines = page.lines().filter_map(|line| line.split(" # ").next());
            lines
                .map(|line| line.trim_end().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(without_origins(&again), without_origins(&read));
    }
    assert_eq!(sites("a.json", r#"{"site": null}"#).unwrap().site.len(), 0);
    assert_eq!(sites("a.yaml", "site: {}").unwrap().site.len(), 0);
}

#[test]
fn blocks_of_one_label_are_layered_key_by_key() {
    let lower = "site \"b\" {\n port = 1\n aliases = [\"x\"]\n}\nsite \"a\" {}";
    let lower = sites("low.hcl", lower).unwrap();
    let upper = sites("up.hcl", "site \"c\" {}\nsite \"b\" { port = 2 }").unwrap();
    let all = upper.over(lower.clone());
    let expected = "\
site \"b\" {
  port = 2                                       # site[b].port in up.hcl:2
  aliases = [\"x\"]                                # site[b].aliases in low.hcl:3
}
site \"a\" {
  port = 80                                      # the default
}
site \"c\" {
  port = 80                                      # the default
}
";
    assert_eq!(page(&all), expected);
    assert_eq!(all.site[0].origin.to_string(), "site[b] in up.hcl:2");
    let mut found = Vec::new();
    all.overridden(&lower, &mut found);
    let found: Vec<_> = found.iter().map(|it| it.origin.to_string()).collect();
    assert_eq!(found, ["site[b].port in low.hcl:2"]);
    assert!(all.is_set() && !Sites::default().is_set());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_mistake_names_the_label_and_the_remedy() {
    let long = format!("site \"{}\" {{}}", "x".repeat(65));
    let cases = [
        (
            "a.hcl",
            "site \"a\" {\n prot = 1 }",
            "site[a].prot in a.hcl:2: there is no such key; did you mean port?",
        ),
        (
            "a.toml",
            "[site.a]\nport = 'x'",
            "site[a].port in a.toml:2: it is a text, and should be a whole number",
        ),
        (
            "a.hcl",
            "site \"a\" {}\nsite \"a\" {}",
            "site[a] in a.hcl:2: it is set 2 times, first on line 1; set it once",
        ),
        (
            "a.hcl",
            "site { port = 1 }",
            "site in a.hcl:1: a label is missing: each block has one, as in `site \"LABEL\" {`",
        ),
        (
            "a.json",
            r#"{"site": [{"aliases": ["a"]}]}"#,
            "site in a.json:1: a label is missing",
        ),
        (
            "a.hcl",
            "site = \"a\"",
            "site in a.hcl:1: it is a text, and should be a block for each label",
        ),
        (
            "a.json",
            r#"{"site": [null]}"#,
            "site in a.json:1: it is nothing, and should be a block for each label",
        ),
        (
            "a.hcl",
            "site \"a\" { certificates \"x\" {} }",
            "site[a].certificates in a.hcl:1: certificates takes no label; write `certificates {`",
        ),
        (
            "a.hcl",
            "site \"a\" { port \"s3cret\" {} }",
            "site[a].port in a.hcl:1: it is a block with a label, and should be a whole number",
        ),
        (
            "a.hcl",
            "site \"a\" { certificates = \"\" }",
            "site[a].certificates in a.hcl:1: it is empty",
        ),
        (
            "a.hcl",
            "site \"s3cret key\" {}",
            "site in a.hcl:1: a label has at most 64 letters",
        ),
        ("a.hcl", "site \"-a\" {}", "begins with a letter or a digit"),
        ("a.hcl", &long, "a label has at most 64"),
    ];
    for (name, text, expected) in cases {
        let error = refused(name, text);
        assert!(error.contains(expected), "{expected:?} in {error:?}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn a_key_without_effect_is_found_in_a_block_with_a_label() {
    let source = Source::of_variable("SITES", "site \"a.b\" { threads = 2 }");
    let (_, unsupported) = Sites::from_source(&source).unwrap();
    assert_eq!(unsupported[0].key, "site[a.b].threads");
    let path = reference::without_numbers(&unsupported[0].key);
    assert_eq!(path, "site.threads");
    assert!(reference::find::<Sites>(&path).is_some());
    let rows = reference::keys::<Sites>();
    let rows = rows.iter().map(|row| format!("{}: {}", row.path, row.kind));
    let rows: Vec<_> = rows.take(2).collect();
    assert_eq!(rows, ["site: blocks with labels", "site.port: number"]);
    assert!(reference::flag_keys::<Sites>().is_empty());
}

#[test]
fn the_schema_of_labels_takes_what_is_read() {
    use boon::{Compiler, Schemas};

    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let schema = schema::<Sites>("example", "An example.");
    compiler.add_resource("example.json", schema).unwrap();
    let index = compiler.compile("example.json", &mut schemas).unwrap();
    let cases = [
        json!({"site": null}),
        json!({"site": {}}),
        json!({"site": []}),
        json!({"site": {"a": {"port": 1}, "b.c-d_e": {}, "f": null}}),
        json!({"site": [{"a": [{"port": 1}]}, {"b": {}}]}),
        json!({"site": {"port": {}}}),
        json!({"site": {"port": [{}]}}),
        json!({"site": {"port": 1}}),
        json!({"site": {"a": 1}}),
        json!({"site": {"a": "x"}}),
        json!({"site": {"a": []}}),
        json!({"site": {"a": [{}, {}]}}),
        json!({"site": {"a b": {}}}),
        json!({"site": {"": {}}}),
        json!({"site": {"é": {}}}),
        json!({"site": [[{"a": {}}]]}),
        json!({"site": [null]}),
        json!({"site": "a"}),
    ];
    let mut taken = 0;
    for case in cases {
        let is_read = sites("a.json", &case.to_string()).is_ok();
        assert_eq!(schemas.validate(&case, index).is_ok(), is_read, "{case}");
        taken += usize::from(is_read);
    }
    assert_eq!(taken, 7);
}
