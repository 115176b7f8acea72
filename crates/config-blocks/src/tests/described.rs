//! The reference and the schema of declared keys.

use super::*;

#[test]
fn the_reference_lists_every_key() {
    let rows: Vec<_> = reference::keys::<Configuration>()
        .into_iter()
        .map(
            |Described {
                 path,
                 kind,
                 default,
                 ..
             }| format!("{path}: {kind} {default}"),
        )
        .collect();
    let expected = [
        "level: `\"info\"`, `\"warn\"` \"warn\"",
        "data: path ",
        "threads: number 4",
        "account: block ",
        "account.name: text ",
        "account.password: text ",
        "account.password_file: path ",
        "site: blocks ",
        "site.host: text ",
        "site.timeout: duration \"30s\"",
        "site.mode: mode ",
        "site.aliases: list of texts []",
        "site.names: list of texts []",
    ];
    assert_eq!(rows, expected);
    let unsupported = reference::unsupported_keys::<Configuration>();
    assert_eq!(
        unsupported,
        [("processes".to_owned(), "there is one process")]
    );
    let flags: Vec<_> = reference::flag_keys::<Configuration>()
        .into_iter()
        .map(|(path, key)| format!("{path} {} {}", key.flag, key.heading))
        .collect();
    assert_eq!(
        flags,
        [
            "level --log-level Program",
            "data --data Program",
            "threads --threads Program",
            "check --check Program",
            "site --site Program",
        ]
    );
    let path = reference::without_numbers("site[2].timeout");
    let key = reference::find::<Configuration>(&path).unwrap();
    assert_eq!(
        (key.name, key.doc),
        ("timeout", "Maximum time for a request")
    );
}

#[test]
fn the_schema_takes_what_is_read() {
    use boon::{Compiler, Schemas};

    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let schema = schema::<Configuration>("example", "An example.");
    compiler.add_resource("example.json", schema).unwrap();
    let index = compiler.compile("example.json", &mut schemas).unwrap();
    let cases = [
        json!({}),
        json!({"level": "WARN", "threads": 3, "account": "a", "$schema": "x"}),
        json!({"account": [{"name": "a"}], "site": {"host": "h", "timeout": 0}}),
        json!({"site": [{"mode": "0640", "aliases": "a"}, {"mode": 640, "aliases": ["a"]}]}),
        json!({"level": "loud"}),
        json!({"threads": -1}),
        json!({"check": true}),
        json!({"site": {"timeout": 5}}),
        json!({"account": {"nmae": "a"}}),
        json!([]),
    ];
    let mut taken = 0;
    for case in cases {
        let is_read = read("a.json", &case.to_string()).is_ok();
        assert_eq!(schemas.validate(&case, index).is_ok(), is_read, "{case}");
        taken += usize::from(is_read);
    }
    assert_eq!(taken, 4);
}
