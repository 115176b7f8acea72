//! Servers that come back, refuse requests, or are replaced.

use super::*;

#[test]
fn a_server_that_is_back_after_a_long_time_is_noticed_at_once() {
    let Pair {
        folder,
        consul,
        mut ctmpl,
    } = pair(&[]);
    consul.faults().stop_listening();
    ctmpl.logs(ONCE);
    consul.put_key("app/port", "81");
    consul.put_key("other/port", "91");
    // Wait until the pauses have grown.
    folder.stays("out", "port 80", Duration::from_secs(5));
    consul.faults().listen_again();
    recovers(&folder, "port 81", Instant::now());
    folder.becomes("other", "port 91");
    assert!(ctmpl.is_running());
    assert_eq!(loud(&ctmpl).len(), 1, "{:#?}", loud(&ctmpl));
    assert_eq!(ctmpl.log_count("Consul answers again"), 1);
}

#[test]
fn a_server_that_stops_throttling_after_a_long_time_is_noticed_soon() {
    let busy = Fault::Status(
        429,
        "Your IP is issuing too many concurrent connections".into(),
    );
    std::thread::scope(|scope| {
        for fault in [busy, Fault::HangUp] {
            scope.spawn(move || {
                let Pair {
                    folder,
                    consul,
                    ctmpl,
                } = pair(&[]);
                consul.faults().inject("/v1/", fault.clone());
                consul.faults().interrupt("/v1/", 429, "");
                ctmpl.logs(ONCE);
                consul.put_key("app/port", "81");
                consul.put_key("other/port", "91");
                // Wait until the pauses have grown.
                folder.stays("out", "port 80", Duration::from_secs(7));
                let asked = consul.faults().requests("/v1/kv/").len();
                assert!(
                    asked < 40,
                    "{fault:?}: {asked} requests do not relieve a server that throttles"
                );
                consul.faults().lift_all();
                within(LATEST, "one of the two files is right", || {
                    folder.read("out") == "port 81" || folder.read("other") == "port 91"
                });
                assert_eq!(ctmpl.log_count(ONCE), 1);
            });
        }
    });
}

#[test]
fn a_server_that_throttles_or_is_not_consul_is_replaced_by_the_next_one() {
    let busy = Fault::Status(
        429,
        "Your IP is issuing too many concurrent connections".into(),
    );
    for fault in [
        busy,
        Fault::HangUp,
        Fault::Html("<html>".into()),
        Fault::Status(500, "No cluster leader".into()),
    ] {
        let (bad, good) = (
            crate::support::embedded(Seed::default()),
            crate::support::embedded(Seed::default().key("app/port", "80")),
        );
        bad.faults().inject("/", fault.clone());
        let folder = Folder::new();
        folder.write("in", r#"port {{ key "app/port" }}"#);
        let servers = format!("{},{}", bad.address(), good.address());
        let ctmpl = Ctmpl::start(servers, ["-template", &folder.template("in", "out", "")]);
        let begun = Instant::now();
        recovers(&folder, "port 80", begun);
        good.put_key("app/port", "81");
        recovers(&folder, "port 81", Instant::now());
        assert_eq!(
            loud(&ctmpl),
            Vec::<String>::new(),
            "{fault:?}: the next one answers"
        );
    }
}

#[test]
fn a_real_consul_may_start_late_stop_and_come_back_empty() {
    if !installed(&["consul"]) {
        return;
    }
    let mut consul = Consul::start();
    let address: SocketAddr = consul.address();
    consul.stop();

    let folder = Folder::new();
    folder.write(
        "in",
        r#"port {{ key "app/port" }}{{ range service "web" }} {{ .ID }}{{ end }}"#,
    );
    folder.write("late.in", r#"{{ keyOrDefault "app/port" "none" }}"#);
    let templates = [
        folder.template("in", "out", ""),
        folder.template("late.in", "late", ""),
    ];
    let mut ctmpl = Ctmpl::start(
        address,
        ["-template", &templates[0], "-template", &templates[1]],
    );
    ctmpl.logs(ONCE);
    consul.start_again();
    put(address, "app/port", "80");
    recovers(&folder, "port 80", Instant::now());
    folder.becomes("late", "80");

    // Consul stops, then restarts without data: a template that needs the key waits, one with a
    // default continues.
    consul.stop();
    folder.stays("out", "port 80", Duration::from_millis(800));
    folder.stays("late", "80", Duration::from_millis(200));
    consul.start_again();
    within(LATEST, "the default is used", || {
        folder.read("late") == "none"
    });
    assert_eq!(folder.read("out"), "port 80");
    put(address, "app/port", "81");
    recovers(&folder, "port 81", Instant::now());
    folder.becomes("late", "81");
    assert!(ctmpl.is_running());
    assert_eq!(
        ctmpl.log_count(ONCE),
        2,
        "each outage is told once:\n{}",
        ctmpl.log()
    );

    // Consul hangs, then continues.
    consul.signal(Signal::SIGSTOP);
    folder.stays("out", "port 81", Duration::from_secs(1));
    consul.signal(Signal::SIGCONT);
    put(address, "app/port", "82");
    recovers(&folder, "port 82", Instant::now());
    assert_eq!(ctmpl.log_count(ONCE), 2, "{}", ctmpl.log());
}
