//! Replaces the path of a directory in a text.

use memchr::memmem;

/// Replaces each of the paths `from` by `to` where it is a whole path, or the beginning of one that
/// stays below it. Returns `None` if there is none.
///
/// `/etc/nginx` is replaced in `include /etc/nginx/conf.d/*;`, but neither in `/etc/nginx-old/x` and
/// `/opt/etc/nginx`, nor in `/etc/nginx/../ssl`, which leads out of the directory.
pub(super) fn rewrite(text: &[u8], from: &[&[u8]], to: &[u8]) -> Option<Vec<u8>> {
    let mut matches: Vec<(usize, usize)> = from
        .iter()
        .filter(|path| !path.is_empty())
        .flat_map(|path| memmem::find_iter(text, path).map(|at| (at, at + path.len())))
        .filter(|&(start, end)| is_path(text, start, end))
        .collect();
    if matches.is_empty() {
        return None;
    }
    // Of two paths that begin at the same place, the longer one comes first.
    matches.sort_unstable_by_key(|&(start, end)| (start, usize::MAX - end));
    let mut result = Vec::with_capacity(text.len() + matches.len() * to.len());
    let mut copied = 0;
    for (start, end) in matches {
        if start >= copied {
            result.extend_from_slice(&text[copied..start]);
            result.extend_from_slice(to);
            copied = end;
        }
    }
    result.extend_from_slice(&text[copied..]);
    Some(result)
}

/// Returns `true` if the match is not a part of a longer name, and its path stays below it.
fn is_path(text: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).map(|at| text[at]);
    let after = &text[end..];
    !before.is_some_and(continues)
        && !after
            .first()
            .is_some_and(|byte| *byte != b'/' && continues(*byte))
        && stays_below(after)
}

/// Returns `true` if the byte can be a part of the same path. Quotes, brackets, `;`, `,`, `:` and
/// `=` separate paths in configurations.
fn continues(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"/._-+@~%*?$".contains(&byte)
}

/// Returns `true` if the components `..` at the beginning of a text do not lead out of the directory
/// before it.
fn stays_below(text: &[u8]) -> bool {
    let length = text.iter().position(|byte| !continues(*byte));
    let path = &text[..length.unwrap_or(text.len())];
    let mut depth = 0_usize;
    for component in path.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." if depth == 0 => return false,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rewritten(text: &str) -> Option<String> {
        let from: [&[u8]; 2] = [b"/etc/nginx", b"/opt/nginx/conf"];
        let text = rewrite(text.as_bytes(), &from, b"/tmp/x/tree")?;
        Some(String::from_utf8(text).unwrap())
    }

    #[test]
    fn paths_of_the_tree_are_replaced() {
        let cases = [
            (
                "include /etc/nginx/conf.d/*.conf;",
                "include /tmp/x/tree/conf.d/*.conf;",
            ),
            ("/etc/nginx", "/tmp/x/tree"),
            ("a \"/etc/nginx\" b", "a \"/tmp/x/tree\" b"),
            (
                "a /etc/nginx/; b /opt/nginx/conf/x",
                "a /tmp/x/tree/; b /tmp/x/tree/x",
            ),
            (
                "root=/etc/nginx:/etc/nginx/a",
                "root=/tmp/x/tree:/tmp/x/tree/a",
            ),
            ("/etc/nginx/a/../b", "/tmp/x/tree/a/../b"),
            ("unix:/etc/nginx/sock;", "unix:/tmp/x/tree/sock;"),
        ];
        for (text, expected) in cases {
            assert_eq!(rewritten(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_paths_stay() {
        let cases = [
            "",
            "/etc/nginx-old/x",
            "/etc/nginx.conf",
            "/etc/nginx2",
            "/opt/etc/nginx/x",
            "./etc/nginx",
            "/etc/nginx/../ssl/key",
            "/etc/nginx/a/../../ssl/key",
            "/etc/nginxé",
            "/etc/nginx*/x",
        ];
        for text in cases {
            assert_eq!(rewritten(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_rewritten_text_has_no_path_left(text in "(/etc/nginx|/opt/nginx/conf|[a/. ;\"-]){0,12}") {
            if let Some(result) = rewritten(&text) {
                prop_assert_eq!(rewritten(&result), None, "{}", result);
            }
        }
    }
}
