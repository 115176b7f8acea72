//! Every configuration key, with the real binary: a file sets it, and `ctmpl config` shows its
//! effective value. Also the ways to write values, and invalid values.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use ctmpl_options::config::reference;

use crate::support::ctmpl::{Ended, Folder, command, run_command};

/// The part that makes a configuration complete.
const TEMPLATE: &str = "template { contents = \"x\" destination = \"out\" }\n";

fn run(folder: &Folder, words: &[&str]) -> Ended {
    let mut command = command();
    command.current_dir(folder.path(".")).args(words);
    run_command(command)
}

/// Returns the output of `ctmpl config` for a file with this text, without origins.
fn shown(folder: &Folder, name: &str, text: &str) -> String {
    folder.write(name, text);
    let ended = run(folder, &["config", "--config", name]);
    assert_eq!(ended.code(), Some(0), "{text}: {}", ended.log);
    ended.output
}

/// Returns `true` if the output has this line, at any indentation.
fn shows(output: &str, line: &str) -> bool {
    output
        .lines()
        .any(|shown| shown.split(" # ").next().unwrap_or_default().trim() == line)
}

/// Keys at the top level: the name, the text of a file, and the line of the output.
const TOP: &[(&str, &str, &str)] = &[
    ("wait", "wait = \"2s\"", "wait = \"2s:8s\""),
    ("wait", "wait = \"2s:10s\"", "wait = \"2s:10s\""),
    ("wait.min", "wait { min = \"2s\" }", "wait = \"2s:8s\""),
    (
        "wait.max",
        "wait { min = \"2s\" max = \"10s\" }",
        "wait = \"2s:10s\"",
    ),
    (
        "wait.enabled",
        "wait { enabled = false min = \"2s\" }",
        "wait = \"0s\"",
    ),
    (
        "wait.bool",
        "wait { bool = false min = \"2s\" }",
        "wait = \"0s\"",
    ),
    (
        "default_delimiters",
        "default_delimiters {}",
        "left = \"{{\"",
    ),
    (
        "default_delimiters.left",
        "default_delimiters { left = \"<%\" }",
        "left = \"<%\"",
    ),
    (
        "default_delimiters.right",
        "default_delimiters { right = \"%>\" }",
        "right = \"%>\"",
    ),
    ("format", "format = \"nginx\"", "format = \"nginx\""),
    (
        "output_format",
        "output_format = \"ini\"",
        "output_format = \"ini\"",
    ),
    ("guard", "guard = false", "guard = false"),
    ("guard", "guard = true", "guard = true"),
    (
        "guard.max_drop",
        "guard { max_drop = 0.25 }",
        "guard = { max_drop = 0.25 }",
    ),
    (
        "guard.min_items",
        "guard { min_items = 10 }",
        "guard = { min_items = 10 }",
    ),
    (
        "guard.confirm_for",
        "guard { confirm_for = \"90s\" }",
        "guard = { confirm_for = \"1m30s\" }",
    ),
    ("flap_damping", "flap_damping = true", "flap_damping = true"),
    (
        "flap_damping",
        "flap_damping = false",
        "flap_damping = false",
    ),
    (
        "flap_damping.max_toggles",
        "flap_damping { max_toggles = 3 }",
        "flap_damping = { max_toggles = 3 }",
    ),
    (
        "flap_damping.window",
        "flap_damping { window = \"90s\" }",
        "flap_damping = { window = \"1m30s\" }",
    ),
    (
        "flap_damping.stable_for",
        "flap_damping { stable_for = \"600s\" }",
        "flap_damping = { stable_for = \"10m\" }",
    ),
    (
        "flap_damping.max_damped",
        "flap_damping { max_damped = 0.25 }",
        "flap_damping = { max_damped = 0.25 }",
    ),
    ("max_stale", "max_stale = \"600s\"", "max_stale = \"10m\""),
    ("max_stale", "max_stale = 0", "max_stale = \"0s\""),
    (
        "block_query_wait",
        "block_query_wait = \"1.5m\"",
        "block_query_wait = \"1m30s\"",
    ),
    (
        "render_timeout",
        "render_timeout = \"1.5m\"",
        "render_timeout = \"1m30s\"",
    ),
    ("exec", "exec { command = \"x y\" }", "exec {"),
    (
        "exec.enabled",
        "exec { command = \"x\" enabled = false }",
        "enabled = false",
    ),
    (
        "exec.command",
        "exec { command = [\"x\", \"y z\"] }",
        "command = [\"x\", \"y z\"]",
    ),
    (
        "exec.env",
        "exec { command = \"x\" env { pristine = true } }",
        "env {",
    ),
    (
        "exec.env.pristine",
        "exec { env { pristine = true } }",
        "pristine = true",
    ),
    (
        "exec.env.custom",
        "exec { env { custom = [\"A=s3cret,x\", \"B=\"] } }",
        "custom = [\"A=***\", \"B=***\"]",
    ),
    (
        "exec.env.allowlist",
        "exec { env { allowlist = \"A*\" } }",
        "allowlist = [\"A*\"]",
    ),
    (
        "exec.env.whitelist",
        "exec { env { whitelist = [\"B\"] allowlist = [\"A\"] } }",
        "allowlist = [\"A\", \"B\"]",
    ),
    (
        "exec.env.denylist",
        "exec { env { denylist = [\"[A-C]?\"] } }",
        "denylist = [\"[A-C]?\"]",
    ),
    (
        "exec.env.blacklist",
        "exec { env { blacklist = [\"B\"] } }",
        "denylist = [\"B\"]",
    ),
    (
        "exec.kill_signal",
        "exec { kill_signal = \"SIGKILL\" }",
        "kill_signal = \"SIGKILL\"",
    ),
    (
        "exec.kill_timeout",
        "exec { kill_timeout = \"90s\" }",
        "kill_timeout = \"1m30s\"",
    ),
    (
        "exec.reload_signal",
        "exec { reload_signal = \"hup\" }",
        "reload_signal = \"SIGHUP\"",
    ),
    (
        "exec.reload_signal",
        "exec { reload_signal = \"\" }",
        "reload_signal = \"\"",
    ),
    (
        "exec.reload_signal",
        "exec { reload_signal = \"SIGNULL\" }",
        "reload_signal = \"SIGNULL\"",
    ),
    ("exec.splay", "exec { splay = \"1s\" }", "splay = \"1s\""),
    (
        "exec.start_with",
        "exec { start_with = \"last_good\" }",
        "start_with = \"last_good\"",
    ),
    (
        "command_output",
        "command_output = \"log\"",
        "command_output = \"log\"",
    ),
    ("color", "color = \"never\"", "color = \"never\""),
    (
        "log_format",
        "log_format = \"json\"",
        "log_format = \"json\"",
    ),
    ("log_file", "log_file { path = \"/l\" }", "log_file {"),
    (
        "log_file.path",
        "log_file { path = \"/l\" }",
        "path = \"/l\"",
    ),
    (
        "log_file.log_rotate_bytes",
        "log_file { log_rotate_bytes = 1024 }",
        "log_rotate_bytes = 1024",
    ),
    (
        "log_file.log_rotate_duration",
        "log_file { log_rotate_duration = \"1h\" }",
        "log_rotate_duration = \"1h\"",
    ),
    (
        "log_file.log_rotate_max_files",
        "log_file { log_rotate_max_files = -1 }",
        "log_rotate_max_files = -1",
    ),
    ("syslog", "syslog {  enabled = true }", "syslog {"),
    (
        "syslog.enabled",
        "syslog { enabled = false }",
        "enabled = false",
    ),
    (
        "syslog.facility",
        "syslog { facility = \"LOCAL5\" }",
        "facility = \"LOCAL5\"",
    ),
    ("syslog.name", "syslog { name = \"n\" }", "name = \"n\""),
    (
        "syslog.address",
        "syslog { address = \"/s\" }",
        "address = \"/s\"",
    ),
    ("journal", "journal { enabled = true }", "journal {"),
    (
        "journal.enabled",
        "journal { enabled = false }",
        "enabled = false",
    ),
    (
        "journal.address",
        "journal { address = \"/j\" }",
        "address = \"/j\"",
    ),
    (
        "log_level",
        "log_level = \"DEBUG\"",
        "log_level = \"DEBUG\"",
    ),
    (
        "kill_signal",
        "kill_signal = \"sigterm\"",
        "kill_signal = \"SIGTERM\"",
    ),
    ("kill_signal", "kill_signal = \"\"", "kill_signal = \"\""),
    (
        "reload_signal",
        "reload_signal = \"USR1\"",
        "reload_signal = \"SIGUSR1\"",
    ),
    (
        "reload_signal",
        "reload_signal = \"SIGNULL\"",
        "reload_signal = \"\"",
    ),
    (
        "pid_file",
        "pid_file = \"/run/ctmpl.pid\"",
        "pid_file = \"/run/ctmpl.pid\"",
    ),
    (
        "status_addr",
        "status_addr = \"unix:/run/s\"",
        "status_addr = \"unix:///run/s\"",
    ),
    (
        "state_dir",
        "state_dir = \"/var/lib/x\"",
        "state_dir = \"/var/lib/x\"",
    ),
    ("history", "history = 7", "history = 7"),
    (
        "keep_answers",
        "keep_answers = false",
        "keep_answers = false",
    ),
    ("warm_start", "warm_start = true", "warm_start = true"),
    (
        "group",
        "group \"g\" { check = \"nginx\" }",
        "group \"g\" {",
    ),
    (
        "group.check",
        "group \"g\" { check = \"nginx -t -c {staged}\" }",
        "check = \"nginx -t -c {staged}\"",
    ),
    (
        "group.check_tree",
        "group \"g\" { check = \"nginx\" check_tree = \"/etc/nginx\" }",
        "check_tree = \"/etc/nginx\"",
    ),
    (
        "group.command",
        "group \"g\" { command = \"x y\" }",
        "command = \"x y\"",
    ),
    (
        "group.command_timeout",
        "group \"g\" { command_timeout = \"90s\" }",
        "command_timeout = \"1m30s\"",
    ),
    (
        "group.timeout",
        "group \"g\" { timeout = \"90s\" }",
        "command_timeout = \"1m30s\"",
    ),
    (
        "group.verify",
        "group \"g\" { verify = \"nginx\" }",
        "program = \"nginx\"",
    ),
    (
        "group.verify.program",
        "group \"g\" { verify { program = \"haproxy\" } }",
        "program = \"haproxy\"",
    ),
    (
        "group.verify.pid_file",
        "group \"g\" { verify { program = \"nginx\" pid_file = \"/p\" } }",
        "pid_file = \"/p\"",
    ),
    (
        "group.verify.http",
        "group \"g\" { verify { http = \"https://h/?s3cret\" } }",
        "http = \"https://h/?***\"",
    ),
    (
        "group.verify.expect",
        "group \"g\" { verify { http = \"http://h\" expect = 204 } }",
        "expect = 204",
    ),
    (
        "group.verify.command",
        "group \"g\" { verify { command = [\"x\", \"y\"] } }",
        "command = [\"x\", \"y\"]",
    ),
    (
        "group.verify.timeout",
        "group \"g\" { verify { program = \"nginx\" timeout = \"60s\" } }",
        "timeout = \"1m\"",
    ),
    (
        "group.on_failure",
        "group \"g\" { on_failure = \"Rollback\" }",
        "on_failure = \"rollback\"",
    ),
    (
        "group.reload_rate",
        "group \"g\" { reload_rate = \" 2/60s burst 2\" }",
        "reload_rate = \"2/1m\"",
    ),
    (
        "group.env",
        "group \"g\" { env { pristine = true } }",
        "pristine = true",
    ),
    (
        "group.signal",
        "group \"g\" { signal { process = \"nginx\" } }",
        "signal {",
    ),
    (
        "group.signal.name",
        "group \"g\" { signal { process = \"nginx\" name = \"usr1\" } }",
        "name = \"SIGUSR1\"",
    ),
    (
        "group.signal.pidfile",
        "group \"g\" { signal { pidfile = \"/p\" } }",
        "pidfile = \"/p\"",
    ),
    (
        "group.signal.process",
        "group \"g\" { signal { process = \"nginx\" } }",
        "process = \"nginx\"",
    ),
    (
        "group.http",
        "group \"g\" { http { url = \"http://h/-/reload\" } }",
        "http {",
    ),
    (
        "group.http.url",
        "group \"g\" { http { url = \"http://u:s3cret@h/?s3cret\" } }",
        "url = \"http://***@h/?***\"",
    ),
    (
        "group.http.method",
        "group \"g\" { http { url = \"http://h\" method = \"PUT\" } }",
        "method = \"PUT\"",
    ),
    (
        "group.http.headers",
        "group \"g\" { http { url = \"http://h\" headers = [\"A: s3cret\"] } }",
        "headers = [\"A: ***\"]",
    ),
    (
        "group.http.body",
        "group \"g\" { http { url = \"http://h\" body = \"s3cret\" } }",
        "body = \"***\"",
    ),
    (
        "group.systemd",
        "group \"g\" { systemd { unit = \"u\" } }",
        "systemd {",
    ),
    (
        "group.systemd.unit",
        "group \"g\" { systemd { unit = \"u.service\" } }",
        "unit = \"u.service\"",
    ),
    (
        "group.systemd.action",
        "group \"g\" { systemd { unit = \"u\" action = \"Try-Restart\" } }",
        "action = \"try-restart\"",
    ),
    (
        "group.docker",
        "group \"g\" { docker { container = \"c\" } }",
        "docker {",
    ),
    (
        "group.docker.container",
        "group \"g\" { docker { container = \"c\" } }",
        "container = \"c\"",
    ),
    (
        "group.docker.signal",
        "group \"g\" { docker { container = \"c\" signal = \"USR2\" } }",
        "signal = \"SIGUSR2\"",
    ),
    (
        "group.docker.socket",
        "group \"g\" { docker { container = \"c\" socket = \"/s\" } }",
        "socket = \"/s\"",
    ),
    ("allow", "allow = [\"plugin\"]", "allow = [\"plugin\"]"),
    (
        "sandbox_path",
        "sandbox_path = \"/srv\"",
        "sandbox_path = \"/srv\"",
    ),
    ("write", "write = \"Inplace\"", "write = \"inplace\""),
    (
        "template_error_fatal",
        "template_error_fatal = false",
        "template_error_fatal = false",
    ),
    (
        "err_on_failed_lookup",
        "err_on_failed_lookup = true",
        "err_on_failed_lookup = true",
    ),
    ("once", "once = true", "once = true"),
    ("parseonly", "parseonly = true", "parseonly = true"),
    ("$schema", "\"$schema\" = \"s\"", "once = false"),
    ("consul", "consul = \"h:1\"", "address = \"h:1\""),
    (
        "consul.address",
        "consul { address = \"h:1,i:2\" }",
        "address = \"h:1,i:2\"",
    ),
    (
        "consul.token",
        "consul { token = \"s3cret\" }",
        "token = \"***\"",
    ),
    (
        "consul.token_file",
        "consul { token_file = \"token\" }",
        "token_file = \"token\"",
    ),
    (
        "consul.max_connections",
        "consul { max_connections = 9 }",
        "max_connections = 9",
    ),
    (
        "consul.full_read_interval",
        "consul { full_read_interval = \"90s\" }",
        "full_read_interval = \"1m30s\"",
    ),
    (
        "consul.namespace",
        "consul { namespace = \"n\" }",
        "namespace = \"n\"",
    ),
    (
        "consul.partition",
        "consul { partition = \"p\" }",
        "partition = \"p\"",
    ),
    (
        "consul.auth",
        "consul { auth { username = \"u\" } }",
        "auth {",
    ),
    (
        "consul.auth.enabled",
        "consul { auth { enabled = false } }",
        "enabled = false",
    ),
    (
        "consul.auth.username",
        "consul { auth { username = \"u\" } }",
        "username = \"u\"",
    ),
    (
        "consul.auth.password",
        "consul { auth { password = \"s3cret\" } }",
        "password = \"***\"",
    ),
    ("consul.ssl", "consul { ssl {} }", "ssl {"),
    (
        "consul.ssl.enabled",
        "consul { ssl { enabled = true } }",
        "enabled = true",
    ),
    (
        "consul.ssl.verify",
        "consul { ssl { verify = false } }",
        "verify = false",
    ),
    (
        "consul.ssl.ca_cert",
        "consul { ssl { ca_cert = \"/ca\" } }",
        "ca_cert = \"/ca\"",
    ),
    (
        "consul.ssl.ca_cert_bytes",
        "consul { ssl { ca_cert_bytes = \"PEM\" } }",
        "ca_cert_bytes = \"PEM\"",
    ),
    (
        "consul.ssl.ca_path",
        "consul { ssl { ca_path = \"/cas\" } }",
        "ca_path = \"/cas\"",
    ),
    (
        "consul.ssl.cert",
        "consul { ssl { cert = \"/crt\" } }",
        "cert = \"/crt\"",
    ),
    (
        "consul.ssl.key",
        "consul { ssl { cert = \"/crt\" key = \"/key\" } }",
        "key = \"/key\"",
    ),
    (
        "consul.ssl.server_name",
        "consul { ssl { server_name = \"s\" } }",
        "server_name = \"s\"",
    ),
    ("consul.retry", "consul { retry {} }", "retry {"),
    (
        "consul.retry.enabled",
        "consul { retry { enabled = false } }",
        "enabled = false",
    ),
    (
        "consul.retry.attempts",
        "consul { retry { attempts = 7 } }",
        "attempts = 7",
    ),
    (
        "consul.retry.backoff",
        "consul { retry { backoff = \"3s\" } }",
        "backoff = \"3s\"",
    ),
    (
        "consul.retry.max_backoff",
        "consul { retry { max_backoff = \"90s\" } }",
        "max_backoff = \"1m30s\"",
    ),
    ("consul.transport", "consul { transport {} }", "transport {"),
    (
        "consul.transport.dial_timeout",
        "consul { transport { dial_timeout = \"3s\" } }",
        "dial_timeout = \"3s\"",
    ),
    (
        "consul.transport.tls_handshake_timeout",
        "consul { transport { tls_handshake_timeout = \"3s\" } }",
        "tls_handshake_timeout = \"3s\"",
    ),
    (
        "consul.transport.dial_keep_alive",
        "consul { transport { dial_keep_alive = \"3s\" } }",
        "dial_keep_alive = \"3s\"",
    ),
    (
        "consul.transport.disable_keep_alives",
        "consul { transport { disable_keep_alives = true } }",
        "disable_keep_alives = true",
    ),
    (
        "consul.transport.idle_conn_timeout",
        "consul { transport { idle_conn_timeout = \"3s\" } }",
        "idle_conn_timeout = \"3s\"",
    ),
    (
        "consul.transport.max_idle_conns",
        "consul { transport { max_idle_conns = 3 } }",
        "max_idle_conns = 3",
    ),
    (
        "consul.transport.max_idle_conns_per_host",
        "consul { transport { max_idle_conns_per_host = 3 } }",
        "max_idle_conns_per_host = 3",
    ),
    (
        "consul.transport.max_conns_per_host",
        "consul { transport { max_conns_per_host = 3 } }",
        "max_conns_per_host = 3",
    ),
];

