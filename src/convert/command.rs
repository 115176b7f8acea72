//! The command `ctmpl convert`.
//!
//! in:  its [`ConvertArguments`]
//! out: the Jinja template, on standard output or in a file, and a [`Report`] for standard error

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::prove::{Pair, Proof};
use super::{Conversion, convert};
use crate::apply::write::{Stage, Swapped, Writer};
use crate::cli::ConvertArguments;
use crate::config::resolved::{Delimiters, FileConfig};
use crate::config::{self, Environment, Flags};
use crate::source::consul::Client;
use crate::template::{self, RenderEnv};

/// What there is to be said, and whether all went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One line an entry, but for a diff.
    pub notes: Vec<String>,
    /// Everything is converted, and nothing is known to print something else.
    pub clean: bool,
}

/// Converts a file, and proves the result if there is data to do it with.
///
/// # Errors
/// When the template cannot be read, the data cannot be had, or the result cannot be written.
pub async fn run(arguments: ConvertArguments, environment: &Environment) -> anyhow::Result<Report> {
    let ConvertArguments {
        consul,
        data,
        output,
        left_delimiter,
        right_delimiter,
        file,
    } = arguments;
    let usual = Delimiters::default();
    let delimiters = Delimiters {
        left: left_delimiter
            .filter(|text| !text.is_empty())
            .unwrap_or(usual.left),
        right: right_delimiter
            .filter(|text| !text.is_empty())
            .unwrap_or(usual.right),
    };
    let name = file.display().to_string();
    let source = template::read(&file)?;
    let Conversion { text, marks } = convert(&name, &source, &delimiters)?;
    write(output.as_deref(), &text, &file)?;
    let mut notes: Vec<String> = marks
        .iter()
        .map(|mark| format!("{name}: not converted: {mark}"))
        .collect();
    let mut clean = marks.is_empty();
    let around = Arc::new(RenderEnv::here(environment.readable().collect()));
    match Pair::read(&name, &source, &delimiters, &text) {
        // A mark says so already.
        Err(error) => notes.push(format!("the result is no Jinja template: {error}")),
        Ok(pair) => {
            let proof = prove(&pair, &around, consul, data.as_deref(), environment).await?;
            clean &= !matches!(proof, Proof::Different(_) | Proof::Fails(_));
            notes.push(told(&name, proof));
        }
    }
    Ok(Report { notes, clean })
}

async fn prove(
    pair: &Pair,
    around: &Arc<RenderEnv>,
    consul: Flags,
    data: Option<&Path>,
    environment: &Environment,
) -> anyhow::Result<Proof> {
    let Some(data) = data else {
        let is_said = consul.last("--consul-addr").is_some() || environment.has("CONSUL_HTTP_ADDR");
        let client = is_said.then(|| -> anyhow::Result<Client> {
            Ok(Client::new(&config::consul(&consul, environment)?)?)
        });
        return Ok(pair.prove(client.transpose()?.as_ref(), around).await?);
    };
    let server = consul_dev::Server::start(consul_dev::Options {
        seed: consul_dev::Seed::read(data)?,
        ..consul_dev::Options::default()
    })
    .await?;
    let mut consul = Flags::default();
    consul.set("--consul-addr", vec![server.address().to_string().into()]);
    let client = Client::new(&config::consul(&consul, &Environment::default())?)?;
    let proof = pair.prove(Some(&client), around).await;
    server.stop().await;
    Ok(proof?)
}

fn told(name: &str, proof: Proof) -> String {
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
        Proof::Nothing(why) => {
            format!("{name}: not proven: the Go template prints nothing with this data: {why}")
        }
        Proof::NoData => {
            format!(
                "{name}: not proven: it asks Consul; give it one with --data FILE or --consul-addr ADDR"
            )
        }
    }
}

fn write(output: Option<&Path>, text: &str, template: &Path) -> anyhow::Result<()> {
    let Some(path) = output else {
        return std::io::stdout()
            .write_all(text.as_bytes())
            .context("cannot write to standard output");
    };
    if let Stage::Staged(staged) = Writer::default().stage(
        path,
        text.as_bytes(),
        Some(template),
        &FileConfig::default(),
    )? {
        Swapped::flush(vec![staged.swap()?]);
    }
    Ok(())
}
