//! Tests of what `ctmpl status` prints.

use serde_json::json;

use super::*;

fn template(name: &str, state: &str) -> Value {
    json!({ "name": name, "destination": format!("/etc/{name}"), "state": state, "is_written": true })
}

#[test]
fn the_whole_state_is_a_table_with_lines_below() {
    let mut parked = template("c.ctmpl", "waiting");
    parked["parked"] = json!({ "removed": 9, "lines": 10 });
    parked["is_held"] = json!(true);
    parked["drift"] = json!("changed");
    parked["substitutes"] = json!([{ "query": "kv.get(a)", "kind": "stale" }]);
    let reason = "b.ctmpl:1: waiting for kv.get(x): the key does not exist";
    let shown = whole(&json!({
        "ready": false,
        "problems": [
            { "kind": "consul", "name": null, "reason": "it does not answer" },
            { "kind": "template", "name": "b.ctmpl", "reason": reason },
            { "kind": "command", "name": "nginx -s reload", "reason": "its last run failed" },
        ],
        "templates": [template("a.ctmpl", "up_to_date"), template("b.ctmpl", "waiting"), parked],
        "dependencies": {
            "failing": 1,
            "restored": 2,
            "held": [{ "query": "health.service(web)", "before": 3, "after": 0 }],
            "damped": [{ "query": "health.service(web)", "node": "n", "instance": "web-1" }],
        },
        "applies": { "owed": 2 },
        "child": { "command": "nginx", "is_running": true },
    }));
    insta::assert_snapshot!(shown, @"
    TEMPLATE  FILE          STATE       DETAIL
    a.ctmpl   /etc/a.ctmpl  up to date
    b.ctmpl   /etc/b.ctmpl  waiting     b.ctmpl:1: waiting for kv.get(x): the key does not exist
    c.ctmpl   /etc/c.ctmpl  waiting     changed by another program (changed); a change that removes 9 of 10 lines is parked; held by a rollback; kv.get(a) fails, its last answer is used

    failing: 1 query
    answers of an earlier process in use: 2 queries
    held back: health.service(web) has lost items, 3 to 0
    damped: web-1 on n in health.service(web)
    without a successful command: 2 files
    child process: running
    consul: it does not answer
    command nginx -s reload: its last run failed
    not ready
    ");
}

#[test]
fn a_child_that_was_never_started_has_not_ended() {
    for (is_running, is_waiting, expected) in [
        (true, false, "running"),
        (false, true, "waits for its files"),
        (false, false, "ended"),
    ] {
        let child = json!({ "command": "app", "is_running": is_running, "is_waiting": is_waiting });
        let shown = whole(&json!({ "child": child }));
        let line = format!("child process: {expected}\n");
        assert!(shown.contains(&line), "{shown}");
    }
}

#[test]
fn two_files_of_one_source_have_their_own_problems() {
    let waiting = |destination: &str, reason: &str| {
        let template = json!({ "name": "a.ctmpl", "destination": destination, "state": "waiting" });
        let problem = json!({
            "kind": "template", "name": "a.ctmpl", "destination": destination, "reason": reason,
        });
        (template, problem)
    };
    let first = waiting("/1", "it is not written yet");
    let second = waiting("/2", "a.ctmpl:1: waiting for kv.get(x)");
    let body = json!({ "templates": [first.0, second.0], "problems": [first.1, second.1] });
    let shown = whole(&body);
    assert!(shown.contains("/1    waiting  it is not"), "{shown}");
    assert!(shown.contains("/2    waiting  a.ctmpl:1: "), "{shown}");
    let lines = "not ready:\ntemplate a.ctmpl for /1: it is not written yet\n/2: a.ctmpl:1: waiting for kv.get(x)\n";
    assert_eq!(verdict(&body), lines);
}

#[test]
fn no_text_of_an_answer_reaches_the_terminal_unescaped() {
    let odd = "x\u{1b}]0;y\u{7}\r\n\u{9b}2J";
    let problem =
        |kind: &str| json!({ "kind": kind, "name": odd, "destination": odd, "reason": odd });
    let body = json!({
        "problems": [problem("template"), problem("group"), problem(odd)],
        "templates": [{
            "name": odd, "destination": odd, "state": odd, "is_written": true, "waiting": odd, "drift": odd,
            "substitutes": [{ "query": odd, "kind": odd }],
        }],
        "dependencies": {
            "held": [{ "query": odd, "before": odd, "after": odd }],
            "damped": [{ "query": odd, "node": odd, "instance": odd }],
        },
        "reason": null,
    });
    let healthy = json!({ "healthy": false, "reason": odd });
    let read: Value = serde_json::from_str(&pretty(&body)).unwrap();
    assert_eq!(read, body);
    for shown in [
        whole(&body),
        verdict(&body),
        verdict(&healthy),
        pretty(&body),
    ] {
        let is_safe = |c: char| c == '\n' || !c.is_control();
        assert!(shown.chars().all(is_safe), "{shown:?}");
    }
    assert_eq!(verdict(&healthy).lines().count(), 1);
}

#[test]
fn an_answer_of_another_version_is_shown_as_far_as_possible() {
    assert_eq!(whole(&json!({})), "There is no template.\n\nnot ready\n");
    assert_eq!(verdict(&json!({})), "not ready:\n");
}

#[test]
fn a_verdict_names_the_problems() {
    assert_eq!(verdict(&json!({ "ready": true })), "ready\n");
    assert_eq!(verdict(&json!({ "healthy": true })), "healthy\n");
    let hangs = json!({ "healthy": false, "reason": "the event loop has not answered for 2 s" });
    assert_eq!(
        verdict(&hangs),
        "not healthy: the event loop has not answered for 2 s\n"
    );
    let problem = json!({ "kind": "template", "name": "a", "reason": "it is not written yet" });
    let waiting = json!({ "ready": false, "problems": [problem], "more": 4 });
    assert_eq!(
        verdict(&waiting),
        "not ready:\ntemplate a: it is not written yet\nand 4 more\n"
    );
}