/// Keys of `template`, in the same form.
const OF_TEMPLATES: &[(&str, &str, &str)] = &[
    ("source", "source = \"in.j2\"", "source = \"in.j2\""),
    ("contents", "contents = \"a\\nb\"", "contents = \"a\\nb\""),
    (
        "contents",
        "contents = <<EOF\na \"${b}\"\nEOF",
        "contents = \"a \\\"$\\x7bb}\\\"\\n\"",
    ),
    (
        "contents",
        "contents = <<-EOF\n    a\n      b\n    EOF",
        "contents = \"a\\n  b\\n\"",
    ),
    (
        "destination",
        "destination = \"/etc/a b\"",
        "destination = \"/etc/a b\"",
    ),
    ("language", "language = \"jinja\"", "language = \"jinja\""),
    (
        "command",
        "command = \"echo a,b\"",
        "command = \"echo a,b\"",
    ),
    (
        "command",
        "command = [\"a\", \"b c\"]",
        "command = [\"a\", \"b c\"]",
    ),
    (
        "command_timeout",
        "command_timeout = \"90s\"",
        "command_timeout = \"1m30s\"",
    ),
    ("exec", "exec {}", "destination = \"out\""),
    (
        "exec.command",
        "command = \"a\" exec { command = \"b\" }",
        "command = \"b\"",
    ),
    (
        "exec.timeout",
        "command_timeout = \"1s\" exec { timeout = \"2s\" }",
        "command_timeout = \"2s\"",
    ),
    ("wait", "wait = \"1s\"", "wait = \"1s:4s\""),
    (
        "wait",
        "wait { min = \"1s\" max = \"2s\" }",
        "wait = \"1s:2s\"",
    ),
    (
        "left_delimiter",
        "left_delimiter = \"[[\"",
        "left_delimiter = \"[[\"",
    ),
    (
        "right_delimiter",
        "right_delimiter = \"]]\"",
        "right_delimiter = \"]]\"",
    ),
    ("format", "format = \"haproxy\"", "format = \"haproxy\""),
    (
        "output_format",
        "output_format = \"toml\"",
        "output_format = \"toml\"",
    ),
    (
        "sandbox_path",
        "sandbox_path = \"/srv\"",
        "sandbox_path = \"/srv\"",
    ),
    (
        "error_on_missing_key",
        "error_on_missing_key = true",
        "error_on_missing_key = true",
    ),
    ("perms", "perms = 0640", "perms = 0640"),
    ("perms", "perms = 640", "perms = 0640"),
    ("perms", "perms = \"640\"", "perms = 0640"),
    ("perms", "perms = \"0640\"", "perms = 0640"),
    ("user", "user = 1000", "user = 1000"),
    ("user", "user = \"1000\"", "user = 1000"),
    ("user", "user = \"www-data\"", "user = \"www-data\""),
    ("group", "group = \"adm\"", "group = \"adm\""),
    ("check", "check = \"nginx\"", "check = \"nginx\""),
    (
        "check_tree",
        "check = \"nginx\" check_tree = \"/etc/nginx\"",
        "check_tree = \"/etc/nginx\"",
    ),
    (
        "verify",
        "command = \"c\" verify = \"haproxy\"",
        "program = \"haproxy\"",
    ),
    (
        "on_failure",
        "on_failure = \"exit\"",
        "on_failure = \"exit\"",
    ),
    (
        "reload_rate",
        "reload_rate = \"1/10s burst 3\"",
        "reload_rate = \"1/10s burst 3\"",
    ),
    ("gid", "gid = \"adm\"", "gid = \"adm\""),
    ("signal", "signal { pidfile = \"/p\" }", "pidfile = \"/p\""),
    ("http", "http { url = \"http://h\" }", "url = \"http://h\""),
    ("systemd", "systemd { unit = \"u\" }", "unit = \"u\""),
    (
        "docker",
        "docker { container = \"c\" }",
        "container = \"c\"",
    ),
    ("drift", "drift = \"Restore\"", "drift = \"restore\""),
    (
        "max_change",
        "max_change { lines = 200 fraction = 0.5 confirm_for = \"60s\" }",
        "max_change = { lines = 200, fraction = 0.5, confirm_for = \"1m\" }",
    ),
    (
        "max_change.lines",
        "max_change { lines = 7 }",
        "max_change = { lines = 7 }",
    ),
    (
        "max_change.fraction",
        "max_change { fraction = 1 }",
        "max_change = { fraction = 1 }",
    ),
    (
        "max_change.confirm_for",
        "max_change { lines = 0 confirm_for = \"90s\" }",
        "max_change = { lines = 0, confirm_for = \"1m30s\" }",
    ),
    ("guard", "guard = false", "guard = false"),
    (
        "guard",
        "guard { max_drop = 0 min_items = 1 confirm_for = \"0s\" }",
        "guard = { max_drop = 0, min_items = 1, confirm_for = \"0s\" }",
    ),
    (
        "flap_damping",
        "flap_damping = false",
        "flap_damping = false",
    ),
    (
        "flap_damping",
        "flap_damping { max_toggles = 2 window = \"10s\" stable_for = \"30s\" max_damped = 1 }",
        "flap_damping = { max_toggles = 2, window = \"10s\", stable_for = \"30s\", max_damped = 1 }",
    ),
    ("uid", "uid = 7", "user = 7"),
    ("gid", "gid = 7", "group = 7"),
    ("backup", "backup = true", "backup = true"),
    (
        "create_dest_dirs",
        "create_dest_dirs = false",
        "create_dest_dirs = false",
    ),
    ("write", "write = \"rename\"", "write = \"rename\""),
    (
        "function_denylist",
        "function_denylist = [\"key*\"]",
        "function_denylist = [\"key*\"]",
    ),
    (
        "function_blacklist",
        "function_blacklist = [\"a\"]",
        "function_denylist = [\"a\"]",
    ),
    ("error_fatal", "error_fatal = false", "error_fatal = false"),
    (
        "render_timeout",
        "render_timeout = \"2.5s\"",
        "render_timeout = \"2.5s\"",
    ),
    (
        "exec.enabled",
        "command = \"a\" exec { enabled = false }",
        "destination = \"out\"",
    ),
];

