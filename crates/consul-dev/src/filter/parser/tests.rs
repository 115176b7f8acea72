use super::*;

#[test]
fn values_without_quotes_are_those_of_consul() {
    for good in [
        "ID==web",
        "ID==a_1",
        "ID==a.b",
        "ID==10",
        "ID==-1",
        "ID==10.5",
        "ID==0",
        "ID==`a-b`",
        "ID==\"é\"",
        "10 in Tags",
        "Meta[\"a-b\"] == x",
        "Meta[\"a\"][\"b\"].c == x",
    ] {
        assert!(parse(good).is_ok(), "{good}");
    }
    let no_match = |at| SyntaxError::NoMatch { at };
    let number = |at| SyntaxError::InvalidNumber { at };
    for (wrong, error) in [
        ("ID==web-1", no_match(7)),
        ("ID==_a", no_match(4)),
        ("ID==a:b", no_match(5)),
        ("ID==a\"b\"", no_match(5)),
        ("ID == é", no_match(6)),
        ("v-1 in Tags", no_match(1)),
        ("ID matches a.*", no_match(13)),
        ("ID==1a", number(5)),
        ("ID==10.0.0.1", number(8)),
        ("ID==01", number(5)),
    ] {
        assert_eq!(parse(wrong).expect_err(wrong), error, "{wrong}");
    }
}

#[test]
fn nesting_is_bounded() {
    for deep in [
        "(".repeat(100_000),
        "(".repeat(100_000) + "a == b" + &")".repeat(100_000),
        "not ".repeat(100_000) + "a == b",
        "not (".repeat(100_000) + "a == b" + &")".repeat(100_000),
    ] {
        assert_eq!(parse(&deep).expect_err("too deep"), SyntaxError::TooDeep);
    }
    let deepest = "(".repeat(MAX_DEPTH) + "a == b" + &")".repeat(MAX_DEPTH);
    assert!(parse(&deepest).is_ok());
}

#[test]
fn chains_have_no_length_limit() {
    for word in ["and", "or"] {
        let chain = vec!["a == b"; 100_000].join(&format!(" {word} "));
        let chain = parse(&chain).expect("a good filter");
        let mut found = Vec::new();
        chain.matches(&mut found);
        assert_eq!(found.len(), 100_000);
    }
}
