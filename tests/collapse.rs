//! The collapse guard: an answer that loses its items is held back until the loss is confirmed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use consul_dev::{Background, Fault, Seed, Service};
use serde_json::json;

use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Folder, text};
use crate::support::secured::Secured;
use crate::support::{catalog, embedded, http, installed};

const WEB: &str = r#"{{ range service "web" }}{{ .ID }} {{ end }}"#;

/// A server with instances of `web` on the nodes `n1` (all but the last) and `n2`.
fn consul(count: u16) -> Background {
    let instances = (1..=count).map(|number| instance(number, count));
    embedded(instances.fold(Seed::default(), Seed::service))
}

fn instance(number: u16, count: u16) -> Service {
    let node = if number == count { "n2" } else { "n1" };
    let service = Service::new("web").id(&format!("web{number}"));
    service.node(node).address("10.0.0.1").port(8000 + number)
}

fn put(consul: SocketAddr, path: &str, body: &serde_json::Value) {
    let answer = http::request(consul, "PUT", path, &body.to_string()).unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
}

/// All instances of a node vanish at once.
fn remove_node(consul: &Background, node: &str) {
    put(
        consul.address(),
        "/v1/catalog/deregister",
        &json!({ "Node": node }),
    );
}

/// Starts ctmpl with one template and these global settings. The command counts its runs.
fn start(consul: SocketAddr, folder: &Folder, template: &str, settings: &str) -> Ctmpl {
    folder.write("in", template);
    let configuration = format!(
        "log_level = \"info\"\nblock_query_wait = \"1s\"\n{settings}\ntemplate {{\n  source = \"{}\"\n  destination = \"{}\"\n  \
         command = \"echo ran >> {}\"\n}}\n",
        text(&folder.path("in")),
        text(&folder.path("out")),
        text(&folder.path("ran")),
    );
    folder.write("ctmpl.hcl", &configuration);
    Ctmpl::start(
        consul,
        [format!("--config={}", text(&folder.path("ctmpl.hcl")))],
    )
}

/// Returns `true` if a read went to the leader and did not block.
fn is_fresh_read(query: &str) -> bool {
    !query
        .split('&')
        .any(|part| part == "stale" || part.starts_with("index="))
}

#[test]
fn instances_that_come_back_cause_no_write_and_no_command() {
    let (folder, consul) = (Folder::new(), consul(3));
    let ctmpl = start(consul.address(), &folder, WEB, "");
    folder.becomes("ran", "ran\n");
    assert_eq!(folder.read("out"), "web1 web2 web3 ");
    let written = std::fs::metadata(folder.path("out"))
        .unwrap()
        .modified()
        .unwrap();
    consul.faults().forget_requests();
    // Both nodes at once: one catalog write removes all instances.
    let checks = json!([
        { "Node": { "Verb": "delete", "Node": { "Node": "n1" } } },
        { "Node": { "Verb": "delete", "Node": { "Node": "n2" } } },
    ]);
    put(consul.address(), "/v1/txn", &checks);
    ctmpl
        .logs("health.service(web|passing): 0 of 3 items are left: the last accepted answer stays");
    folder.stays("out", "web1 web2 web3 ", Duration::from_secs(3));
    for number in 1..=3 {
        consul.register(instance(number, 3));
    }
    ctmpl.logs("enough items are back");
    folder.stays("out", "web1 web2 web3 ", Duration::from_secs(2));
    let after = std::fs::metadata(folder.path("out"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!((folder.read("ran").as_str(), after), ("ran\n", written));
    let reads = consul.faults().requests("/v1/health/service/web");
    let fresh = reads.iter().filter(|request| is_fresh_read(&request.query));
    assert!((2..=4).contains(&fresh.count()), "{reads:?}");
    assert_eq!(ctmpl.log_count("0 of 3 items are left"), 1);
}

#[test]
fn a_loss_that_stays_is_written_once_after_a_read_from_the_leader() {
    let (folder, consul) = (Folder::new(), consul(1));
    let settings = "guard { confirm_for = \"3s\" }";
    let ctmpl = start(consul.address(), &folder, WEB, settings);
    folder.becomes("ran", "ran\n");
    consul.faults().forget_requests();
    let begun = Instant::now();
    remove_node(&consul, "n2");
    ctmpl.logs("0 of 1 item is left");
    folder.becomes("out", "");
    assert!(begun.elapsed() >= Duration::from_secs(3));
    folder.becomes("ran", "ran\nran\n");
    let reads = consul.faults().requests("/v1/health/service/web");
    assert!(
        reads.iter().any(|request| is_fresh_read(&request.query)),
        "{reads:?}"
    );
    ctmpl.logs("accepted, because it was confirmed for 3");
    folder.stays("ran", "ran\nran\n", Duration::from_secs(2));
}

#[test]
fn a_prefix_that_a_restarted_server_has_lost_stays_until_it_is_filled_again() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("app/a", "1").key("app/b", "2"));
    let template = r#"{{ range tree "app" }}{{ .Key }}={{ .Value }} {{ end }}"#;
    let ctmpl = start(consul.address(), &folder, template, "");
    folder.becomes("out", "a=1 b=2 ");
    consul.faults().forget_everything();
    ctmpl.logs("kv.list(app): 0 of 2 items are left");
    folder.stays("out", "a=1 b=2 ", Duration::from_secs(3));
    consul.put_key("app/a", "1");
    consul.put_key("app/b", "3");
    folder.becomes("out", "a=1 b=3 ");
    folder.becomes("ran", "ran\nran\n");
}