#[test]
fn every_key_that_is_set_is_shown() {
    let folder = Folder::new();
    folder.write("token", "t0ken");
    for (key, written, line) in TOP {
        let output = shown(&folder, "a.hcl", &format!("{written}\n{TEMPLATE}"));
        assert!(shows(&output, line), "{key}: {line:?} in {output}");
        assert!(!output.contains("s3cret"), "{output}");
    }
    for (key, written, line) in OF_TEMPLATES {
        let contents = if ["source", "contents"].contains(key) {
            ""
        } else {
            "contents = \"x\"\n"
        };
        let destination = if *key == "destination" {
            ""
        } else {
            "destination = \"out\"\n"
        };
        let output = shown(
            &folder,
            "a.hcl",
            &format!("template {{\n{written}\n{contents}{destination}}}"),
        );
        assert!(shows(&output, line), "template.{key}: {line:?} in {output}");
    }
}

#[test]
fn every_key_has_a_row() {
    /// Blocks whose keys have their own rows.
    const BLOCKS: [&str; 1] = ["template"];
    let mut tried: BTreeSet<String> = TOP.iter().map(|(key, ..)| (*key).to_owned()).collect();
    tried.extend(
        OF_TEMPLATES
            .iter()
            .map(|(key, ..)| format!("template.{key}")),
    );
    tried.extend(BLOCKS.map(str::to_owned));
    let keys: BTreeSet<String> = reference::keys().into_iter().map(|key| key.path).collect();
    assert!(keys.len() > 50, "{keys:?}");
    let without: Vec<_> = keys.difference(&tried).collect();
    assert!(without.is_empty(), "add rows for {without:?}");
    let gone: Vec<_> = tried.difference(&keys).collect();
    assert!(gone.is_empty(), "there are no such keys: {gone:?}");
}

