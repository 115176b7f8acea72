use super::*;
use crate::source::consul::setting_names::FLAGS;
use http_client::HeaderMap;
use http_client::header::HeaderValue;

fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
    let mut map = HeaderMap::new();
    for &(name, value) in headers {
        map.insert(name, HeaderValue::from_static(value));
    }
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: map,
        body: body.as_bytes().to_vec(),
    }
}

/// The error for an answer with this status and text, which must not be Consul's.
pub(crate) fn error_for(status: u16, body: &str) -> Error {
    let answer = answer(status, &[], body);
    assert!(matches!(sender(&answer), Sender::Other | Sender::Unclear));
    error_of(&answer, "http://a.test:8500")
}

fn error_of(answer: &Answer, server: &str) -> Error {
    error(answer, &server.parse().unwrap(), &FLAGS, |text| {
        text.replace("t0ken", "***")
    })
}

#[test]
fn the_answers_of_consul_keep_their_meaning() {
    for (status, body) in [
        (200, "[]"),
        (400, "Invalid index"),
        (401, "Unauthorized"),
        (403, "Permission denied"),
        (404, "Namespace not found"),
        (405, "method POST not allowed"),
        (429, "Your IP is issuing too many concurrent connections"),
        (500, "No cluster leader"),
        (503, "<html>Service Unavailable</html>"),
    ] {
        let answer = answer(status, &[], body);
        assert_eq!(sender(&answer), Sender::Consul, "{status} {body}");
    }
    let missing = answer(404, &[("x-consul-index", "7")], "");
    assert_eq!(sender(&missing), Sender::Consul);
    let unknown = "Invalid URL path: not a recognized HTTP API endpoint";
    let unknown = answer(404, &[], unknown);
    assert_eq!(sender(&unknown), Sender::ConsulWithoutPath);
}

#[test]
fn other_statuses_and_pages_are_those_of_another_server() {
    for (status, body) in [
        (204, ""),
        (206, "["),
        (301, ""),
        (302, "<a href='/login'>Found</a>"),
        (304, ""),
        (307, "Moved"),
        (400, "<html>400 Bad Request</html>"),
        (400, "Client sent an HTTP request to an HTTPS server.\n"),
        (403, "<html>403 Forbidden</html>"),
        (403, "{\"message\":\"denied\"}"),
        (407, ""),
        (408, "timeout"),
        (418, "I'm a teapot"),
        (999, "Request denied"),
    ] {
        let answer = answer(status, &[], body);
        assert_eq!(sender(&answer), Sender::Other, "{status} {body}");
        let error = error_of(&answer, "http://h:8500");
        assert!(error.concerns_the_server(), "{error}");
        assert!(!error.is_final(), "{error}");
    }
    for body in ["", "default backend - 404", "404 page not found", "{}"] {
        assert_eq!(sender(&answer(404, &[], body)), Sender::Unclear, "{body}");
    }
}

#[test]
fn the_error_names_the_likely_cause_and_the_remedy() {
    let cases: [(Answer, &str, &[&str]); 8] = [
        (
            answer(
                302,
                &[("location", "https://u:pw@sso.test/login?t=t0ken")],
                "",
            ),
            "http://h:8500",
            &[
                "http://h:8500 answered 302, a redirect to https://sso.test/login, so a proxy or a login page",
                "without a login",
            ],
        ),
        (
            answer(301, &[("location", "https://h/v1/kv/a")], ""),
            "http://h",
            &["http://h answered 301", "requires TLS", "write https://"],
        ),
        (
            answer(307, &[("location", "/login")], ""),
            "https://h",
            &["a redirect to /login, so a proxy or a login page"],
        ),
        (
            answer(404, &[], "default backend - 404\n"),
            "http://h:80",
            &[
                "http://h answered 404: default backend - 404, so it is not the address of Consul's HTTP API",
                "has no Consul behind it at present",
            ],
        ),
        (
            answer(404, &[], ""),
            "http://u:pw@h:8500/v1/",
            &["http://h:8500/v1 answered 404, so it is not", "without /v1"],
        ),
        (
            answer(400, &[], "Client sent an HTTP request to an HTTPS server."),
            "http://h:8501",
            &["answered 400: Client sent", "write https://"],
        ),
        (answer(407, &[], ""), "http://h", &["in HTTP_PROXY"]),
        (
            answer(418, &[], "t0ken"),
            "http://h",
            &[
                "answered 418: ***, which Consul never does",
                "check the backend of the proxy",
            ],
        ),
    ];
    for (answer, server, parts) in cases {
        let error = error_of(&answer, server).to_string();
        for part in parts {
            assert!(error.contains(part), "{part:?} is missing: {error}");
        }
        for secret in ["t0ken", "pw"] {
            assert!(!error.contains(secret), "{error}");
        }
    }
}

#[test]
fn only_an_unknown_path_is_final() {
    let unknown = "Invalid URL path: not a recognized HTTP API endpoint";
    for (status, body, is_final) in [
        (404, "", true),
        (404, unknown, true),
        (404, "default backend - 404", false),
        (302, "", false),
        (204, "", false),
    ] {
        let error = error_of(&answer(status, &[], body), "http://h:8500");
        assert_eq!(error.is_final(), is_final, "{error}");
    }
}
