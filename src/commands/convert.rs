//! `ctmpl convert`: converts a Go template to Jinja, and proves the result on data.

mod library;
mod prove;

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use config_blocks::{Environment, Flags};
use consul_render::TemplateError;
use consul_watch::source::consul::Client;
use ctmpl_convert::{Conversion, Delimiters, Options};
use ctmpl_options::cli::ConvertArguments;
use ctmpl_options::config;
use ctmpl_options::config::resolved::PROGRAM;
use ctmpl_options::exit_code;
use file_writer::{Stage, Swapped};
use group_apply::options::FileConfig;
use group_apply::write::Writer;

use self::library::TemplateFunctions;
use self::prove::{Pair, Proof};
use super::answers::with_data;
use super::output::{Failure, report};

#[cfg(test)]
mod tests;

/// The messages of a conversion, and its success.
struct Report {
    /// The messages; each has one line, except for a diff.
    notes: Vec<String>,
    /// `true` if everything is converted and no difference was found.
    is_clean: bool,
}

pub(super) fn run(arguments: ConvertArguments) -> Result<u8, Failure> {
    let Report { notes, is_clean } =
        convert(arguments).map_err(|error| Failure::new(exit_code::FAILURE, error))?;
    for note in notes {
        report(note);
    }
    Ok(if is_clean {
        exit_code::SUCCESS
    } else {
        exit_code::INCOMPLETE
    })
}

fn convert(arguments: ConvertArguments) -> anyhow::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let environment: Environment = std::env::vars_os().collect();
    runtime.block_on(convert_and_prove(arguments, &environment))
}

async fn convert_and_prove(
    arguments: ConvertArguments,
    environment: &Environment,
) -> anyhow::Result<Report> {
    let ConvertArguments {
        consul,
        data,
        output,
        left_delimiter,
        right_delimiter,
        file,
    } = arguments;
    let delimiters = delimiters(left_delimiter, right_delimiter);
    let name = file.display().to_string();
    let source = consul_render::read_source(&file)?;
    let Conversion { text, marks } = convert_source(&name, &source, &delimiters)?;
    write(output.as_deref(), &text, &file)?;
    let mut notes: Vec<String> = marks
        .iter()
        .map(|mark| format!("{name}: not converted: {mark}"))
        .collect();
    let mut is_clean = marks.is_empty();
    match Pair::read(&name, &source, &delimiters, &text) {
        // This error also has a mark, so the conversion is not clean.
        Err(error) => notes.push(format!("the result is not a Jinja template: {error}")),
        Ok(pair) => {
            let proof = prove(&pair, consul, data.as_deref(), environment).await?;
            is_clean &= !matches!(proof, Proof::Different(_) | Proof::Fails(_));
            notes.push(message(&name, proof));
        }
    }
    Ok(Report { notes, is_clean })
}

fn delimiters(left: Option<String>, right: Option<String>) -> Delimiters {
    let default = Delimiters::default();
    Delimiters {
        left: left.filter(|text| !text.is_empty()).unwrap_or(default.left),
        right: right
            .filter(|text| !text.is_empty())
            .unwrap_or(default.right),
    }
}

fn convert_source(
    name: &str,
    source: &str,
    delimiters: &Delimiters,
) -> Result<Conversion, TemplateError> {
    let options = Options {
        delimiters: delimiters.clone(),
        ..Options::default()
    };
    ctmpl_convert::convert(name, source, &options, &TemplateFunctions)
        .map_err(|error| consul_render::go_error(name, source, &error))
}

async fn prove(
    pair: &Pair,
    consul: Flags,
    data: Option<&Path>,
    environment: &Environment,
) -> anyhow::Result<Proof> {
    let Some(data) = data else {
        let has_address =
            consul.last("--consul-addr").is_some() || environment.has("CONSUL_HTTP_ADDR");
        let client = has_address.then(|| -> anyhow::Result<Client> {
            Ok(Client::new(&config::consul(&consul, environment)?.client)?)
        });
        let client = client.transpose()?;
        return Ok(pair.prove(client.as_ref(), environment).await?);
    };
    Ok(with_data(Some(data), async |client| {
        pair.prove(Some(client), environment).await
    })
    .await??)
}

fn message(name: &str, proof: Proof) -> String {
    match proof {
        Proof::Same(bytes) => {
            format!("{name}: proven: both templates print the same {bytes} bytes")
        }
        Proof::Different(diff) => format!(
            "{name}: the templates print something different:\n{}",
            diff.trim_end()
        ),
        Proof::Fails(error) => {
            format!("{name}: the Jinja template fails where the Go template does not:\n{error}")
        }
        Proof::Nothing(reason) => {
            format!("{name}: not proven: the Go template prints nothing with this data: {reason}")
        }
        Proof::NoData => format!(
            "{name}: not proven: it asks Consul; give it one with --data FILE or --consul-addr ADDR"
        ),
    }
}

fn write(output: Option<&Path>, text: &str, template: &Path) -> anyhow::Result<()> {
    let Some(path) = output else {
        return std::io::stdout()
            .write_all(text.as_bytes())
            .context("cannot write to standard output");
    };
    if let Stage::Staged(staged) = Writer::new(PROGRAM, None).stage(
        path,
        text.as_bytes(),
        Some(template),
        &FileConfig::default(),
    )? {
        Swapped::flush(vec![staged.swap()?]);
    }
    Ok(())
}
