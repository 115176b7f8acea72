//! The configuration as it came out of all layers, for somebody who wonders where a value is from.
//!
//! in:  all layers as one [`Written`]
//! out: HCL, with the origin of each value in a comment; secrets are `***`

mod connection;
mod exec;
mod logging;

use std::fmt::Write as _;
use std::path::Path;

use super::duration::GoDuration;
use super::error::{Place, Said};
use super::resolve::{ADDRESS, BLOCK_QUERY_WAIT, MAX_STALE, TIMEOUT};
use super::resolved::{Delimiters, Language, Owner};
use super::signal::SignalName;
use super::wait::{Wait, WaitBlock};
use super::written::{
    AuthBlock, CommandBlock, ConsulBlock, DelimitersBlock, SslBlock, TemplateBlock, Written,
};

/// A secret, whatever it is.
const SECRET: &str = "\"***\"";

/// Lines, and how far the next is indented.
#[derive(Default)]
struct Page {
    text: String,
    indent: usize,
}

impl Page {
    fn line(&mut self, text: &str, origin: Option<&str>) {
        let text = format!("{:1$}{text}", "", self.indent);
        let _ = match origin {
            Some(origin) => writeln!(self.text, "{text:<48} # {origin}"),
            None => writeln!(self.text, "{text}"),
        };
    }

    fn block(&mut self, head: &str, origin: Option<&str>, fill: impl FnOnce(&mut Self)) {
        self.line(&format!("{head} {{"), origin);
        self.indent += 2;
        fill(self);
        self.indent -= 2;
        self.line("}", None);
    }

    /// A value that was said, or its default; nothing if there is neither.
    fn said<T>(
        &mut self,
        key: &str,
        said: Option<&Said<T>>,
        default: Option<&str>,
        shown: impl Fn(&T) -> String,
    ) {
        match (said, default) {
            (Some(Said { value, place }), _) => {
                self.line(
                    &format!("{key} = {}", shown(value)),
                    Some(&place.to_string()),
                );
            }
            (None, Some(default)) => self.line(
                &format!("{key} = {default}"),
                Some(&Place::Default.to_string()),
            ),
            (None, None) => {}
        }
    }

    /// A list, with the origin of its first entry; nothing if it is empty.
    fn list(&mut self, key: &str, said: &[Said<String>], shown: impl Fn(&str) -> String) {
        if let Some(first) = said.first() {
            let items: Vec<_> = said.iter().map(|item| shown(&item.value)).collect();
            self.line(
                &format!("{key} = [{}]", items.join(", ")),
                Some(&first.place.to_string()),
            );
        }
    }

    fn plain(&mut self, key: &str, value: Option<String>) {
        if let Some(value) = value {
            self.line(&format!("{key} = {value}"), None);
        }
    }
}

