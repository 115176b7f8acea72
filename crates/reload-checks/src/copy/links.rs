//! The targets of symbolic links in a tree.

use std::path::{Component, Path, PathBuf};

/// Returns the path below the tree that a link leads to, by its text; `None` if it leads out of the
/// tree. `directory` has the link; it is below `real`, which is the path of the tree without links.
/// `tree` is its path as configured.
pub(super) fn inside(link: &Path, directory: &Path, real: &Path, tree: &Path) -> Option<PathBuf> {
    let path = lexical(&directory.join(link));
    path.strip_prefix(real)
        .or_else(|_| path.strip_prefix(tree))
        .ok()
        .map(Path::to_owned)
}

/// Returns an absolute path without `.` and `..`, as if no component were a link.
fn lexical(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_the_tree_are_distinguished() {
        let cases = [
            ("a", Some("conf.d/a")),
            ("../a", Some("a")),
            ("../../nginx/a", Some("a")),
            ("/real/nginx/a", Some("a")),
            ("/etc/nginx/./b/../a", Some("a")),
            ("/etc/nginx", Some("")),
            ("../../a", None),
            ("/etc/nginx2/a", None),
            ("/a", None),
            ("../../../../../a", None),
        ];
        for (link, expected) in cases {
            let found = inside(
                Path::new(link),
                Path::new("/real/nginx/conf.d"),
                Path::new("/real/nginx"),
                Path::new("/etc/nginx"),
            );
            assert_eq!(found.as_deref(), expected.map(Path::new), "{link}");
        }
    }
}
