//! No secret of a command is logged.

use super::*;

const SECRETS: [&str; 6] = [
    "t0ken-of-flag",
    "t0ken-of-env",
    "pa55word",
    "va1ue-of-key",
    "va1ue-of-env",
    "va1ue-of-file",
];

/// Templates that print secrets, and templates that fail on one: the message may have the position and the type, but not
/// the value.
const WITH_SECRETS: [&str; 7] = [
    "good.in",
    "good.in.j2",
    "int.in",
    "json.in",
    "index.in",
    "json.in.j2",
    "kind.in.j2",
];

/// Writes the templates.
fn write_templates_with_secrets(folder: &Folder) {
    folder.write("part", SECRETS[5]);
    let template = format!(
        "{{{{ key \"secret\" }}}} {{{{ env \"SECRET\" }}}} {{{{ file \"{}\" }}}}{{{{ range ls \"\" }}}}{{{{ .Value }}}}{{{{ end }}}}",
        folder.path("part").display()
    );
    folder.write("good.in", &template);
    folder.write("good.in.j2", "{{ key('secret') }} {{ env('SECRET') }}");
    folder.write("int.in", r#"{{ key "secret" | parseInt }}"#);
    folder.write("json.in", r#"{{ key "secret" | parseJSON }}"#);
    folder.write("index.in", r#"{{ index (env "SECRET" | split "-") 99 }}"#);
    folder.write("json.in.j2", "{{ key('secret') | parse_json }}");
    folder.write("kind.in.j2", "{{ key('secret').nothing.below }}");
}

#[test]
fn no_secret_is_ever_logged() {
    let (folder, consul) = (Folder::new(), consul());
    consul.put_key("secret", SECRETS[3]);
    write_templates_with_secrets(&folder);
    let templates: Vec<_> = WITH_SECRETS
        .map(|name| folder.template(name, &format!("{name}.out"), "false"))
        .into();
    for (token, from_environment) in [(Some("-consul-token=t0ken-of-flag"), false), (None, true)] {
        let mut command = command();
        command
            .arg(format!("-consul-addr={}", consul.address()))
            .arg("-log-level=trace")
            .env("SECRET", SECRETS[4]);
        command
            .args(
                templates
                    .iter()
                    .flat_map(|template| ["-template", template]),
            )
            .args(token);
        command.arg(format!("-consul-auth=user:{}", SECRETS[2]));
        if from_environment {
            command.env("CONSUL_HTTP_TOKEN", SECRETS[1]);
        }
        let ctmpl = Ctmpl::spawn(command);
        folder.eventually("good.in.out", "written", |text| {
            text.contains(SECRETS[3]) && text.contains(SECRETS[5])
        });
        for name in &WITH_SECRETS[2..] {
            ctmpl.logs(&format!("{name}:1"));
        }
        ctmpl.logs("runs again in");
        // Outages and refusals are logged with the address, without credentials.
        consul.faults().stop_listening();
        ctmpl.logs("the files stay as they are");
        consul.faults().listen_again();
        ctmpl.logs("Consul answers again");
        let ended = ctmpl.stop();
        for secret in SECRETS {
            assert!(
                !ended.log.contains(secret),
                "{secret} is in the log:\n{}",
                ended.log
            );
        }
        for name in WITH_SECRETS {
            let _ = fs::remove_file(folder.path(&format!("{name}.out")));
        }
    }
}

#[test]
fn an_error_about_a_flag_shows_no_secret() {
    for arguments in [
        &["-consul-token", "t0ken-of-flag", "stray"][..],
        &["-consul-auth=user:pa55word", "-wrong"],
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code(), Some(13));
        assert!(
            SECRETS.iter().all(|secret| !ended.log.contains(secret)),
            "{}",
            ended.log
        );
    }
}
