//! Finds the known name that is most similar to an unknown one.

/// The known name that is most similar to `name`; `None` if none is similar enough.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(name);
    let (distance, _, found) = known
        .map(|known| {
            (
                distance(&folded, &fold(known)),
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

/// The edit distance: insertions, deletions, replacements and swaps of neighbours.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, first) in rows[0].iter_mut().enumerate() {
        *first = j;
    }
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let differs = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
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

    #[test]
    fn distances() {
        assert_eq!(
            (
                distance("", "ab"),
                distance("ab", "ba"),
                distance("kitten", "sitting")
            ),
            (2, 1, 3)
        );
    }
}
