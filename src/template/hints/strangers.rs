//! Names that functions have in other programs and in other languages.

use crate::template::functions;

/// The other name, and what it is here, by its Go name.
const STRANGERS: &[(&str, &str)] = &[
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

/// What a function is called here, by its Go name.
pub(super) fn go_name(stranger: &str) -> Option<&'static str> {
    let (_, name) = STRANGERS.iter().find(|(name, _)| *name == stranger)?;
    functions::named_in_go(name).map(|function| function.go)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_they_are_called_here_exists() {
        for (stranger, name) in STRANGERS {
            assert_eq!(go_name(stranger), Some(*name), "{stranger}");
        }
        assert_eq!(go_name("frobnicate"), None);
    }
}
