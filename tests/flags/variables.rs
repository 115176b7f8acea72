//! The environment variables beside the flags.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_variable_has_its_effect() {
    let folder = folder();
    let token = text(&folder.path("token"));
    #[rustfmt::skip]
    let rows: &[(&str, &str, &str)] = &[
        ("CONSUL_HTTP_ADDR", "e:1", "address = \"e:1\""),
        ("CONSUL_TOKEN", "s3cret", "token = \"***\""),
        ("CONSUL_HTTP_TOKEN", "s3cret", "token = \"***\""),
        ("CONSUL_TOKEN_FILE", &token, "token_file = "),
        ("CONSUL_HTTP_TOKEN_FILE", &token, "token_file = "),
        ("CONSUL_HTTP_AUTH", "u:s3cret", "username = \"u\""),
        ("CONSUL_HTTP_SSL", "true", "enabled = true"),
        ("CONSUL_HTTP_SSL_VERIFY", "0", "verify = false"),
        ("CONSUL_CACERT", "/c", "ca_cert = \"/c\""),
        ("CONSUL_CAPATH", "/d", "ca_path = \"/d\""),
        ("CONSUL_CLIENT_CERT", "/e", "cert = \"/e\""),
        ("CONSUL_CLIENT_KEY", "/f", "key = \"/f\""),
        ("CONSUL_TLS_SERVER_NAME", "n", "server_name = \"n\""),
        ("CONSUL_NAMESPACE", "ns", "namespace = \"ns\""),
        ("CONSUL_PARTITION", "p", "partition = \"p\""),
        ("CT_LOG", "info", "log_level = \"info\""),
        ("CONSUL_TEMPLATE_LOG", "info", "log_level = \"info\""),
        ("CONSUL_TEMPLATE_LOG_LEVEL", "info", "log_level = \"info\""),
    ];
    for (name, value, line) in rows {
        let shown = |variables: &[(&str, String)]| {
            let mut command = command();
            command
                .current_dir(folder.path("."))
                .args(["config", "-template=in:out"]);
            if *name == "CONSUL_CLIENT_KEY" {
                command.env("CONSUL_CLIENT_CERT", "/e");
            }
            command.envs(variables.iter().map(|(name, value)| (*name, value)));
            let ended = run_command(command);
            assert_eq!(ended.code(), Some(0), "{variables:?}: {}", ended.log);
            assert!(!ended.output.contains("s3cret"), "{}", ended.output);
            ended.output
        };
        // Surrounding blanks are removed.
        let output = shown(&[(name, format!(" {value}\t"))]);
        let origin = format!("# {name} of the environment");
        let is_it = |shown: &str| shown.trim().starts_with(line) && shown.ends_with(&origin);
        assert!(output.lines().any(is_it), "{name}: {line} in {output}");
        assert!(
            !shown(&[(name, " \t".to_owned())]).contains(name),
            "a blank {name} says nothing"
        );
    }
    // If several variables set the same value, the first that is not blank is used.
    for names in [
        &["CONSUL_TOKEN", "CONSUL_HTTP_TOKEN"][..],
        &["CONSUL_TOKEN_FILE", "CONSUL_HTTP_TOKEN_FILE"],
        &["CT_LOG", "CONSUL_TEMPLATE_LOG", "CONSUL_TEMPLATE_LOG_LEVEL"],
    ] {
        for first in 0..names.len() {
            let mut command = command();
            command
                .current_dir(folder.path("."))
                .args(["config", "-template=in:out"]);
            for (place, name) in names.iter().enumerate() {
                let value = if names[0] == "CT_LOG" { "info" } else { &token };
                command.env(name, if place < first { " " } else { value });
            }
            let output = run_command(command).output;
            assert!(
                output.contains(&format!("# {} of the environment", names[first])),
                "{names:?} {first}: {output}"
            );
            for other in names
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != first)
                .map(|(_, name)| name)
            {
                assert!(
                    !output.contains(&format!("# {other} of the environment")),
                    "{other}: {output}"
                );
            }
        }
    }
}
