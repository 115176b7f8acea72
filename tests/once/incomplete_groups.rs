//! `-once` with a named group of which one template can never be rendered.

use super::{consul, once};
use crate::support::ctmpl::{Ended, Folder};

/// Runs the templates of a group once: this one, and one that needs no data and must not be written.
fn with_sibling(folder: &Folder, template: &str) -> Ended {
    let path = |name: &str| folder.path(name).display().to_string();
    let configuration = format!(
        "group \"g\" {{ command = \"true\" }}\n\
         template {{ group = \"g\" {template} destination = \"{}\" }}\n\
         template {{ group = \"g\" contents = \"static\" destination = \"{}\" }}\n",
        path("a"),
        path("b"),
    );
    folder.write("ctmpl.hcl", &configuration);
    let flag = format!("-config={}", path("ctmpl.hcl"));
    let ended = once(&consul(), &[&flag, "-timeout=20s"]);
    assert!(!folder.path("b").exists(), "{}", ended.log);
    ended
}

/// It waited for ever for the data of the other template of its group.
#[test]
fn a_group_that_lacks_data_for_good_fails() {
    let folder = Folder::new();
    let missing = folder.path("none").display().to_string();
    let ended = with_sibling(
        &folder,
        &format!("contents = \"{{{{ file `{missing}` }}}}\""),
    );
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    let unavailable = "required data is unavailable";
    assert!(ended.log.contains(unavailable), "{}", ended.log);
}

/// It waited for ever for the first text of the template with the broken source.
#[test]
fn a_group_with_a_source_that_cannot_be_read_or_parsed_fails() {
    let folder = Folder::new();
    folder.write("invalid.ctmpl", "{{ if }}");
    for source in ["invalid.ctmpl", "none.ctmpl"] {
        let path = folder.path(source).display().to_string();
        let ended = with_sibling(&folder, &format!("source = \"{path}\""));
        assert_eq!(ended.code(), Some(14), "{source}: {}", ended.log);
        let blocked = format!("{source} cannot be rendered, so no file of this group is changed");
        for expected in [source, &blocked] {
            assert!(ended.log.contains(expected), "{source}: {}", ended.log);
        }
    }
}
