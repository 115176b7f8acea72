//! `ctmpl plan`: shows what the daemon would change, and what templates cost Consul; changes nothing.

use std::fmt::Write as _;
use std::fs;

use consul_dev::Seed;
use serde_json::Value;

use crate::support::ctmpl::{Ctmpl, Ended, Folder, command, daemon, run_command, text};
use crate::support::embedded;

/// Runs `ctmpl plan` in a folder. Returns the end and the standard output.
fn plan(folder: &Folder, arguments: &[&str]) -> (Ended, String) {
    let mut command = command();
    command.current_dir(folder.path(".")).arg("plan");
    command.args(arguments);
    let ended = run_command(command);
    let output = ended.output.clone();
    (ended, output)
}

fn names(folder: &Folder) -> Vec<String> {
    let entries = fs::read_dir(folder.path(".")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const CONFIG: &str = r#"
template { source = "a.ctmpl" destination = "a" command = "touch ran" }
template { source = "b.ctmpl" destination = "b" command = "touch ran" }
template { contents = "same\n" destination = "c" command = "touch never" }
"#;

#[test]
fn a_plan_shows_diffs_and_commands_and_changes_nothing() {
    let consul = embedded(Seed::default().key("app/port", "81"));
    let folder = Folder::new();
    folder.write("ct.hcl", CONFIG);
    folder.write("a.ctmpl", "first\nport {{ key \"app/port\" }}\n");
    folder.write("b.ctmpl", "new\n");
    folder.write("a", "first\nport 80\n");
    folder.write("c", "same\n");
    let before = names(&folder);
    let address = format!("--consul-addr={}", consul.address());
    let arguments = ["--config=ct.hcl", "--state-dir=state", &address];
    let (ended, output) = plan(&folder, &arguments);
    assert_eq!(ended.code(), Some(2), "{}", ended.log);
    let expected = "--- a\n+++ a\n@@ -1,2 +1,2 @@\n first\n-port 80\n+port 81\n\
                    --- /dev/null\n+++ b\n@@ -0,0 +1 @@\n+new\n\
                    Commands that would run:\n  touch ran\n\
                    Of 3 files, 1 would be created and 1 changed.\n";
    assert_eq!(output, expected);
    assert_eq!(names(&folder), before);
    assert_eq!(folder.read("a"), "first\nport 80\n");

    let (ended, output) = plan(&folder, &[&arguments[..], &["--json"]].concat());
    assert_eq!(ended.code(), Some(2), "{}", ended.log);
    let json: Value = serde_json::from_str(&output).unwrap();
    let states: Vec<_> = json["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["changed", "created", "unchanged"]);
    assert_eq!(json["commands"], serde_json::json!(["touch ran"]));

    // The daemon writes what the plan has shown; then nothing is left to change.
    let mut once = command();
    once.current_dir(folder.path(".")).arg("--once");
    once.args(arguments);
    assert_eq!(run_command(once).code(), Some(0));
    assert_eq!(folder.read("a"), "first\nport 81\n");
    let (ended, output) = plan(&folder, &arguments);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(output, "Of 3 files, 0 would be created and 0 changed.\n");
}

/// It was shown as a change, with exit code 2, although no daemon would make it.
#[test]
fn a_file_that_is_held_is_no_change() {
    let consul = embedded(Seed::default().key("version", "1"));
    let folder = Folder::new();
    let (out, runs) = (folder.path("out"), folder.path("runs"));
    folder.write(
        "ctmpl.hcl",
        &format!(
            "template {{ contents = \"{{{{ key \\\"version\\\" }}}}\" destination = \"{}\" \
             command = \"cat {0} >>{}\" }}\n",
            text(&out),
            text(&runs),
        ),
    );
    let ctmpl = Ctmpl::spawn(daemon(&folder, consul.address()));
    folder.becomes("runs", "1");
    consul.put_key("version", "2");
    folder.becomes("runs", "12");
    let state = format!("--state-dir={}", text(&folder.path("state")));
    let mut rollback = command();
    rollback.args(["rollback", &text(&out), &state]);
    let ended = run_command(rollback);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("out"), "1");

    let address = format!("--consul-addr={}", consul.address());
    let arguments = ["--config=ctmpl.hcl", &state, &address];
    let (ended, output) = plan(&folder, &arguments);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let path = out.display();
    let expected = format!(
        "Of 1 file, 0 would be created and 0 changed.\n\
         {path} would be changed, but `ctmpl rollback` holds it: `ctmpl history {path}`.\n"
    );
    assert_eq!(output, expected);
    let (_, output) = plan(&folder, &[&arguments[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(json["files"][0]["state"], "held");
    assert_eq!(json["commands"], serde_json::json!([]));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_template_that_fails_or_waits_is_named_with_its_place_and_hides_no_other() {
    let consul = embedded(Seed::default().key("a", "1"));
    let folder = Folder::new();
    folder.write("ct.hcl", CONFIG);
    folder.write("a.ctmpl", "x\n{{ key \"missing\" }}\n");
    folder.write("b.ctmpl", "{{ parseInt \"x\" }}");
    let address = format!("--consul-addr={}", consul.address());
    let (ended, output) = plan(&folder, &["--config=ct.hcl", &address]);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    for part in [
        "a.ctmpl:2: kv.get(missing): the key does not exist",
        "b.ctmpl:1",
    ] {
        assert!(ended.log.contains(part), "{part}: {}", ended.log);
    }
    assert!(output.contains("+++ c\n"), "{output}");
    assert!(
        output.contains("2 templates cannot be rendered."),
        "{output}"
    );

    folder.write("b.ctmpl", "{{ if }}");
    let (ended, _) = plan(&folder, &["--config=ct.hcl", &address]);
    assert_eq!(ended.code(), Some(15), "{}", ended.log);
    assert!(ended.log.contains("b.ctmpl:1"), "{}", ended.log);
}

#[test]
fn the_cost_names_the_loop_with_its_line_and_its_queries() {
    let mut seed = String::from("services:\n");
    for number in 0..30 {
        writeln!(seed, "  - name: s{number}\n    port: 80").unwrap();
    }
    let folder = Folder::new();
    folder.write("seed.yaml", &seed);
    folder.write(
        "web.ctmpl",
        "# all\n{{ range services }}{{ range service .Name }}{{ .Port }}\n{{ end }}{{ end }}",
    );
    let arguments = ["--cost", "--data=seed.yaml", "--template=web.ctmpl:web"];
    let (ended, output) = plan(&folder, &[&arguments[..], &["--json"]].concat());
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let cost: Value = serde_json::from_str(&output).unwrap();
    // The embedded server registers itself, too.
    let queries = cost["queries"].as_u64().unwrap();
    assert_eq!(queries, 32, "{cost:#}");
    assert_eq!(cost["connections"], 32);
    assert_eq!(cost["start"]["requests"], 32);
    assert!(
        cost["start"]["bytes"].as_u64().unwrap() > 30 * 200,
        "{cost:#}"
    );
    let call = &cost["calls"][0];
    assert_eq!(
        (&call["line"], &call["queries"], &call["query"]),
        (&2.into(), &31.into(), &"health.service".into())
    );
    let (ended, output) = plan(&folder, &arguments);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    for part in [
        "COST OF      1 template",
        "connections  32",
        "web.ctmpl     2  health.service         31",
        "web.ctmpl:2: 31 queries of health.service: restrict the loop before this call",
    ] {
        assert!(output.contains(part), "{part}:\n{output}");
    }
    assert_eq!(folder.read("web"), "");
}
