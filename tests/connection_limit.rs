//! More queries than the agent accepts connections from one client.

use std::fmt::Write as _;

use crate::support::ctmpl::{Ctmpl, Folder};
use crate::support::eventually;
use consul_dev::Seed;

/// The agent's limit of connections per client; the default is 200.
const CONNECTIONS: usize = 20;
const QUERIES: usize = 60;

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
    // Queries above the limit are refused; one log line reports all of them.
    eventually("the long polls are refused", || {
        ctmpl.log_count(" fails: ") >= QUERIES - CONNECTIONS
    });
    ctmpl.logs("the files stay as they are");
    assert_eq!(
        ctmpl.log_count("the files stay as they are"),
        1,
        "{}",
        ctmpl.log()
    );
}