/// The same configuration in several spellings.
#[test]
fn all_spellings_of_hcl_and_json_are_equal() {
    let ways = [
        "consul { address = \"h:1\" namespace = \"n\" }",
        "consul = { address = \"h:1\", namespace = \"n\" }",
        "# c\n// c\n/* c\n { */ CONSUL {\n Address = \"h:1\", NameSpace = \"n\"\n}",
        "\"consul\" = { \"address\" = \"h:1\" \"namespace\" = \"n\" }",
        "consul = [{ address = \"h:1\" namespace = \"n\" }]",
        "consul {\r\n  address = \"\\u0068:1\"\r\n  namespace = \"\\x6e\"\r\n}",
    ];
    let folder = Folder::new();
    for way in ways {
        let output = shown(&folder, "a.hcl", &format!("{way}\n{TEMPLATE}"));
        for line in ["address = \"h:1\"", "namespace = \"n\""] {
            assert!(shows(&output, line), "{way}: {output}");
        }
    }
    // JSON, also in a file with another extension; blocks in lists; null.
    let json = r#"{"consul": [{"address": "h:1"}], "Once": true, "syslog": null,
        "template": [{"contents": "x", "destination": "a"}, [{"contents": "y", "destination": "b"}]]}"#;
    for name in ["a.json", "b.hcl", "b.conf"] {
        let output = shown(&folder, name, json);
        assert!(
            shows(&output, "once = true") && shows(&output, "destination = \"b\""),
            "{output}"
        );
    }
}

