//! Finds the known name that is most similar to an unknown one.

use strsim::osa_distance;

/// The known name that is most similar to `name`; `None` if none is similar enough.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(name);
    let (distance, _, found) = known
        .map(|known| {
            (
                osa_distance(&folded, &fold(known)),
                known.len().abs_diff(name.len()),
                known,
            )
        })
        .min()?;
    // A short name is similar to many others, so the limit depends on the length.
    (found != name && distance <= 2 && distance * 2 < folded.chars().count()).then_some(found)
}

/// Removes the differences in case and word separators from a name.
fn fold(name: &str) -> String {
    name.chars()
        .filter(|c| *c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}

/// The hint for an unknown name; `None` if no known name is similar.
pub(super) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|near| format!("did you mean {near:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_found() {
        let known = ["service", "services", "keyExists", "toJSON", "len"];
        let cases = [
            ("servce", Some("service")),
            ("SERVICE", Some("service")),
            ("servics", Some("service")),
            ("keyExist", Some("keyExists")),
            ("to_json", Some("toJSON")),
            ("lx", None),
            ("xy", None),
            ("somethingElse", None),
            ("service", None),
        ];
        for (name, found) in cases {
            assert_eq!(nearest(name, known.into_iter()), found, "{name}");
        }
        assert_eq!(nearest("a", std::iter::empty()), None);
    }
}
