//! The order in which `-once` reads a file that another template writes.

use super::{command_of_once, consul, once};
use crate::support::ctmpl::{Ctmpl, Ended, Folder};

/// Runs templates once; `b` reads the files of others.
fn chained(second: &str, command: &str, before: &[(&str, &str)]) -> (Folder, Ended) {
    let (folder, consul) = (Folder::new(), consul());
    let at = |name: &str| folder.path(name).display().to_string();
    for (name, text) in before {
        folder.write(name, text);
    }
    folder.write("a.in", "{{ key \"app/name\" }}");
    folder.write("b.in", &second.replace("DIR", &at("")));
    let templates = [("b.in", "b"), ("a.in", "a"), ("c.in", "c")];
    folder.write("c.in", "static");
    let templates = templates.map(|(from, to)| folder.template(from, to, command));
    let flags: Vec<_> = templates.iter().flat_map(|it| ["-template", it]).collect();
    let ended = once(&consul, &[&["-timeout=20s"], flags.as_slice()].concat());
    (folder, ended)
}

#[test]
fn a_file_that_another_template_writes_is_read_after_that() {
    let stale = [("a", "stale"), ("c", "stale")];
    for before in [&[][..], &stale] {
        let (folder, ended) = chained("{{ file `DIR/a` }}, {{ file `DIR/./c` }}", "", before);
        assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""));
        assert_eq!(folder.read("b"), "x, static");
    }
}

#[test]
fn a_relative_destination_is_the_file_that_another_template_reads_with_an_absolute_path() {
    let (folder, consul) = (Folder::new(), consul());
    folder.write("a", "old");
    folder.write("a.in", "{{ key `app/name` }}");
    let text = format!("{{{{ file `{}` }}}}", folder.path("a").display());
    folder.write("b.in", &text);
    let mut command = command_of_once(&format!("-consul-addr={}", consul.address()));
    command.args(["-template=b.in:b", "-template=a.in:a", "-timeout=20s"]);
    command.current_dir(folder.path("."));
    let ended = Ctmpl::spawn(command).ends();
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("b"), "x");
}

#[test]
fn a_file_that_never_changes_before_its_reader_is_read_at_once() {
    // Its own file, and that of a template with the same command, which is written together with it.
    for (text, command) in [("{{ file `DIR/b` }}!", ""), ("{{ file `DIR/a` }}!", "true")] {
        let before = [("a", "old"), ("b", "old")];
        let (folder, ended) = chained(text, command, &before);
        assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""), "{text}");
        assert_eq!(folder.read("b"), "old!");
    }
}

#[test]
fn templates_that_read_the_files_of_one_another_do_not_wait_forever() {
    let (folder, consul) = (Folder::new(), consul());
    let mut flags = Vec::new();
    for (name, other) in [("a", "b"), ("b", "a")] {
        folder.write(name, "old");
        let text = format!("{name} {{{{ file `{}` }}}}", folder.path(other).display());
        folder.write(&format!("{name}.in"), &text);
        flags.push(format!(
            "-template={}",
            folder.template(&format!("{name}.in"), name, "")
        ));
    }
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let ended = once(&consul, &flags);
    assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""));
    assert_eq!(folder.read("a"), "a old");
}

/// Runs templates once that read files: the group or none, the destination, and what it reads.
fn reading(templates: &[(&str, &str, &[&str])]) -> (Folder, Ended) {
    let (folder, consul) = (Folder::new(), consul());
    let path = |name: &str| folder.path(name).display().to_string();
    let mut blocks = vec!["group \"g\" {}\ngroup \"h\" {}\n".to_owned()];
    for (group, name, others) in templates {
        folder.write(name, "old");
        let mut contents = vec![(*name).to_owned()];
        contents.extend(
            others
                .iter()
                .map(|it| format!("{{{{ file `{}` }}}}", path(it))),
        );
        let (contents, destination) = (contents.join(" "), path(name));
        let group = match *group {
            "" => String::new(),
            group => format!("  group = \"{group}\"\n"),
        };
        blocks.push(format!(
            "template {{\n{group}  destination = \"{destination}\"\n  contents = \"{contents}\"\n}}\n"
        ));
    }
    folder.write("ctmpl.hcl", &blocks.concat());
    let config = format!("-config={}", path("ctmpl.hcl"));
    let ended = once(&consul, &[&config, "-timeout=10s"]);
    (folder, ended)
}

#[test]
fn groups_that_wait_for_the_files_of_one_another_do_not_wait_forever() {
    let through_another = [("g", "a", &["b"][..]), ("g", "c", &[]), ("", "b", &["c"])];
    let (folder, ended) = reading(&through_another);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!([folder.read("b"), folder.read("c")], ["b old", "c"]);
    let both = [
        ("g", "a", &["d"][..]),
        ("g", "c", &[]),
        ("h", "b", &["c"]),
        ("h", "d", &[]),
    ];
    let (folder, ended) = reading(&both);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!([folder.read("a"), folder.read("b")], ["a old", "b old"]);
}

#[test]
fn each_template_of_a_chain_reads_the_new_file_of_the_one_before() {
    let chain = [
        ("", "c", &["b"][..]),
        ("", "b", &["a"]),
        ("", "a", &["z"]),
        ("g", "z", &[]),
    ];
    let (folder, ended) = reading(&chain);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("c"), "c b a z");
}
