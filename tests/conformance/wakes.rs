//! Blocking queries, and the writes that wake them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{Request, make, set_up};
use crate::support::http;

/// The time that a query must block before the write.
const QUIET: Duration = Duration::from_millis(150);
/// The time limit for a query to return after a write.
const SOON: Duration = Duration::from_secs(10);

struct Wake {
    name: &'static str,
    setup: &'static [Request],
    /// The query without its index.
    asked: &'static str,
    write: Request,
    outcome: Outcome,
}

/// The effect of the write on the query.
#[derive(Clone, Copy)]
enum Outcome {
    /// It returns at once with this status and a larger index.
    Wakes(u16),
    /// It blocks until its wait is over, and returns with the same index.
    Sleeps,
}
use Outcome::{Sleeps, Wakes};

const REGISTER: &str = "/v1/agent/service/register";

const WAKES: &[Wake] = &[
    Wake {
        name: "the mesh wakes for a proxy of the service",
        setup: &[],
        asked: "/v1/health/connect/wk-mesh",
        write: (
            "PUT",
            REGISTER,
            r#"{"Name":"wk-proxy","Kind":"connect-proxy","Port":9,"Proxy":{"DestinationServiceName":"wk-mesh"}}"#,
        ),
        outcome: Wakes(200),
    },
    Wake {
        name: "a key wakes for its new value",
        setup: &[("PUT", "/v1/kv/wk/one", "1")],
        asked: "/v1/kv/wk/one",
        write: ("PUT", "/v1/kv/wk/one", "2"),
        outcome: Wakes(200),
    },
    Wake {
        name: "a key sleeps when the same value is written",
        setup: &[("PUT", "/v1/kv/wk/one", "1")],
        asked: "/v1/kv/wk/one",
        write: ("PUT", "/v1/kv/wk/one", "1"),
        outcome: Sleeps,
    },
    Wake {
        name: "a key sleeps when its neighbour changes",
        setup: &[("PUT", "/v1/kv/wk/one", "1")],
        asked: "/v1/kv/wk/one",
        write: ("PUT", "/v1/kv/wk/three", "3"),
        outcome: Sleeps,
    },
    Wake {
        name: "a key wakes for its deletion",
        setup: &[("PUT", "/v1/kv/wk/gone", "1")],
        asked: "/v1/kv/wk/gone",
        write: ("DELETE", "/v1/kv/wk/gone", ""),
        outcome: Wakes(404),
    },
    Wake {
        name: "a missing key wakes when it comes",
        setup: &[],
        asked: "/v1/kv/wk/late",
        write: ("PUT", "/v1/kv/wk/late", "1"),
        outcome: Wakes(200),
    },
    Wake {
        name: "a missing key wakes for a new one on the way to it",
        setup: &[
            ("PUT", "/v1/kv/wk/one", "1"),
            ("PUT", "/v1/kv/wk/three", "1"),
        ],
        asked: "/v1/kv/wk/xylophone",
        write: ("PUT", "/v1/kv/wk/zebra", "1"),
        outcome: Wakes(404),
    },
    Wake {
        name: "a missing key sleeps through a write below another branch",
        setup: &[
            ("PUT", "/v1/kv/wk/one", "1"),
            ("PUT", "/v1/kv/wk/three", "1"),
            ("PUT", "/v1/kv/other/a", "1"),
        ],
        asked: "/v1/kv/wk/xylophone",
        write: ("PUT", "/v1/kv/other/a", "2"),
        outcome: Sleeps,
    },
    Wake {
        name: "a prefix wakes for a new key below it",
        setup: &[("PUT", "/v1/kv/wk/one", "1")],
        asked: "/v1/kv/wk/?recurse",
        write: ("PUT", "/v1/kv/wk/new", "1"),
        outcome: Wakes(200),
    },
    Wake {
        name: "a prefix sleeps through a write elsewhere",
        setup: &[("PUT", "/v1/kv/wk/one", "1")],
        asked: "/v1/kv/wk/?recurse",
        write: ("PUT", "/v1/kv/away", "1"),
        outcome: Sleeps,
    },
    Wake {
        name: "an empty prefix wakes for any key",
        setup: &[("PUT", "/v1/kv/wk/one", "1")],
        asked: "/v1/kv/nothing-here/?recurse",
        write: ("PUT", "/v1/kv/away", "2"),
        outcome: Wakes(404),
    },
    Wake {
        name: "a prefix wakes when its last key goes",
        setup: &[("PUT", "/v1/kv/last/one", "1")],
        asked: "/v1/kv/last/?recurse",
        write: ("DELETE", "/v1/kv/last/?recurse", ""),
        outcome: Wakes(404),
    },
    Wake {
        name: "a list of keys wakes for a value",
        setup: &[("PUT", "/v1/kv/wk/one", "1")],
        asked: "/v1/kv/wk/?keys",
        write: ("PUT", "/v1/kv/wk/one", "9"),
        outcome: Wakes(200),
    },
    Wake {
        name: "health wakes when a check turns critical",
        setup: &[(
            "PUT",
            REGISTER,
            r#"{"Name":"wk-web","Port":1,"Check":{"TTL":"1h","Status":"passing"}}"#,
        )],
        asked: "/v1/health/service/wk-web?passing",
        write: ("PUT", "/v1/agent/check/fail/service:wk-web", ""),
        outcome: Wakes(200),
    },
    Wake {
        name: "health wakes when a check recovers",
        setup: &[],
        asked: "/v1/health/service/wk-web?passing",
        write: ("PUT", "/v1/agent/check/pass/service:wk-web", ""),
        outcome: Wakes(200),
    },
    Wake {
        name: "health sleeps through an unrelated registration",
        setup: &[],
        asked: "/v1/health/service/wk-web?passing",
        write: ("PUT", REGISTER, r#"{"Name":"wk-other","Port":2}"#),
        outcome: Sleeps,
    },
    Wake {
        name: "health sleeps when the same registration comes again",
        setup: &[],
        asked: "/v1/health/service/wk-other",
        write: ("PUT", REGISTER, r#"{"Name":"wk-other","Port":2}"#),
        outcome: Sleeps,
    },
    Wake {
        name: "health sleeps through a key",
        setup: &[],
        asked: "/v1/health/service/wk-web",
        write: ("PUT", "/v1/kv/wk/one", "8"),
        outcome: Sleeps,
    },
    Wake {
        name: "health wakes for another instance",
        setup: &[],
        asked: "/v1/health/service/wk-web",
        write: (
            "PUT",
            REGISTER,
            r#"{"Name":"wk-web","ID":"wk-web-2","Port":3}"#,
        ),
        outcome: Wakes(200),
    },
    Wake {
        name: "health wakes when an instance goes",
        setup: &[],
        asked: "/v1/health/service/wk-web",
        write: ("PUT", "/v1/agent/service/deregister/wk-web-2", ""),
        outcome: Wakes(200),
    },
    Wake {
        name: "health wakes for maintenance of the node",
        setup: &[],
        asked: "/v1/health/service/wk-web?passing",
        write: ("PUT", "/v1/agent/maintenance?enable=true", ""),
        outcome: Wakes(200),
    },
    Wake {
        name: "health wakes when the node's maintenance ends",
        setup: &[],
        asked: "/v1/health/service/wk-web?passing",
        write: ("PUT", "/v1/agent/maintenance?enable=false", ""),
        outcome: Wakes(200),
    },
    Wake {
        name: "the catalog's instances sleep through a check",
        setup: &[],
        asked: "/v1/catalog/service/wk-web",
        write: ("PUT", "/v1/agent/check/warn/service:wk-web", ""),
        outcome: Sleeps,
    },
    Wake {
        name: "the catalog's instances wake for a change of tags",
        setup: &[],
        asked: "/v1/catalog/service/wk-other",
        write: (
            "PUT",
            REGISTER,
            r#"{"Name":"wk-other","Port":2,"Tags":["new"]}"#,
        ),
        outcome: Wakes(200),
    },
    Wake {
        name: "an unknown service wakes when it comes",
        setup: &[],
        asked: "/v1/health/service/wk-late",
        write: ("PUT", REGISTER, r#"{"Name":"wk-late"}"#),
        outcome: Wakes(200),
    },
    Wake {
        name: "once a service went away, an unknown one sleeps through registrations",
        setup: &[("PUT", "/v1/agent/service/deregister/wk-late", "")],
        asked: "/v1/health/service/zz-unknown",
        write: ("PUT", REGISTER, r#"{"Name":"wk-later"}"#),
        outcome: Sleeps,
    },
    Wake {
        name: "the list of services wakes for a new one",
        setup: &[],
        asked: "/v1/catalog/services",
        write: ("PUT", REGISTER, r#"{"Name":"wk-newest"}"#),
        outcome: Wakes(200),
    },
    Wake {
        name: "the list of services sleeps through a check",
        setup: &[],
        asked: "/v1/catalog/services",
        write: ("PUT", "/v1/agent/check/pass/service:wk-web", ""),
        outcome: Sleeps,
    },
    Wake {
        name: "all checks wake for any check",
        setup: &[],
        asked: "/v1/health/state/any",
        write: ("PUT", "/v1/agent/check/fail/service:wk-web", ""),
        outcome: Wakes(200),
    },
    Wake {
        name: "the checks of a service sleep through another's",
        setup: &[("PUT", REGISTER, r#"{"Name":"wk-ttl","Check":{"TTL":"1h"}}"#)],
        asked: "/v1/health/checks/wk-web",
        write: ("PUT", "/v1/agent/check/pass/service:wk-ttl", ""),
        outcome: Sleeps,
    },
    Wake {
        name: "the nodes wake for a new one",
        setup: &[],
        asked: "/v1/catalog/nodes",
        write: (
            "PUT",
            "/v1/catalog/register",
            r#"{"Node":"wk-node","Address":"10.0.0.7"}"#,
        ),
        outcome: Wakes(200),
    },
    Wake {
        name: "a node sleeps through another's registration",
        setup: &[],
        asked: "/v1/catalog/node/s1",
        write: (
            "PUT",
            "/v1/catalog/register",
            r#"{"Node":"wk-node","Address":"10.0.0.8"}"#,
        ),
        outcome: Sleeps,
    },
    Wake {
        name: "a node wakes for an instance on it",
        setup: &[],
        asked: "/v1/catalog/node/wk-node",
        write: (
            "PUT",
            "/v1/catalog/register",
            r#"{"Node":"wk-node","Address":"10.0.0.8","Service":{"Service":"wk-far"}}"#,
        ),
        outcome: Wakes(200),
    },
];

/// Starts each blocking query, makes the write, and checks the effect.
pub(crate) fn run(server: &str, address: SocketAddr) {
    const { assert!(!WAKES.is_empty()) };
    for wake in WAKES {
        let case = format!("{server}: {}", wake.name);
        set_up(&case, address, wake.setup);
        sees(&case, address, wake);
    }
    an_index_ahead_waits_and_comes_back_smaller(server, address);
}

fn sees(case: &str, address: SocketAddr, wake: &Wake) {
    let Wake {
        asked,
        write,
        outcome,
        ..
    } = wake;
    let index = http::get(address, asked).expect("an answer").index();
    let wait = if matches!(outcome, Wakes(_)) {
        "5m"
    } else {
        "600ms"
    };
    let joint = if asked.contains('?') { '&' } else { '?' };
    let began = Instant::now();
    let target = format!("{asked}{joint}index={index}&wait={wait}");
    let mut query = http::send(address, "GET", &target, "").expect("sent");
    assert!(
        query.is_silent_for(QUIET),
        "{case}: the query does not wait"
    );
    assert_eq!(make(address, *write).status, 200, "{case}");
    match outcome {
        Wakes(status) => {
            let answer = query
                .answer(SOON)
                .unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!(answer.status, *status, "{case}: {answer:?}");
            assert!(
                answer.index() > index,
                "{case}: index {index} in, {} out",
                answer.index()
            );
        }
        Sleeps => {
            let answer = query
                .answer(SOON)
                .unwrap_or_else(|error| panic!("{case}: {error}"));
            let waited = began.elapsed();
            assert!(
                waited >= Duration::from_millis(600),
                "{case}: woke after {waited:?}: {answer:?}"
            );
            assert_eq!(answer.index(), index, "{case}");
        }
    }
}

fn an_index_ahead_waits_and_comes_back_smaller(server: &str, address: SocketAddr) {
    let began = Instant::now();
    let answer =
        http::get(address, "/v1/catalog/services?index=999999&wait=500ms").expect("an answer");
    assert!(
        began.elapsed() >= Duration::from_millis(500),
        "{server}: {:?}",
        began.elapsed()
    );
    assert_eq!(answer.status, 200, "{server}");
    assert!(answer.index() < 999_999, "{server}: {answer:?}");
}