/// Empty values, as generators of configurations write them, have the same meaning as in
/// consul-template.
#[test]
fn empty_values_set_nothing() {
    let folder = Folder::new();
    let empty = "syslog { facility = \"\" name = \"\" }\npid_file = \"\"\nwait {}\nconsul { retry { attempts = 3.0 } }\n";
    let template = "template { contents = \"x\" destination = \"out\" user = \"\" group = \"\" wait {} command = \"\" }\n";
    folder.write("a.hcl", &format!("{empty}{template}"));
    let flags = [
        "--config=a.hcl",
        "-pid-file=",
        "-syslog-facility=",
        "-syslog-name=",
        "-once",
    ];
    let ended = run(&folder, &flags);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("out"), "x");
    let output = shown(
        &folder,
        "b.json",
        r#"{"template": [{"contents": "x", "destination": "o", "perms": "0600",},],}"#,
    );
    assert!(shows(&output, "perms = 0600"), "{output}");
    let output = shown(&folder, "c.json", TEMPLATE);
    assert!(
        shows(&output, "destination = \"out\""),
        "HCL in a file that is named otherwise: {output}"
    );
}

/// Each key of `wait` is merged separately; a template without `wait` uses the global one.
#[test]
fn wait_is_merged_from_all_layers() {
    let folder = Folder::new();
    folder.write("b.hcl", "wait { max = \"12s\" }");
    for (wait, own, shown_lines) in [
        (
            "wait { min = \"10s\" max = \"20s\" }",
            "{}",
            &["wait = \"10s:12s\""][..],
        ),
        (
            "wait { min = \"10s\" }",
            "{ max = \"5s\" }",
            &["wait = \"10s:12s\""],
        ),
        (
            "wait = \"10s\"",
            "{ enabled = false }",
            &["wait = \"10s:12s\"", "wait = \"0s\""],
        ),
        (
            "",
            "{ min = \"1s\" }",
            &["wait = \"0s\"", "wait = \"1s:4s\""],
        ),
    ] {
        let text =
            format!("{wait}\ntemplate {{ contents = \"x\" destination = \"out\" wait {own} }}");
        folder.write("a.hcl", &text);
        let ended = run(&folder, &["config", "--config=a.hcl", "--config=b.hcl"]);
        let lines: Vec<_> = ended
            .output
            .lines()
            .map(|line| line.split(" # ").next().unwrap_or_default().trim())
            .collect();
        let waits: Vec<_> = lines
            .into_iter()
            .filter(|line| line.starts_with("wait = "))
            .collect();
        assert_eq!(waits, shown_lines, "{text}: {}{}", ended.output, ended.log);
    }
    folder.write("a.hcl", &format!("wait = \"20s:30s\"\n{TEMPLATE}"));
    let ended = run(&folder, &["validate", "--config=a.hcl", "--config=b.hcl"]);
    assert_eq!(ended.code(), Some(15));
    assert!(
        ended
            .log
            .contains("wait in b.hcl:1: the maximum 12s is below the minimum 20s"),
        "{}",
        ended.log
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn implausible_values_are_refused() {
    let folder = Folder::new();
    let cases = [
        (
            "max_stale = 5",
            "max_stale in a.hcl:1: the duration \"5\" needs a unit, for example 5s",
        ),
        ("block_query_wait = \"5\"", "needs a unit"),
        ("wait { min = 5000 }", "wait.min in a.hcl:1"),
        (
            "wait = \"5s:1s\"",
            "wait in a.hcl:1: the maximum 1s is below the minimum 5s",
        ),
        (
            "template { perms = 420 }",
            "template[1].perms in a.hcl:1: 420 is the mode 0644 in decimal digits",
        ),
        ("template { perms = \"4755\" }", "not plausible"),
        ("template { perms = 1e3 }", "is not a mode"),
        (
            "template { uid = 7.5 }",
            "template[1].uid in a.hcl:1: 7.5 is not a valid whole number",
        ),
        (
            "template { user = true }",
            "template[1].user in a.hcl:1: it is true or false",
        ),
        (
            "once = \"true\"",
            "once in a.hcl:1: it is a text, and should be true or false",
        ),
        ("once = 1", "once in a.hcl:1: it is a number"),
        (
            "wait {}\nwait {}",
            "wait in a.hcl:2: it is set 2 times, first on line 1",
        ),
        (
            "consul {}\nconsul = {}",
            "consul in a.hcl:2: it is set 2 times",
        ),
        (
            "consul { ssl {}\n ssl {} }",
            "consul.ssl in a.hcl:2: it is set 2 times",
        ),
        (
            "log_level = \"info\"\nlog_level = \"err\"",
            "log_level in a.hcl:2: it is set 2 times",
        ),
        (
            "template { exec {}\n exec {} }",
            "template[1].exec in a.hcl:2: it is set 2 times",
        ),
        ("template \"label\" {}", "template takes no label"),
        ("token = \"s3cret\"", "there is no such key"),
        ("templates {}", "did you mean template?"),
        (
            "consul { retrys = 1 }",
            "consul.retrys in a.hcl:1: there is no such key; did you mean retry?",
        ),
        (
            "template { exec_kill_signal = \"x\" }",
            "template[1].exec_kill_signal in a.hcl:1: there is no such key",
        ),
        ("dry = true", "dry in a.hcl:1: there is no such key"),
        ("parse_only = true", "did you mean parseonly?"),
    ];
    for (text, part) in cases {
        folder.write("a.hcl", text);
        for command in ["validate", "config"] {
            let ended = run(&folder, &[command, "--config=a.hcl"]);
            assert_eq!(ended.code(), Some(15), "{text}: {}", ended.log);
            assert!(
                ended.log.contains(part) && !ended.log.contains("s3cret"),
                "{text}: {}",
                ended.log
            );
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn files_that_are_not_configurations_are_refused_early() {
    let folder = Folder::new();
    let deep = 200_000;
    let cases: &[(&str, Vec<u8>, &str)] = &[
        (
            "latin.hcl",
            b"# caf\xe9".to_vec(),
            "latin.hcl:1 as HCL: it is not UTF-8",
        ),
        ("nul.hcl", b"once = true\0".to_vec(), "nul.hcl:1 as HCL"),
        (
            "nul.json",
            b"{\"once\": true\0}".to_vec(),
            "nul.json:1 as JSON",
        ),
        ("nul.yaml", b"once: true\0".to_vec(), "nul.yaml"),
        ("nul.toml", b"once = true\0".to_vec(), "nul.toml:1 as TOML"),
        ("utf16.hcl", b"\xff\xfeo\0n\0".to_vec(), "it is not UTF-8"),
        (
            "large.yaml",
            vec![b'#'; 10 * 1024 * 1024],
            "it has 10485760 bytes; a configuration has at most 4194304",
        ),
        (
            "deep.hcl",
            "a {".repeat(deep).into_bytes(),
            "deep.hcl:1 as HCL: values are nested more than 32 deep",
        ),
        (
            "deep.json",
            "[".repeat(deep).into_bytes(),
            "deep.json:1 as JSON",
        ),
        ("deep.yaml", "[".repeat(deep).into_bytes(), "deep.yaml"),
        (
            "deep.toml",
            ("a = ".to_owned() + &"[".repeat(deep)).into_bytes(),
            "deep.toml:1 as TOML",
        ),
        (
            "huge.hcl",
            b"template { uid = 99999999999999999999 }".to_vec(),
            "template[1].uid in huge.hcl:1",
        ),
        (
            "huge.json",
            b"{\"template\": {\"uid\": 1e400}}".to_vec(),
            "huge.json:1",
        ),
        (
            "huge.yaml",
            format!("template:\n - user: {}\n", "9".repeat(5000)).into_bytes(),
            "huge.yaml",
        ),
        (
            "far.hcl",
            b"max_stale = \"9999999999h\"".to_vec(),
            "is longer than 292 years",
        ),
        ("list.yaml", b"- once".to_vec(), "list.yaml"),
    ];
    for (name, bytes, part) in cases {
        fs::write(folder.path(name), bytes).unwrap();
        let ended = run(&folder, &["validate", &format!("--config={name}")]);
        assert_eq!(ended.code(), Some(15), "{name}: {}", ended.log);
        assert!(
            ended.log.contains(part),
            "{name}: {part:?} in {}",
            ended.log
        );
        assert!(
            ended.log.lines().count() == 1 && ended.log.len() < 1000,
            "{name}: {}",
            ended.log
        );
    }
}

#[test]
fn a_byte_order_mark_is_ignored() {
    let folder = Folder::new();
    let texts = [
        (
            "a.hcl",
            "once = true template { contents = \"x\" destination = \"o\" }",
        ),
        (
            "a.json",
            r#"{"once": true, "template": {"contents": "x", "destination": "o"}}"#,
        ),
        (
            "a.yaml",
            "once: true\ntemplate: {contents: x, destination: o}\n",
        ),
        (
            "a.toml",
            "once = true\ntemplate = {contents = \"x\", destination = \"o\"}\n",
        ),
    ];
    for (name, text) in texts {
        assert!(
            shows(
                &shown(&folder, name, &format!("\u{feff}{text}")),
                "once = true"
            ),
            "{name}"
        );
    }
}

#[test]
fn a_directory_yields_its_configurations_and_reports_cycles() {
    let folder = Folder::new();
    folder.write("d/10-a.hcl", TEMPLATE);
    folder.write("d/20.d/b.yaml", "log_level: info\n");
    folder.write("d/30-c.json", "{\"log_level\": \"debug\"}");
    for name in [
        "d/a.hcl~",
        "d/.a.hcl.swp",
        "d/b.hcl.bak",
        "d/.git/config.hcl",
    ] {
        folder.write(name, "garbage {");
    }
    // The layout of a ConfigMap that Kubernetes mounts.
    folder.write("d/..2026_11/map.toml", "max_stale = \"7s\"\n");
    symlink("..2026_11", folder.path("d/..data")).unwrap();
    symlink("..data/map.toml", folder.path("d/map.toml")).unwrap();
    let ended = run(&folder, &["config", "--config=d"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(
        shows(&ended.output, "log_level = \"debug\"") && shows(&ended.output, "max_stale = \"7s\"")
    );
    let ended = run(&folder, &["validate", "--config=d"]);
    assert!(
        ended.log.contains("not read") && ended.log.contains(": d/a.hcl~, d/b.hcl.bak"),
        "{}",
        ended.log
    );

    symlink("..", folder.path("d/20.d/up")).unwrap();
    let ended = run(&folder, &["config", "--config=d"]);
    assert_eq!(ended.code(), Some(15));
    assert!(
        ended
            .log
            .contains("check for a symbolic link to a parent directory"),
        "{}",
        ended.log
    );
    fs::remove_file(folder.path("d/20.d/up")).unwrap();
    symlink("self.hcl", folder.path("d/self.hcl")).unwrap();
    let ended = run(&folder, &["config", "--config=d"]);
    assert!(
        ended.code() == Some(15) && ended.log.contains("d/self.hcl"),
        "{}",
        ended.log
    );
    fs::remove_file(folder.path("d/self.hcl")).unwrap();
    for missing in ["none", "none.hcl", "d/none.yaml"] {
        let ended = run(&folder, &["config", &format!("--config={missing}")]);
        assert!(
            ended.code() == Some(15)
                && ended
                    .log
                    .contains(&format!("configuration {missing}: No such file")),
            "{}",
            ended.log
        );
    }
}
