//! Redirects and other machines.

use super::*;

#[test]
fn other_machines_are_not_probed() {
    let consul = start();
    let wrong = [
        r#"{"HTTP":"http://192.0.2.1/","Interval":"1s"}"#,
        r#"{"HTTP":"https://127.0.0.1/","Interval":"1s"}"#,
        r#"{"HTTP":"http://127.0.0.1@192.0.2.1/","Interval":"1s"}"#,
        r#"{"TCP":"192.0.2.1:80","Interval":"1s"}"#,
        r#"{"TCP":"0.0.0.0:80","Interval":"1s"}"#,
        r#"{"TCP":"example.com:80","Interval":"1s"}"#,
    ];
    for check in wrong {
        let answer = register(&consul, check);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{check}: {answer}");
        assert!(
            answer.contains("only checks addresses of this machine"),
            "{answer}"
        );
    }
    let answer = register(&consul, r#"{"GRPC":"127.0.0.1:1","Interval":"1s"}"#);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(checks(&consul).ends_with("{}"));
}

#[test]
fn a_redirect_to_another_machine_is_not_followed() {
    let consul = start();
    let (port, _) = serve(response("302 Found\r\nLocation: http://192.0.2.1/", ""));
    register(&consul, &http_check(port));
    eventually("the check fails", || {
        checks(&consul).contains("leaves this machine")
    });
    assert!(checks(&consul).contains("critical"));
}

#[test]
fn a_redirect_on_this_machine_is_followed_and_an_endless_one_ends() {
    let consul = start();
    let (end, _) = serve(response("200 OK", "hello"));
    let to = format!("302 Found\r\nLocation: http://localhost:{end}/b");
    let (first, _) = serve(response(&to, ""));
    register(&consul, &http_check(first));
    eventually("the check passes", || {
        checks(&consul).contains("200 OK Output: hello")
    });
    let (endless, served) = serve(response("302 Found\r\nLocation: /a", ""));
    register(&consul, &http_check(endless));
    eventually("the check fails", || {
        checks(&consul).contains("stopped after 10 redirects")
    });
    assert!(served.count() >= 11);
}

#[test]
fn too_many_requests_is_a_warning_and_a_long_output_is_cut() {
    let consul = start();
    let body = "x".repeat(3 * 1024 * 1024);
    let (port, _) = serve(response("429 Too Many Requests", &body));
    register(&consul, &http_check(port));
    eventually("a warning", || checks(&consul).contains("\"warning\""));
    let length = checks(&consul).len();
    assert!(length < 8 * 1024, "{length} bytes");
}
