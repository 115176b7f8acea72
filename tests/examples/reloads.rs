//! Changes that reach nginx and HAProxy.

use super::*;

#[test]
fn a_change_reaches_haproxy_in_master_worker_mode() {
    let Some(haproxy) = servers::require("haproxy") else {
        return;
    };
    let folder = Folder::new();
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let template = fs::read_to_string(example("haproxy/haproxy.cfg.j2")).unwrap();
    let source = folder.write(
        "haproxy.cfg.j2",
        &template.replace("bind *:8000", &format!("bind {address}")),
    );
    let ended = render(&folder, NONE, &[source]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let file = output(&folder, "haproxy.cfg.j2");
    let _haproxy = Haproxy::start(&folder, "out/haproxy.cfg.j2");
    assert_eq!(http::get(address, "/").unwrap().status, 503);

    let reload = format!(
        "{} -c -q -f {} && {}",
        text(&haproxy),
        text(&file),
        Haproxy::reload(&folder)
    );
    let mut dev = command();
    dev.args(["dev", "--listen", "127.0.0.1:0", "--log-level", "info"]);
    dev.args([
        "--template",
        &folder.template("haproxy.cfg.j2", "out/haproxy.cfg.j2", &reload),
    ]);
    let dev = Ctmpl::spawn(dev);
    let backend = Backend::start("the shop");
    let body = format!(
        r#"{{"Name":"web","Address":"127.0.0.1","Port":{}}}"#,
        backend.port()
    );
    assert_eq!(
        http::request(address_of(&dev), "PUT", "/v1/agent/service/register", &body)
            .unwrap()
            .status,
        200
    );
    eventually("HAProxy proxies", || {
        http::get(address, "/").is_ok_and(|answer| answer.body == "the shop")
    });
    assert_eq!(dev.stop().code(), Some(12));
}

#[test]
fn a_change_reaches_nginx_below_ctmpl_as_in_a_container() {
    let Some(nginx) = servers::require("nginx") else {
        return;
    };
    let folder = Folder::new();
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let site = fs::read_to_string(example("container/site.conf.j2")).unwrap();
    let source = folder.write(
        "site.conf.j2",
        &site.replace("listen 8080;", &format!("listen {address};")),
    );
    let pid_file = text(&folder.path("nginx.pid"));
    let log = text(&folder.path("error.log"));
    let user = if nix::unistd::Uid::effective().is_root() {
        "user root;"
    } else {
        ""
    };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {};", text(&folder.path(what))))
        .concat();
    let conf = folder.write(
        "nginx.conf",
        &format!(
            "{user} worker_processes 1; pid {pid_file}; error_log {log}; events {{}}\n\
             http {{ access_log off; {temporary} include {}; }}",
            text(&folder.path("conf.d/*.conf"))
        ),
    );
    let config = fs::read_to_string(example("container/ctmpl.hcl")).unwrap();
    let program = format!(
        "[\"{}\", \"-e\", \"{log}\", \"-c\", \"{}\", ",
        text(&nginx),
        text(&conf)
    );
    let config = config
        .replace("/etc/ctmpl/site.conf.j2", &text(&source))
        .replace(
            "/etc/nginx/conf.d/site.conf",
            &text(&folder.path("conf.d/site.conf")),
        )
        .replace("[\"nginx\", ", &program);
    let config = text(&folder.write("ctmpl.hcl", &config));
    let mut dev = command();
    dev.args([
        "dev",
        "--listen",
        "127.0.0.1:0",
        "--log-level",
        "info",
        "--config",
        &config,
    ]);
    let dev = Ctmpl::spawn(dev);
    eventually("nginx answers", || {
        http::get(address, "/").is_ok_and(|answer| answer.status == 503)
    });
    let master = folder.read("nginx.pid").trim().to_owned();

    let backend = Backend::start("the shop");
    let body = format!(
        r#"{{"Name":"web","Address":"127.0.0.1","Port":{}}}"#,
        backend.port()
    );
    assert_eq!(
        http::request(address_of(&dev), "PUT", "/v1/agent/service/register", &body)
            .unwrap()
            .status,
        200
    );
    eventually("nginx proxies", || {
        http::get(address, "/").is_ok_and(|answer| answer.body == "the shop")
    });
    assert_eq!(
        folder.read("nginx.pid").trim(),
        master,
        "nginx was reloaded, not restarted"
    );
    assert_eq!(dev.stop().code(), Some(0), "the exit code of nginx");
    assert!(
        !is_alive(&master) && !folder.path("nginx.pid").exists(),
        "nginx has exited in an orderly way"
    );
}