#[test]
fn instances_in_maintenance_leave_the_file_at_once() {
    let (folder, consul) = (Folder::new(), consul(4));
    let ctmpl = start(consul.address(), &folder, WEB, "");
    folder.becomes("out", "web1 web2 web3 web4 ");
    let begun = Instant::now();
    let check = json!({
        "Node": "n1", "Address": "10.0.0.1",
        "Check": { "Node": "n1", "CheckID": "_node_maintenance", "Name": "Node Maintenance Mode", "Status": "critical" },
    });
    put(consul.address(), "/v1/catalog/register", &check);
    folder.becomes("out", "web4 ");
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    ctmpl.logs("accepted, because the missing instances are in maintenance");
}

#[test]
fn a_token_that_loses_its_rights_empties_nothing() {
    let (folder, consul) = (Folder::new(), consul(3));
    let settings = "guard { confirm_for = \"1s\" }";
    let ctmpl = start(consul.address(), &folder, WEB, settings);
    folder.becomes("out", "web1 web2 web3 ");
    let rule = consul.faults().inject("/v1/health/", Fault::Filtered);
    ctmpl.logs("for as long as Consul leaves out what the token may not read; correct the rights of the token");
    folder.stays("out", "web1 web2 web3 ", Duration::from_secs(4));
    consul.faults().lift(rule);
    ctmpl.logs("enough items are back");
    assert_eq!(folder.read("ran"), "ran\n");
    // Without that hint of the server, the loss is confirmed.
    remove_node(&consul, "n1");
    folder.becomes("out", "web3 ");
}

/// The rights to read everything that the templates request.
const RIGHTS: &str = r#"service_prefix "" { policy = "read" } node_prefix "" { policy = "read" } key_prefix "" { policy = "read" }"#;

/// Consul 1.8 leaves out what a token may not read, and does not say so.
#[test]
fn a_real_token_that_loses_its_rights_empties_nothing() {
    if !installed(&["consul"]) {
        return;
    }
    let (folder, consul) = (Folder::new(), Secured::start());
    let token = consul.token();
    consul.set_rights(RIGHTS);
    let register = format!("/v1/catalog/register?token={}", Secured::master());
    for number in 1..=3 {
        let service =
            json!({ "Service": "web", "ID": format!("web{number}"), "Port": 8000 + number });
        let body = json!({ "Node": "n1", "Address": "10.0.0.1", "Service": service });
        put(consul.plain(), &register, &body);
    }
    consul.put("app/a", "1");
    let template = format!("{WEB}{{{{ range ls \"app\" }}}}{{{{ .Key }}}}{{{{ end }}}}");
    let settings = format!("consul {{ token = \"{}\" }}", token.secret);
    let ctmpl = start(consul.plain(), &folder, &template, &settings);
    folder.becomes("out", "web1 web2 web3 a");

    consul.set_rights("");
    ctmpl
        .logs("health.service(web|passing): 0 of 3 items are left: the last accepted answer stays");
    ctmpl.logs("kv.list(app): 0 of 1 item is left: the last accepted answer stays");
    folder.stays("out", "web1 web2 web3 a", Duration::from_secs(5));
    consul.set_rights(RIGHTS);
    ctmpl.logs("health.service(web|passing): enough items are back");
    ctmpl.logs("kv.list(app): enough items are back");

    // A token that does not exist is refused.
    consul.revoke(&token);
    ctmpl.logs("health.service(web|passing): Consul at ");
    ctmpl.logs("answered 403: ACL not found");
    folder.stays("out", "web1 web2 web3 a", Duration::from_secs(2));
    assert_eq!(folder.read("ran"), "ran\n");
    assert!(!ctmpl.log().contains(&token.secret));
}

#[test]
fn a_template_without_a_guard_sees_the_loss_at_once() {
    let (folder, consul) = (Folder::new(), consul(1));
    let own = format!(
        "guard = false\ntemplate {{ contents = \"{}\" destination = \"{}\" guard = true }}",
        WEB.replace('"', "\\\""),
        text(&folder.path("guarded")),
    );
    let ctmpl = start(consul.address(), &folder, WEB, &own);
    folder.becomes("out", "web1 ");
    folder.becomes("guarded", "web1 ");
    remove_node(&consul, "n2");
    folder.becomes("out", "");
    assert_eq!(folder.read("guarded"), "web1 ");
    ctmpl.logs("0 of 1 item is left");
}

