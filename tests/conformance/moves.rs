//! Writes, and the queries whose index they change.

use std::net::SocketAddr;

use super::{Request, make, set_up};
use crate::support::http;

/// The queries whose indexes are compared before and after a write.
const QUERIES: [&str; 13] = [
    "/v1/catalog/services",
    "/v1/catalog/nodes",
    "/v1/catalog/node/s1",
    "/v1/catalog/node/mv-node",
    "/v1/catalog/service/mv-a",
    "/v1/health/service/mv-a",
    "/v1/health/service/mv-b",
    "/v1/health/service/mv-none",
    "/v1/health/state/any",
    "/v1/health/node/s1",
    "/v1/kv/mv/?recurse",
    "/v1/kv/mv/one",
    "/v1/kv/mv-none/?recurse",
];

struct Move {
    name: &'static str,
    setup: &'static [Request],
    write: Request,
    /// The queries whose index grows. All others must stay the same.
    moved: &'static [&'static str],
}

const REGISTER_A: Request = (
    "PUT",
    "/v1/agent/service/register",
    r#"{"Name":"mv-a","Port":1,"Check":{"TTL":"1h","Status":"passing"}}"#,
);
const REGISTER_B: Request = (
    "PUT",
    "/v1/agent/service/register",
    r#"{"Name":"mv-b","Port":2}"#,
);
const REGISTER_NODE: Request = (
    "PUT",
    "/v1/catalog/register",
    r#"{"Node":"mv-node","Address":"10.0.0.9"}"#,
);

