//! Flags for retries and connections.

use super::*;

/// Starts a server that refuses every request like Consul without a leader. Returns its address and
/// a count of the requests.
fn without_leader() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (
        listener.local_addr().unwrap(),
        Arc::new(AtomicUsize::new(0)),
    );
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(
                b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 17\r\n\r\nNo cluster leader",
            );
        }
    });
    (address, asked)
}

#[test]
fn once_gives_up_after_the_attempts_and_lists_missing_data() {
    let folder = folder();
    folder.write("key", "{{ key \"a\" }}");
    folder.write("none.hcl", "consul { retry { enabled = false } }");
    folder.write(
        "two.hcl",
        "consul { retry { attempts = 2 backoff = \"20ms\" } }",
    );
    let cases: [(&[&str], usize, &str); 4] = [
        (
            &["-consul-retry-attempts=3", "-consul-retry-backoff=10ms"],
            4,
            "retried up to 3 times",
        ),
        (
            &["-consul-retry=false", "-consul-retry-attempts=5"],
            1,
            "it is not retried",
        ),
        (&["-config=none.hcl"], 1, "it is not retried"),
        (&["-config=two.hcl"], 3, "retried up to 2 times"),
    ];
    for (words, questions, part) in cases {
        let (address, asked) = without_leader();
        let fixed = [
            "-once",
            "-template=key:out",
            "-consul-addr",
            &address.to_string(),
        ]
        .map(str::to_owned);
        let fixed: Vec<&str> = fixed.iter().map(String::as_str).collect();
        let ended = run(&folder, &[fixed.as_slice(), words].concat());
        assert_eq!(
            (ended.code(), asked.load(Ordering::SeqCst)),
            (Some(14), questions),
            "{words:?}: {}",
            ended.log
        );
        for part in [
            "required data is unavailable:\n",
            " key:1: kv.get(a): ",
            "No cluster leader",
            part,
        ] {
            assert!(ended.log.contains(part), "{part:?} in {}", ended.log);
        }
    }
    assert!(!folder.path("out").exists());
}

#[test]
fn without_a_number_of_attempts_a_single_run_retries_until_its_time_limit() {
    let folder = folder();
    folder.write("key", "{{ key \"a\" }}");
    for words in [&[][..], &["-consul-retry-attempts=0"]] {
        let (address, asked) = without_leader();
        let fixed = [
            "-once",
            "-timeout=1s",
            "-retry=50ms",
            "-template=key:out",
            "-consul-addr",
            &address.to_string(),
        ]
        .map(str::to_owned);
        let fixed: Vec<&str> = fixed.iter().map(String::as_str).collect();
        assert_eq!(
            run(&folder, &[fixed.as_slice(), words].concat()).code(),
            Some(16),
            "{words:?}"
        );
        assert!(asked.load(Ordering::SeqCst) >= 3);
    }
    assert!(!folder.path("out").exists());
}

#[test]
fn the_daemon_ignores_the_attempt_limit_with_a_warning() {
    let folder = folder();
    folder.write("key", "{{ key \"a\" }}");
    let (address, asked) = without_leader();
    let template = folder.template("key", "out", "");
    let mut ctmpl = Ctmpl::start(
        address,
        [
            "-consul-retry=false",
            "-consul-retry-attempts=1",
            "-consul-retry-backoff=10ms",
            "-template",
            &template,
        ],
    );
    ctmpl.logs("--consul-retry: the daemon retries without limit");
    crate::support::eventually("it keeps polling", || asked.load(Ordering::SeqCst) > 4);
    assert!(ctmpl.is_running());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_longer_backoff_sends_fewer_requests() {
    let folder = folder();
    folder.write("key", "{{ key \"a\" }}");
    let (address, asked) = without_leader();
    let address = address.to_string();
    let words = [
        "-once",
        "-timeout=2s",
        "-retry=10m",
        "-template=key:out",
        "-consul-addr",
        &address,
    ];
    assert_eq!(run(&folder, &words).code(), Some(16));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn without_keep_alives_every_request_closes_its_connection() {
    let folder = folder();
    folder.write("key", "{{ key \"k\" }}");
    for (words, closes) in [
        (&[][..], false),
        (&["-consul-transport-disable-keep-alives"], true),
    ] {
        let recorder = Recorder::start(r#"[{"Key": "k", "Value": "dg==", "Flags": 0}]"#);
        let address = format!("-consul-addr={}", recorder.address());
        let ended = run(
            &folder,
            &[&["-once", "-template=key:out", &address], words].concat(),
        );
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        let head = recorder.heads().remove(0);
        assert_eq!(head.contains("\nconnection: close"), closes, "{head}");
    }
}

#[test]
fn connecting_is_limited_by_the_dial_timeout() {
    let folder = folder();
    folder.write("key", "{{ key \"k\" }}");
    let (_socket, _waiting, address) = full_queue();
    let flags = [
        "-once",
        "-template=key:out",
        "-consul-retry=false",
        "-consul-transport-dial-timeout=300ms",
    ];
    let over_tls = [
        "-consul-ssl-verify=false",
        "-consul-transport-tls-handshake-timeout=400ms",
    ];
    // It accepts connections, and never says anything.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap();
    let connecting = "connecting took longer than 300ms;";
    for (server, more, expected) in [
        (format!("http://{address}"), &[][..], connecting),
        (format!("https://{address}"), &over_tls[..1], connecting),
        (format!("https://{address}"), &over_tls[..], connecting),
        (
            format!("https://{silent}"),
            &over_tls[..],
            "the TLS handshake took longer than 400ms;",
        ),
    ] {
        let begun = Instant::now();
        let ended = run(
            &folder,
            &[&flags[..], &["-consul-addr", &server], more].concat(),
        );
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{server} took {:?}",
            begun.elapsed()
        );
        assert!(ended.log.contains(expected), "{}", ended.log);
    }
}