/// The whole configuration.
#[expect(clippy::too_many_lines, reason = "one branch for each key")]
pub(super) fn show(written: &Written) -> String {
    let Written {
        consul,
        template,
        exec,
        default_delimiters: DelimitersBlock { left, right },
        wait,
        format,
        output_format,
        max_stale,
        block_query_wait,
        log,
        kill_signal,
        reload_signal,
        pid_file,
        allow,
        sandbox_path,
        write,
        template_error_fatal,
        err_on_failed_lookup,
        once,
        parse_only,
        timeout,
        dry,
        later,
        unused,
    } = written;
    let mut page = Page::default();
    page.block("consul", None, |page| show_consul(page, consul));
    exec::show(&mut page, exec);
    let default = Delimiters::default();
    page.block("default_delimiters", None, |page| {
        page.said(
            "left",
            left.as_ref(),
            Some(&quoted(&default.left)),
            |text| quoted(text),
        );
        page.said(
            "right",
            right.as_ref(),
            Some(&quoted(&default.right)),
            |text| quoted(text),
        );
    });
    let said = wait.as_ref().filter(|said| said.value.wait() != Ok(None));
    page.said("wait", said, Some("\"0s\""), shown_wait);
    page.said("format", format.as_ref(), None, |format| {
        quoted(format.name())
    });
    page.said("output_format", output_format.as_ref(), None, |format| {
        quoted(format.name())
    });
    page.said(
        "max_stale",
        max_stale.as_ref(),
        Some(&duration(&GoDuration(MAX_STALE))),
        duration,
    );
    page.said(
        "block_query_wait",
        block_query_wait.as_ref(),
        Some(&duration(&GoDuration(BLOCK_QUERY_WAIT))),
        duration,
    );
    logging::show(&mut page, log);
    page.said(
        "kill_signal",
        kill_signal.as_ref(),
        Some("\"SIGINT\""),
        shown_signal,
    );
    page.said(
        "reload_signal",
        reload_signal.as_ref(),
        Some("\"SIGHUP\""),
        shown_signal,
    );
    page.said("pid_file", pid_file.as_ref(), None, |file| path(file));
    page.list("allow", allow.as_deref().unwrap_or_default(), quoted);
    page.said("sandbox_path", sandbox_path.as_ref(), None, |directory| {
        path(directory)
    });
    page.said("write", write.as_ref(), Some("\"auto\""), |mode| {
        quoted(mode.name())
    });
    page.said(
        "template_error_fatal",
        template_error_fatal.as_ref(),
        None,
        ToString::to_string,
    );
    page.said(
        "err_on_failed_lookup",
        err_on_failed_lookup.as_ref(),
        Some("false"),
        ToString::to_string,
    );
    page.said("once", once.as_ref(), Some("false"), ToString::to_string);
    page.said("parseonly", parse_only.as_ref(), None, ToString::to_string);
    let is_once = once.as_ref().is_some_and(|once| once.value);
    // Two flags that no file can hold.
    let limit = duration(&GoDuration(TIMEOUT));
    page.said(
        "# timeout",
        timeout.as_ref(),
        is_once.then_some(limit.as_str()),
        duration,
    );
    page.said("# dry", dry.as_ref(), None, ToString::to_string);
    for block in template {
        page.block("template", Some(&block.place.to_string()), |page| {
            show_template(page, block);
        });
    }
    for spot in later {
        page.line(
            &format!("# {}: not acted on", spot.key),
            Some(&spot.to_string()),
        );
    }
    for flag in unused {
        page.line("# accepted only", Some(flag));
    }
    page.text
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "values are shown by reference"
)]
fn shown_signal(name: &SignalName) -> String {
    quoted(name.0.map_or("", nix::sys::signal::Signal::as_str))
}

