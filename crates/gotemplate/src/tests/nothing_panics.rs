//! Random templates do not panic, and end within their limits.

use super::*;

const SEEDS: &[&str] = &[
    "{{range $i, $v := .}}{{if eq $v 1}}{{continue}}{{else if gt $i 2}}{{break}}{{else}}{{$v}}{{end}}{{else}}none{{end}}",
    "{{define \"a\"}}{{. | printf \"%-5.2q|%+[1]v\" }}{{end}}{{template \"a\" (index . 0)}}{{block \"b\" .}}{{len .}}{{end}}",
    "{{with $x := slice . 1 2 -}} {{$x | html | js | urlquery}} {{- else with 0x1p4}}{{/* c */}}{{end}}{{'\\n'}}{{`raw`}}",
    "{{$a := and . (or nil 1.5)}}{{$a = not $a}}{{executeTemplate \"c\" $}}{{define \"c\"}}{{println 1i -3 \"\\u00e9\"}}{{end}}",
    "{{printf \"%*.*f %x %#v %T %08b %c %U\" 5 2 3.14159 \"hi\" . true 5 65 0x1F600}}{{.Field.Other 1}}{{loop 5 | len}}",
];

const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{-",
    "-}}",
    "{{- ",
    " -}}",
    "/*",
    "*/",
    "end",
    "else",
    "if ",
    "range ",
    "with ",
    "define ",
    "template ",
    "block ",
    "break",
    "continue",
    "nil",
    "$x",
    ":=",
    "=",
    "|",
    "(",
    ")",
    ".a",
    "\"a\"",
    "`",
    "'",
    "\\",
    "0x",
    "1e",
    "9999999999",
    "é",
    "\n",
    "printf ",
    "index ",
    "slice ",
    "%[2]*.[1]*d",
    "executeTemplate ",
    ",",
    "-",
    "\u{0}",
    "%",
    "😀",
];

fn dot() -> Value {
    Value::from(vec![
        Value::from(1),
        Value::from("two"),
        Value::from(3.5),
        Value::from(()),
        Value::from(vec![1, 2]),
    ])
}

fn small() -> Options {
    limited(Limits {
        steps: 2_000,
        text: 20_000,
        depth: 200,
    })
}

fn attempt(source: &str) {
    if let Ok(text) = render_with(source, &small(), &dot()) {
        // A byte that is not UTF-8 becomes three bytes.
        assert!(text.len() <= 60_000);
    }
}

/// A seed in which parts are inserted, removed and repeated.
fn mutated() -> impl Strategy<Value = String> {
    let change = (
        0_usize..3,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0_usize..12,
    );
    (0..SEEDS.len(), prop::collection::vec(change, 1..6)).prop_map(|(seed, changes)| {
        let mut chars: Vec<char> = SEEDS[seed].chars().collect();
        for (kind, at, piece, length) in changes {
            let at = at.index(chars.len() + 1);
            let end = (at + length).min(chars.len());
            match kind {
                0 => drop(chars.splice(at..at, PIECES[piece.index(PIECES.len())].chars())),
                1 => drop(chars.drain(at..end)),
                _ => {
                    let copy = chars[at..end].to_vec();
                    let to = piece.index(chars.len() + 1);
                    chars.splice(to..to, copy);
                }
            }
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_text(source in "\\PC{0,60}") {
        attempt(&source);
        attempt(&format!("{{{{{source}}}}}"));
    }

    #[test]
    fn random_pieces(pieces in prop::collection::vec(0..PIECES.len(), 0..30)) {
        attempt(&pieces.into_iter().map(|piece| PIECES[piece]).collect::<String>());
    }

    #[test]
    fn mutated_templates(source in mutated()) {
        attempt(&source);
    }

    #[test]
    fn random_formats(format in "[%a-zA-Z0-9\\[\\]*.+# -]{0,20}") {
        attempt(&format!("{{{{printf \"{format}\" 12 -3.5 \"s\" . nil true}}}}"));
    }
}
