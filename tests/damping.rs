//! Flap damping: an instance that comes and goes is left out until it is stable.

use std::fs;
use std::time::{Duration, Instant};

use consul_dev::{Background, Seed, Service, Status};

use crate::support::ctmpl::{Ctmpl, DEADLINE, Folder, text};
use crate::support::embedded;

/// The numbers of the template with flap damping.
const DAMPING: &str =
    "flap_damping { max_toggles = 3 window = \"1m\" stable_for = \"4s\" max_damped = 1 }";

/// A server with this many instances of `web` that have a check.
fn consul(count: u16) -> Background {
    let instance = |number: u16| {
        let service = Service::new("web").id(&format!("web{number}")).node("n1");
        let service = service.address("10.0.0.1").port(8000 + number);
        service.status(Status::Passing)
    };
    embedded(
        (1..=count)
            .map(instance)
            .fold(Seed::default(), Seed::service),
    )
}

/// Starts ctmpl with one template with flap damping, and one without.
fn start(consul: &Background, folder: &Folder) -> Ctmpl {
    folder.write("in", r#"{{ range service "web" }}{{ .ID }} {{ end }}"#);
    let template = |destination: &str, keys: &str| {
        format!(
            "template {{ source = \"{}\" destination = \"{}\" {keys} }}\n",
            text(&folder.path("in")),
            text(&folder.path(destination))
        )
    };
    let configuration = format!(
        "log_level = \"info\"\n{}{}",
        template("out", DAMPING),
        template("raw", ""),
    );
    folder.write("ctmpl.hcl", &configuration);
    Ctmpl::start(
        consul.address(),
        [format!("--config={}", text(&folder.path("ctmpl.hcl")))],
    )
}

/// The number of times that a file was written.
fn writes(ctmpl: &Ctmpl, folder: &Folder, name: &str) -> usize {
    ctmpl.log_count(&format!("is written to {}\n", text(&folder.path(name))))
}

/// Waits until the log has this number of writes of `out`. There must not be more.
fn has_written(ctmpl: &Ctmpl, folder: &Folder, count: usize) {
    let begun = Instant::now();
    while writes(ctmpl, folder, "out") < count {
        assert!(begun.elapsed() < DEADLINE, "{}", ctmpl.log());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(writes(ctmpl, folder, "out"), count);
}

#[test]
fn a_check_that_flips_writes_the_file_a_few_times_and_the_instance_returns_when_it_is_stable() {
    let (folder, consul) = (Folder::new(), consul(3));
    let ctmpl = start(&consul, &folder);
    let (all, others) = ("web1 web2 web3 ", "web2 web3 ");
    folder.becomes("out", all);
    folder.becomes("raw", all);
    for (status, ids) in [("critical", others), ("passing", all), ("critical", others)] {
        consul.set_check("web1", status);
        folder.becomes("out", ids);
        folder.becomes("raw", ids);
    }
    consul.set_check("web1", "passing");
    ctmpl.logs(
        "health.service(web|passing): instance \"web1\" on \"n1\" has changed 4 times within 1m: left out until it has been \
         stable for 4s",
    );
    folder.becomes("raw", all);
    for round in 0..10 {
        for (status, ids) in [("critical", others), ("passing", all)] {
            consul.set_check("web1", status);
            folder.becomes("raw", ids);
            assert_eq!(folder.read("out"), others, "round {round}");
        }
    }
    assert_eq!(ctmpl.log_count("until it has been stable"), 1);
    has_written(&ctmpl, &folder, 4);
    assert!(writes(&ctmpl, &folder, "raw") >= 24);

    folder.stays("out", others, Duration::from_secs(2));
    ctmpl.logs("\"web1\" on \"n1\" is no longer damped, because it has been stable for 4s");
    folder.becomes("out", all);
    has_written(&ctmpl, &folder, 5);
    // One more change is seen at once.
    consul.set_check("web1", "critical");
    folder.becomes("out", others);
}

/// The instance was in the file again after each restart.
#[test]
fn an_instance_stays_damped_across_a_restart() {
    let (folder, consul) = (Folder::new(), consul(3));
    let start = || {
        folder.write("in", r#"{{ range service "web" }}{{ .ID }} {{ end }}"#);
        let configuration = format!(
            "log_level = \"info\"\nstate_dir = \"{}\"\n\
             flap_damping {{ max_toggles = 3 window = \"1m\" stable_for = \"1h\" }}\n\
             template {{ source = \"{}\" destination = \"{}\" }}\n",
            text(&folder.path("state")),
            text(&folder.path("in")),
            text(&folder.path("out"))
        );
        folder.write("ctmpl.hcl", &configuration);
        Ctmpl::start(
            consul.address(),
            [format!("--config={}", text(&folder.path("ctmpl.hcl")))],
        )
    };
    let ctmpl = start();
    let (all, others) = ("web1 web2 web3 ", "web1 web3 ");
    folder.becomes("out", all);
    for (status, ids) in [("critical", others), ("passing", all), ("critical", others)] {
        consul.set_check("web2", status);
        folder.becomes("out", ids);
    }
    consul.set_check("web2", "passing");
    ctmpl.logs("instance \"web2\" on \"n1\" has changed 4 times");
    ctmpl.stop();
    for _ in 0..2 {
        fs::remove_file(folder.path("out")).unwrap();
        let ctmpl = start();
        folder.eventually("out", "written", |text| !text.is_empty());
        assert_eq!(folder.read("out"), others);
        ctmpl.logs("instance \"web2\" on \"n1\" is damped since an earlier process: left out");
        ctmpl.stop();
    }
    let saved = folder.read("state/answers");
    assert!(
        saved.contains("\"id\":\"web2\"") && !saved.contains("web3"),
        "{saved}"
    );
}

#[test]
fn an_instance_that_is_deregistered_while_it_is_damped_does_not_return() {
    let (folder, consul) = (Folder::new(), consul(3));
    let ctmpl = start(&consul, &folder);
    let (all, others) = ("web1 web2 web3 ", "web1 web2 ");
    folder.becomes("raw", all);
    for (status, ids) in [("critical", others), ("passing", all)].repeat(2) {
        consul.set_check("web3", status);
        folder.becomes("raw", ids);
    }
    ctmpl.logs("instance \"web3\" on \"n1\" has changed 4 times");
    consul.deregister("web3");
    folder.becomes("raw", others);
    assert_eq!(folder.read("out"), others);
    ctmpl.logs("\"web3\" on \"n1\" is no longer damped");
    folder.stays("out", others, Duration::from_secs(1));
    has_written(&ctmpl, &folder, 4);
}

#[test]
fn the_last_instance_is_shown_although_it_flaps() {
    let (folder, consul) = (Folder::new(), consul(1));
    let ctmpl = start(&consul, &folder);
    folder.becomes("out", "web1 ");
    for (status, ids) in [("critical", ""), ("passing", "web1 ")].repeat(2) {
        consul.set_check("web1", status);
        folder.becomes("raw", ids);
        folder.becomes("out", ids);
    }
    ctmpl.logs(
        "health.service(web|passing): instance \"web1\" on \"n1\" has changed 4 times within 1m, but is not damped: \
         max_damped (1) is reached, or it is the last instance that is not damped",
    );
}
