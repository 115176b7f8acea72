//! What `ctmpl config` prints: the configuration of all layers, with the origin of each value.

use std::time::Duration;

use config_blocks::{Block as _, Origin, Page, filled};

use super::layer::ConfigLayer;

/// The time limit of `-once`, if none is set.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

/// A layer as HCL; secrets are `***`.
pub(super) fn show(mut layer: ConfigLayer) -> String {
    let is_once = layer.once.as_ref().is_some_and(|once| once.value);
    if is_once && layer.timeout.is_none() {
        layer.timeout = Some(Origin::Default.locate(TIMEOUT));
    }
    // An empty value sets nothing, and does not turn syslog on.
    let syslog = &mut layer.syslog;
    syslog.facility = filled(syslog.facility.take());
    syslog.name = filled(syslog.name.take());
    syslog.address = filled(syslog.address.take());
    let mut page = Page::default();
    layer.show(&mut page);
    for span in &layer.unsupported {
        page.line(
            &format!("# {}: no effect", span.key),
            Some(&span.to_string()),
        );
    }
    for flag in &layer.ignored_flags {
        page.line("# accepted only", Some(flag));
    }
    page.text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use config_blocks::{Environment, Flags};

    use super::super::file::read_text;
    use super::super::layer::TemplateBlock;
    use super::super::resolve::resolve;
    use super::*;

    proptest! {
        #[test]
        fn a_shown_configuration_reads_back(text in "\\PC*|[${}\"\\\\\n\t]*") {
            let contents = Some(Origin::Default.locate(text.clone()));
            let template = TemplateBlock { contents, ..TemplateBlock::default() };
            let layer = ConfigLayer { template: vec![template], ..ConfigLayer::default() };
            let again = read_text("f", &show(layer)).expect("HCL");
            let contents = again.template[0].contents.as_ref().map(|set| &set.value);
            prop_assert_eq!(contents, Some(&text));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let text = "consul { token = \"s3cret\" address = \"http://u:s3cret@h:1,i:2\" auth { username = \"u\" password = \"s3cret\" } }";
        let shown = show(read_text("f", text).expect("HCL"));
        assert!(!shown.contains("s3cret"), "{shown}");
        for part in [
            "address = \"http://***@h:1,i:2\"",
            "token = \"***\"",
            "# consul.auth.password in f:1",
            "# the default",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn the_shown_log_configuration_reads_back() {
        let texts = [
            "",
            "log_level = \"debug\" log_format = \"json\" log_file { path = \"/l\" log_rotate_bytes = 5 }",
            "log_file { path = \"/l\" log_rotate_duration = \"1h\" log_rotate_max_files = -1 } syslog { enabled = false }",
            "syslog { facility = \"LOCAL5\" name = \"ct\" address = \"/s\" } journal { enabled = true address = \"/j\" }",
        ];
        for text in texts {
            let meaning = |text: &str| {
                let text = format!("{text} template {{ contents = \"x\" destination = \"y\" }}");
                let layer = read_text("f", &text).expect("HCL");
                let config = resolve(layer, None, &Environment::default());
                config.expect("a configuration").log
            };
            let shown = show(read_text("f", text).expect("HCL"));
            assert_eq!(meaning(&shown), meaning(text), "{shown}");
        }
    }

    #[test]
    fn every_flag_that_sets_a_key_is_shown_at_its_key() {
        let mut tried = 0;
        for (path, key) in super::super::reference::flag_keys() {
            let values = [
                "true",
                "5s",
                "SIGHUP",
                "json",
                "log",
                "rename",
                "NAME=x",
                "7",
                "user:pass",
                "plugin",
                "in:out",
                "nginx",
                "retry",
                "1/10s",
                "never",
                "unix:@s",
            ];
            let layer = values.iter().find_map(|value| {
                let mut flags = Flags::default();
                flags.set(key.flag, vec![value.into()]);
                ConfigLayer::from_inputs(&flags).ok()
            });
            let shown = show(layer.unwrap_or_else(|| panic!("{path}: no value is accepted")));
            assert!(
                shown.contains(&format!("# {}", key.flag)),
                "{path}: {shown}"
            );
            tried += 1;
        }
        assert!(tried > 50, "{tried}");
    }
}
