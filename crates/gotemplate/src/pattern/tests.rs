use super::*;

fn compile(pattern: &str) -> Result<Regex, FunctionError> {
    super::compile(pattern, &Budget::unlimited())
}

#[test]
fn patterns_match_as_in_go() {
    let cases = [
        (r"^\d+$", "12", true),
        (r"^\d+$", "٣", false),
        (r"^\w+$", "é", false),
        (r"^[\w.-]+$", "a.b-c", true),
        (r"^[[]$", "[", true),
        (r"^[]a]+$", "a]", true),
        (r"^[^]a]$", "b", true),
        (r"^[[:alpha:]\d]+$", "a1", true),
        (r"\bweb\b", "a web b", true),
        (r"^\Qa.b\E+$", "a.bb", true),
        (r"^\Qa.b\E$", "axb", false),
        (r"^[a&&b]+$", "&", true),
        (r"(?i)^WEB$", "web", true),
        (r"a\sb", "a\u{a0}b", false),
        (r"^\101\x41\x{e9}\07$", "AAé\x07", true),
        (r"^a{,2}$", "a{,2}", true),
        (r"^a{01}b{$", "a{01}b{", true),
        (r"^[--a]$", "X", true),
        (r"^[\d-x]+$", "1-x", true),
        (r"^\p{^L}\P{^Lu}\p{Greek}$", "1Aα", true),
        (r"^a(?i)*B$", "aaab", true),
        (r"^a+(?i)?B$", "b", true),
        (r"^(?)a(?:)$", "a", true),
        (r"^(?P<1>a)(?<b>b)$", "ab", true),
        (r"\B", "é", true),
        (r"\/\-\_\<", "/-_<", true),
    ];
    assert!(!cases.is_empty());
    for (pattern, text, matches) in cases {
        assert_eq!(
            compile(pattern).expect(pattern).is_match(text),
            matches,
            "{pattern} on {text}"
        );
    }
}

#[test]
fn patterns_that_go_rejects_are_rejected() {
    let cases = [
        ("a(b", "missing closing )"),
        ("a)b", "unexpected )"),
        ("[a", "missing closing ]"),
        (
            "(?=a)",
            "invalid or unsupported Perl syntax: there is no look-ahead and no look-behind",
        ),
        (
            "a(?<!b)",
            "invalid or unsupported Perl syntax: there is no look-ahead and no look-behind",
        ),
        ("(?x)a", "invalid or unsupported Perl syntax"),
        ("(?R)a", "invalid or unsupported Perl syntax"),
        ("(?i-)a", "invalid or unsupported Perl syntax"),
        ("(?i", "invalid or unsupported Perl syntax"),
        ("(?P<é>a)", "invalid named capture"),
        ("a**", "invalid nested repetition operator"),
        ("a+?{2}", "invalid nested repetition operator"),
        ("*a", "missing argument to repetition operator"),
        ("a|+", "missing argument to repetition operator"),
        ("(?i)*", "missing argument to repetition operator"),
        ("a{1001}", "invalid repeat count"),
        ("a{3,2}", "invalid repeat count"),
        (r"\1", "invalid escape sequence"),
        (r"\u0041", "invalid escape sequence"),
        (r"\Z", "invalid escape sequence"),
        (r"[\b]", "invalid escape sequence"),
        (r"\", "trailing backslash at end of expression"),
        ("[a--b]", "invalid character class range"),
        ("[[:word-:]]", "invalid character class range"),
        (r"\p{Script=Greek}", "invalid character class range"),
        (r"\p{Nope}", "invalid character class range"),
    ];
    assert!(!cases.is_empty());
    for (pattern, reason) in cases {
        let error = compile(pattern).expect_err(pattern).to_string();
        assert_eq!(
            error,
            format!("error parsing regexp: {reason}"),
            "{pattern}"
        );
    }
}

#[test]
fn groups_are_named_as_in_go() {
    let cases = [
        ("(?P<n>b)", "$n-${n}-$nx-${n}x", "ab", "ab-b--bx"),
        (
            "(b)",
            "$1x|${1}x|$01|$2|$é|$ 1|${|${ 1}|$$1|$",
            "b",
            "|bx||||$ 1|${|${ 1}|$1|$",
        ),
        ("", "$0-", "ab", "-a-b-"),
        ("(?P<n>x)|(?P<n>a)(?<n_1>b)", "<$n$n_1>", "ab", "<ab>"),
    ];
    assert!(!cases.is_empty());
    for (pattern, replacement, text, expected) in cases {
        let replaced = replace_all(
            &compile(pattern).unwrap(),
            text,
            replacement,
            &Budget::unlimited(),
        )
        .unwrap();
        assert_eq!(replaced, expected, "{replacement}");
    }
}

/// A group can be as long as the text, and the replacement can name it many times.
#[test]
fn a_replacement_that_exceeds_the_limit_is_an_error() {
    let (text, replacement) = ("x".repeat(1 << 20), "$0".repeat(1 << 16));
    let error = replace_all(
        &compile("x+").unwrap(),
        &text,
        &replacement,
        &Budget::unlimited(),
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "the result is too long");
}

#[test]
fn patterns_that_take_long_to_compile_are_rejected_at_once() {
    let started = std::time::Instant::now();
    let classes = r"\pL\pN".repeat(80_000);
    let characters: Vec<char> = ('\u{100}'..'\u{9000}').step_by(2).collect();
    let characters: String = characters.iter().rev().collect();
    let cases = [
        format!("[{classes}]"),
        format!("[{}]", &classes[..120_000]),
        classes[..120_000].to_owned(),
        format!("(?i){}", r"\pL".repeat(1_000)),
        format!("[{characters}]"),
        format!("(?i){}", "[^a]".repeat(30_000)),
        "a".repeat(MAX_LENGTH + 1),
    ];
    for pattern in &cases {
        let error = compile(pattern).unwrap_err().to_string();
        assert_eq!(error, "error parsing regexp: expression too large");
    }
    let seconds = started.elapsed().as_secs();
    assert!(seconds < 10, "took {seconds} s");
}