/// The writes, in order; they depend on each other and start with an empty server.
const MOVES: &[Move] = &[
    Move {
        name: "while no service ever went away, an unknown one moves with any registration",
        setup: &[],
        write: REGISTER_A,
        moved: &[
            "/v1/catalog/services",
            "/v1/catalog/node/s1",
            "/v1/catalog/service/mv-a",
            "/v1/health/service/mv-a",
            "/v1/health/service/mv-b",
            "/v1/health/service/mv-none",
            "/v1/health/state/any",
            "/v1/health/node/s1",
        ],
    },
    Move {
        name: "the same registration again moves the table of checks, and with it an unknown service",
        setup: &[],
        write: REGISTER_A,
        moved: &[
            "/v1/health/service/mv-b",
            "/v1/health/service/mv-none",
            "/v1/health/state/any",
            "/v1/health/node/s1",
        ],
    },
    Move {
        name: "another service moves no service that is there",
        setup: &[],
        write: REGISTER_B,
        moved: &[
            "/v1/catalog/services",
            "/v1/catalog/node/s1",
            "/v1/health/service/mv-b",
            "/v1/health/service/mv-none",
        ],
    },
    Move {
        name: "a check's status moves its service and all checks",
        setup: &[],
        write: ("PUT", "/v1/agent/check/fail/service:mv-a?note=bad", ""),
        moved: &[
            "/v1/catalog/service/mv-a",
            "/v1/health/service/mv-a",
            "/v1/health/service/mv-none",
            "/v1/health/state/any",
            "/v1/health/node/s1",
        ],
    },
    Move {
        name: "a check's output alone moves nothing",
        setup: &[],
        write: ("PUT", "/v1/agent/check/fail/service:mv-a?note=worse", ""),
        moved: &[],
    },
    Move {
        name: "a node moves the nodes, and an unknown service",
        setup: &[],
        write: REGISTER_NODE,
        moved: &[
            "/v1/catalog/nodes",
            "/v1/catalog/node/s1",
            "/v1/catalog/node/mv-node",
            "/v1/health/service/mv-none",
        ],
    },
    Move {
        name: "the same node again moves nothing",
        setup: &[],
        write: REGISTER_NODE,
        moved: &[],
    },
    Move {
        name: "a check of the node moves every service on it",
        setup: &[],
        write: (
            "PUT",
            "/v1/agent/check/register",
            r#"{"Name":"mv-check","TTL":"1h","Status":"passing"}"#,
        ),
        moved: &[
            "/v1/catalog/service/mv-a",
            "/v1/health/service/mv-a",
            "/v1/health/service/mv-b",
            "/v1/health/service/mv-none",
            "/v1/health/state/any",
            "/v1/health/node/s1",
        ],
    },
    Move {
        name: "the end of a check of the node moves the services as well",
        setup: &[],
        write: ("PUT", "/v1/agent/check/deregister/mv-check", ""),
        moved: &[
            "/v1/catalog/services",
            "/v1/catalog/node/s1",
            "/v1/catalog/node/mv-node",
            "/v1/catalog/service/mv-a",
            "/v1/health/service/mv-a",
            "/v1/health/service/mv-b",
            "/v1/health/service/mv-none",
            "/v1/health/state/any",
            "/v1/health/node/s1",
        ],
    },
    Move {
        name: "the end of a service moves it, and an unknown one",
        setup: &[],
        write: ("PUT", "/v1/agent/service/deregister/mv-b", ""),
        moved: &[
            "/v1/catalog/services",
            "/v1/catalog/node/s1",
            "/v1/catalog/node/mv-node",
            "/v1/health/service/mv-b",
            "/v1/health/service/mv-none",
            "/v1/health/state/any",
            "/v1/health/node/s1",
        ],
    },
    Move {
        name: "once a service went away, an unknown one stays where that left it",
        setup: &[],
        write: ("PUT", "/v1/agent/service/register", r#"{"Name":"mv-c"}"#),
        moved: &[
            "/v1/catalog/services",
            "/v1/catalog/node/s1",
            "/v1/catalog/node/mv-node",
        ],
    },
    Move {
        name: "a change of tags moves its service",
        setup: &[],
        write: (
            "PUT",
            "/v1/agent/service/register",
            r#"{"Name":"mv-a","Port":1,"Tags":["new"]}"#,
        ),
        moved: &[
            "/v1/catalog/services",
            "/v1/catalog/node/s1",
            "/v1/catalog/node/mv-node",
            "/v1/catalog/service/mv-a",
            "/v1/health/service/mv-a",
        ],
    },
    Move {
        name: "the end of an instance leaves its service to the others",
        setup: &[(
            "PUT",
            "/v1/agent/service/register",
            r#"{"Name":"mv-a","ID":"mv-a-2","Port":3}"#,
        )],
        write: ("PUT", "/v1/agent/service/deregister/mv-a-2", ""),
        moved: &[
            "/v1/catalog/services",
            "/v1/catalog/node/s1",
            "/v1/catalog/node/mv-node",
            "/v1/catalog/service/mv-a",
            "/v1/health/service/mv-a",
            "/v1/health/state/any",
            "/v1/health/node/s1",
        ],
    },
    Move {
        name: "maintenance moves its service",
        setup: &[],
        write: ("PUT", "/v1/agent/service/maintenance/mv-a?enable=true", ""),
        moved: &[
            "/v1/catalog/service/mv-a",
            "/v1/health/service/mv-a",
            "/v1/health/state/any",
            "/v1/health/node/s1",
        ],
    },
    Move {
        name: "the first key moves every key and prefix, there or not",
        setup: &[],
        write: ("PUT", "/v1/kv/mv/one", "1"),
        moved: &[
            "/v1/kv/mv/?recurse",
            "/v1/kv/mv/one",
            "/v1/kv/mv-none/?recurse",
        ],
    },
    Move {
        name: "another key moves its prefix, not its neighbour",
        setup: &[],
        write: ("PUT", "/v1/kv/mv/two", "2"),
        moved: &["/v1/kv/mv/?recurse", "/v1/kv/mv-none/?recurse"],
    },
    Move {
        name: "a key elsewhere moves an empty prefix only",
        setup: &[],
        write: ("PUT", "/v1/kv/elsewhere", "3"),
        moved: &["/v1/kv/mv-none/?recurse"],
    },
    Move {
        name: "the same value moves nothing",
        setup: &[],
        write: ("PUT", "/v1/kv/mv/one", "1"),
        moved: &[],
    },
    Move {
        name: "other flags with the same value are a change",
        setup: &[],
        write: ("PUT", "/v1/kv/mv/one?flags=7", "1"),
        moved: &[
            "/v1/kv/mv/?recurse",
            "/v1/kv/mv/one",
            "/v1/kv/mv-none/?recurse",
        ],
    },
    Move {
        name: "a condition that does not hold moves nothing",
        setup: &[],
        write: ("PUT", "/v1/kv/mv/one?cas=0", "9"),
        moved: &[],
    },
    Move {
        name: "a deletion leaves a grave below its prefix",
        setup: &[],
        write: ("DELETE", "/v1/kv/mv/two", ""),
        moved: &["/v1/kv/mv/?recurse", "/v1/kv/mv-none/?recurse"],
    },
    Move {
        name: "the deletion of nothing moves nothing",
        setup: &[],
        write: ("DELETE", "/v1/kv/mv/two", ""),
        moved: &[],
    },
    Move {
        name: "the deletion of a tree moves its prefix and its keys",
        setup: &[],
        write: ("DELETE", "/v1/kv/mv/?recurse", ""),
        moved: &[
            "/v1/kv/mv/?recurse",
            "/v1/kv/mv/one",
            "/v1/kv/mv-none/?recurse",
        ],
    },
    Move {
        name: "a grave keeps its empty prefix where the deletion left it",
        setup: &[],
        write: ("PUT", "/v1/kv/elsewhere", "4"),
        moved: &["/v1/kv/mv/one", "/v1/kv/mv-none/?recurse"],
    },
    Move {
        name: "the end of a node moves the nodes, and what was on it",
        setup: &[(
            "PUT",
            "/v1/catalog/register",
            r#"{"Node":"mv-node","Address":"10.0.0.9","Service":{"Service":"mv-a","ID":"mv-a-9"}}"#,
        )],
        write: ("PUT", "/v1/catalog/deregister", r#"{"Node":"mv-node"}"#),
        moved: &[
            "/v1/catalog/services",
            "/v1/catalog/nodes",
            "/v1/catalog/node/s1",
            "/v1/catalog/service/mv-a",
            "/v1/health/service/mv-a",
            "/v1/health/state/any",
            "/v1/health/node/s1",
        ],
    },
];

/// Makes every write, and compares the indexes before and after it.
pub(crate) fn run(server: &str, address: SocketAddr) {
    const { assert!(!MOVES.is_empty()) };
    for Move {
        name,
        setup,
        write,
        moved,
    } in MOVES
    {
        let case = format!("{server}: {name}");
        set_up(&case, address, setup);
        let before = indexes(address);
        assert_eq!(make(address, *write).status, 200, "{case}");
        let after = indexes(address);
        let grew = |at: &usize| after[*at] > before[*at];
        let found: Vec<&str> = (0..QUERIES.len())
            .filter(grew)
            .map(|at| QUERIES[at])
            .collect();
        assert_eq!(found, *moved, "{case}: before {before:?}, after {after:?}");
    }
}

fn indexes(address: SocketAddr) -> Vec<u64> {
    let index = |target: &&str| http::get(address, target).expect("an answer").index();
    QUERIES.iter().map(index).collect()
}