#[test]
fn calls_choose_what_happens_in_both_languages() {
    let folder = Folder::new();
    let consul = consul(3);
    folder.write(
        "fail.j2",
        "\n{{ service(\"web\", min=2, on_collapse=\"fail\") | length }}",
    );
    folder.write(
        "render.j2",
        "{{ service(\"web\", on_collapse=\"render\") | length }}",
    );
    let template = |source: &str, destination: &str| {
        format!(
            "template {{ source = \"{}\" destination = \"{}\" }}\n",
            text(&folder.path(source)),
            text(&folder.path(destination))
        )
    };
    let others = template("fail.j2", "fail") + &template("render.j2", "render");
    let hold = r#"{{ len (service "web" "min=2" "on_collapse=hold") }}"#;
    let ctmpl = start(consul.address(), &folder, hold, &others);
    for file in ["out", "fail", "render"] {
        folder.becomes(file, if file == "fail" { "\n3" } else { "3" });
    }
    remove_node(&consul, "n1");
    folder.becomes("render", "1");
    ctmpl.logs(
        "health.service(web|passing): a call gets fewer items than its min: the last accepted answer stays",
    );
    ctmpl.logs(&format!(
        "{}:2:4: service: health.service(web|passing): fewer than 2 items are left, and on_collapse=fail keeps the last file",
        text(&folder.path("fail.j2"))
    ));
    for file in ["out", "fail"] {
        assert_eq!(folder.read(file).trim(), "3");
    }
    for number in 1..=2 {
        consul.register(instance(number, 3));
    }
    for file in ["out", "fail", "render"] {
        folder.becomes(file, if file == "fail" { "\n3" } else { "3" });
    }
}

#[test]
fn a_real_server_that_restarts_empty_wipes_nothing() {
    if !installed(&["consul"]) {
        return;
    }
    let folder = Folder::new();
    let mut consul = Consul::start();
    let fill = |consul: &Consul| {
        for number in 1..=3 {
            // The agent would register its own services again.
            let service =
                json!({ "Service": "web", "ID": format!("web{number}"), "Port": 8000 + number });
            let body = json!({ "Node": "n1", "Address": "10.0.0.1", "Service": service });
            put(consul.address(), "/v1/catalog/register", &body);
        }
        catalog::put(consul.address(), "app/a", "1");
    };
    fill(&consul);
    let template = format!("{WEB}{{{{ range ls \"app\" }}}}{{{{ .Key }}}}{{{{ end }}}}");
    let ctmpl = start(consul.address(), &folder, &template, "");
    folder.becomes("out", "web1 web2 web3 a");
    consul.stop();
    consul.start_again();
    ctmpl.logs("health.service(web|passing): 0 of 3 items are left");
    ctmpl.logs("kv.list(app): 0 of 1 item is left");
    folder.stays("out", "web1 web2 web3 a", Duration::from_secs(5));
    fill(&consul);
    ctmpl.logs("health.service(web|passing): enough items are back");
    folder.stays("out", "web1 web2 web3 a", Duration::from_secs(2));
    assert_eq!(folder.read("ran"), "ran\n");
}

#[test]
fn the_first_answer_of_a_new_process_is_compared_with_the_last_of_the_old_one() {
    let (folder, consul) = (Folder::new(), consul(1));
    let settings = format!(
        "guard {{ confirm_for = \"6s\" }}\nkeep_answers = false\nstate_dir = \"{}\"",
        text(&folder.path("state"))
    );
    let ctmpl = start(consul.address(), &folder, WEB, &settings);
    folder.becomes("ran", "ran\n");
    ctmpl.stop();
    assert!(!folder.path("state/answers.db").exists());
    remove_node(&consul, "n2");
    let ctmpl = start(consul.address(), &folder, WEB, &settings);
    ctmpl.logs("health.service(web|passing): 0 of 1 item is left: its templates wait until");
    ctmpl.logs("waiting for health.service(web|passing): 0 of 1 item is left: held back until");
    assert_eq!(folder.read("out"), "web1 ");
    folder.becomes("out", "");
    folder.becomes("ran", "ran\nran\n");
}

#[test]
fn while_the_first_answer_of_a_new_process_is_held_back_other_changes_reach_the_file() {
    let (folder, consul) = (Folder::new(), consul(1));
    consul.put_key("a", "1");
    let settings = format!(
        "guard {{ confirm_for = \"3s\" }}\nstate_dir = \"{}\"",
        text(&folder.path("state"))
    );
    let template = format!("{WEB}{{{{ key \"a\" }}}}");
    let ctmpl = start(consul.address(), &folder, &template, &settings);
    folder.becomes("ran", "ran\n");
    ctmpl.stop();
    remove_node(&consul, "n2");
    consul.put_key("a", "2");
    let ctmpl = start(consul.address(), &folder, &template, &settings);
    ctmpl.logs(
        "health.service(web|passing): 0 of 1 item is left: its templates use the answer of the process before, or wait, until",
    );
    folder.becomes("out", "web1 2");
    ctmpl.logs("reads from the leader have confirmed");
    folder.becomes("out", "2");
    folder.becomes("ran", "ran\nran\nran\n");
}
