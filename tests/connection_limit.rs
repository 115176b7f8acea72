//! More queries than the agent accepts connections from one client.

use std::fmt::Write as _;

use crate::support::ctmpl::{Ctmpl, Folder};
use consul_dev::Seed;

/// The agent's limit of connections per client; the default is 200.
const CONNECTIONS: usize = 20;
const QUERIES: usize = 40;

#[test]
fn every_query_gets_its_first_answer_before_long_polls_take_the_connections() {
    let (mut seed, mut template, mut expected) = (Seed::default(), String::new(), String::new());
    for number in 0..QUERIES {
        seed = seed.key(&format!("k{number}"), &number.to_string());
        writeln!(template, "{{{{ key \"k{number}\" }}}}").expect("a string takes it");
        writeln!(expected, "{number}").expect("a string takes it");
    }
    let consul = crate::support::embedded(seed);
    consul.faults().limit_connections(CONNECTIONS);
    let folder = Folder::new();
    folder.write("in", &template);
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["-template", &folder.template("in", "out", "")],
    );
    folder.becomes("out", &expected);
    // Long polls above the limit are refused; one log line reports all of them.
    ctmpl.logs("the files stay as they are");
    ctmpl.logs("Consul answers again");
    // The other queries need no connection of their own.
    for number in [0, QUERIES / 2, QUERIES - 1] {
        consul.put_key(&format!("k{number}"), "new");
    }
    folder.eventually("out", "the changes", |text| {
        text.matches("new").count() == 3
    });
    assert_eq!(
        ctmpl.log_count("the files stay as they are"),
        1,
        "{}",
        ctmpl.log()
    );
}