fn shown_command(command: &CommandBlock) -> String {
    match command {
        CommandBlock::Line(line) => quoted(line),
        CommandBlock::List(words) => {
            format!(
                "[{}]",
                words
                    .iter()
                    .map(|word| quoted(word))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        }
    }
}

fn show_consul(page: &mut Page, block: &ConsulBlock) {
    let ConsulBlock {
        address,
        token,
        token_file,
        auth,
        retry,
        ssl,
        transport,
        namespace,
        partition,
    } = block;
    let AuthBlock {
        enabled: auth_enabled,
        username,
        password,
    } = auth;
    page.said(
        "address",
        address.as_ref(),
        Some(&quoted(ADDRESS)),
        |text| quoted(&without_password(text)),
    );
    page.said("token", token.as_ref(), None, |_| SECRET.to_owned());
    page.said("token_file", token_file.as_ref(), None, |file| path(file));
    page.said("namespace", namespace.as_ref(), None, |text| quoted(text));
    page.said("partition", partition.as_ref(), None, |text| quoted(text));
    if auth_enabled.is_some() || username.is_some() || password.is_some() {
        page.block("auth", None, |page| {
            page.said("enabled", auth_enabled.as_ref(), None, ToString::to_string);
            page.said("username", username.as_ref(), None, |text| quoted(text));
            page.said("password", password.as_ref(), None, |_| SECRET.to_owned());
        });
    }
    page.block("retry", None, |page| connection::show_retry(page, retry));
    let SslBlock {
        enabled,
        verify,
        ca_cert,
        ca_cert_bytes,
        ca_path,
        cert,
        key,
        server_name,
    } = ssl;
    page.block("ssl", None, |page| {
        page.said("enabled", enabled.as_ref(), None, ToString::to_string);
        page.said("verify", verify.as_ref(), None, ToString::to_string);
        page.said("ca_cert", ca_cert.as_ref(), None, |file| path(file));
        page.said("ca_cert_bytes", ca_cert_bytes.as_ref(), None, |text| {
            quoted(text)
        });
        page.said("ca_path", ca_path.as_ref(), None, |file| path(file));
        page.said("cert", cert.as_ref(), None, |file| path(file));
        page.said("key", key.as_ref(), None, |file| path(file));
        page.said("server_name", server_name.as_ref(), None, |text| {
            quoted(text)
        });
    });
    page.block("transport", None, |page| {
        connection::show_transport(page, transport);
    });
}

fn show_template(page: &mut Page, block: &TemplateBlock) {
    let TemplateBlock {
        place: _,
        source,
        contents,
        destination,
        command,
        command_timeout,
        environment,
        language,
        error_on_missing_key,
        left_delimiter,
        right_delimiter,
        wait,
        format,
        output_format,
        sandbox_path,
        perms,
        user,
        group,
        backup,
        create_dest_dirs,
        write,
        function_denylist,
        error_fatal,
    } = block;
    page.plain("source", source.as_deref().map(path));
    page.plain("contents", contents.as_deref().map(quoted));
    page.plain("destination", destination.as_deref().map(path));
    page.plain("command", command.as_ref().map(shown_command));
    page.plain(
        "command_timeout",
        command_timeout.as_ref().map(|said| duration(&said.value)),
    );
    if !environment.is_empty() {
        page.block("exec", None, |page| {
            exec::show_environment(page, environment);
        });
    }
    page.plain(
        "language",
        language.map(|language| match language {
            Language::Go => quoted("go"),
            Language::Jinja => quoted("jinja"),
        }),
    );
    page.plain(
        "error_on_missing_key",
        error_on_missing_key.as_ref().map(ToString::to_string),
    );
    page.plain("left_delimiter", left_delimiter.as_deref().map(quoted));
    page.plain("right_delimiter", right_delimiter.as_deref().map(quoted));
    let said = wait.as_ref().filter(|said| said.value.wait() != Ok(None));
    page.plain("wait", said.map(|said| shown_wait(&said.value)));
    page.plain("format", format.map(|format| quoted(format.name())));
    page.plain(
        "output_format",
        output_format.map(|format| quoted(format.name())),
    );
    page.plain("sandbox_path", sandbox_path.as_deref().map(path));
    page.plain("perms", perms.map(|mode| format!("{:04o}", mode.0)));
    page.plain("user", user.as_ref().map(owner));
    page.plain("group", group.as_ref().map(owner));
    page.plain("backup", backup.as_ref().map(ToString::to_string));
    page.plain(
        "create_dest_dirs",
        create_dest_dirs.as_ref().map(ToString::to_string),
    );
    page.plain("write", write.map(|mode| quoted(mode.name())));
    page.list("function_denylist", function_denylist, quoted);
    page.plain("error_fatal", error_fatal.as_ref().map(ToString::to_string));
}

fn duration(duration: &GoDuration) -> String {
    quoted(&duration.to_string())
}

/// What cannot be meant is refused before anything is shown.
fn shown_wait(wait: &WaitBlock) -> String {
    match wait.wait() {
        Err(_) | Ok(None | Some(Wait::Off)) => quoted("0s"),
        Ok(Some(Wait::For(settle))) => quoted(&format!(
            "{}:{}",
            GoDuration(settle.quiet),
            GoDuration(settle.most)
        )),
    }
}

fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Id(number) => number.to_string(),
        Owner::Name(name) => quoted(name),
    }
}

fn path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// User and password in an address are nobody else's business.
fn without_password(addresses: &str) -> String {
    let hidden = addresses
        .split(',')
        .map(|address| match address.rsplit_once('@') {
            Some((before, host)) => format!(
                "{}***@{host}",
                before.find("://").map_or("", |at| &before[..at + 3])
            ),
            None => address.to_owned(),
        });
    hidden.collect::<Vec<_>>().join(",")
}

/// A text of HCL that reads back as the same text.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push('"');
    let mut before = ' ';
    for letter in text.chars() {
        match letter {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            // Unescaped, it would begin what HCL leaves as it is.
            '{' if before == '$' => shown.push_str("\\x7b"),
            _ if letter.is_control() => {
                let _ = write!(shown, "\\U{:08x}", u32::from(letter));
            }
            _ => shown.push(letter),
        }
        before = letter;
    }
    shown.push('"');
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::file::read_text;
    use super::*;

    proptest! {
        #[test]
        fn what_is_shown_reads_back(text in "\\PC*|[${}\"\\\\\n\t]*") {
            let template = TemplateBlock { contents: Some(text.clone()), ..TemplateBlock::default() };
            let written = Written { template: vec![template], ..Written::default() };
            let again = read_text("f", &show(&written)).expect("HCL");
            prop_assert_eq!(again.template[0].contents.as_ref(), Some(&text));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let text = "consul { token = \"s3cret\" address = \"http://u:s3cret@h:1,i:2\" auth { username = \"u\" password = \"s3cret\" } }";
        let shown = show(&read_text("f", text).expect("HCL"));
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
}
