//! `ctmpl init`: writes a configuration, a template and data to start from.

use std::fs::OpenOptions;
use std::io::{self, Write as _};

use anyhow::{Context as _, bail};
use ctmpl_options::exit_code;

use super::output::{Failure, print};

/// The files, in the order in which the user needs them.
const FILES: [(&str, &str); 3] = [
    ("ctmpl.hcl", include_str!("init/ctmpl.hcl")),
    ("app.conf.ctmpl", include_str!("init/app.conf.ctmpl")),
    ("data.yaml", include_str!("init/data.yaml")),
];

const NEXT: &str = "\
wrote ctmpl.hcl, app.conf.ctmpl and data.yaml
next:
  ctmpl render --data data.yaml app.conf.ctmpl
  ctmpl dev --seed data.yaml --config ctmpl.hcl
";

pub(super) fn run() -> Result<u8, Failure> {
    write().map_err(|error| Failure::new(exit_code::FAILURE, error))?;
    Ok(print(NEXT))
}

fn write() -> anyhow::Result<()> {
    for (name, _) in FILES {
        match std::fs::symlink_metadata(name) {
            Ok(_) => bail!(
                "{name} exists; `ctmpl init` overwrites no file, so run it in another directory"
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context(format!("cannot create {name}")),
        }
    }
    for (name, text) in FILES {
        let file = OpenOptions::new().write(true).create_new(true).open(name);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("cannot create {name}"))?;
    }
    Ok(())
}
