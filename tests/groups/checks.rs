//! Checks while other steps of their group are in progress.

use super::*;

#[test]
fn a_change_is_applied_although_the_command_of_the_one_before_ends_during_its_check() {
    let (folder, consul) = (Folder::new(), consul(&[("version", "1")]));
    let path = |name: &str| text(&folder.path(name));
    let wait = |name: &str| format!("until test -e {}; do sleep 0.02; done", path(name));
    let configuration = format!(
        r#"
group "app" {{
  check = ["sh", "-c", "grep -q 1 $1 || {{ echo checks >{checks}; {wait_to_pass}; }}", "sh", "{{staged}}"]
  command = "echo runs >>{runs}; {wait_to_end}"
}}
template {{
  group = "app"
  destination = "{out}"
  contents = "{{{{ key \"version\" }}}}"
}}
"#,
        checks = path("checks"),
        runs = path("runs"),
        out = path("out"),
        wait_to_pass = wait("pass"),
        wait_to_end = wait("end"),
    );
    let ctmpl = start(&folder, &consul, &configuration);
    folder.becomes("runs", "runs\n");
    consul.put_key("version", "2");
    folder.becomes("checks", "checks\n");
    folder.write("end", "");
    ctmpl.logs("end; do sleep 0.02; done succeeded after");
    folder.write("pass", "");
    folder.becomes("out", "2");
    folder.becomes("runs", "runs\nruns\n");
    assert_eq!(ctmpl.stop().code(), Some(12));
}
