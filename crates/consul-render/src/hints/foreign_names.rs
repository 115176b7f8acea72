//! The names that functions have in other programs and languages.

use crate::functions;

/// The foreign name, and the Go name of the equivalent function.
const FOREIGN: &[(&str, &str)] = &[
    ("upper", "toUpper"),
    ("upcase", "toUpper"),
    ("lower", "toLower"),
    ("downcase", "toLower"),
    ("title", "toTitle"),
    ("capitalize", "toTitle"),
    ("strip", "trimSpace"),
    ("replace", "replaceAll"),
    ("regex_replace", "regexReplaceAll"),
    ("match", "regexMatch"),
    ("int", "parseInt"),
    ("atoi", "parseInt"),
    ("float", "parseFloat"),
    ("bool", "parseBool"),
    ("fromJson", "parseJSON"),
    ("from_json", "parseJSON"),
    ("json", "parseJSON"),
    ("tojson", "toJSON"),
    ("b64enc", "base64Encode"),
    ("b64encode", "base64Encode"),
    ("b64dec", "base64Decode"),
    ("b64decode", "base64Decode"),
    ("getenv", "env"),
    ("getv", "key"),
    ("gets", "tree"),
    ("exists", "keyExists"),
    ("mul", "multiply"),
    ("seq", "loop"),
    ("until", "loop"),
    ("now", "timestamp"),
    ("date", "timestamp"),
    ("min", "minimum"),
    ("max", "maximum"),
];

/// The Go name of the function that other programs call `foreign`.
pub(super) fn go_name(foreign: &str) -> Option<&'static str> {
    let (_, name) = FOREIGN.iter().find(|(name, _)| *name == foreign)?;
    functions::named_in_go(name).map(|function| function.go)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_translated_name_exists() {
        for (foreign, name) in FOREIGN {
            assert_eq!(go_name(foreign), Some(*name), "{foreign}");
        }
        assert_eq!(go_name("frobnicate"), None);
    }
}
