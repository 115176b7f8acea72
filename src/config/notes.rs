//! The notes of `ctmpl validate` about a configuration.
//!
//! Input: all layers. Output: what differs from consul-template, and which environment variables are not used. No note
//! shows a value, which may be a secret.

use config_blocks::{Block, Error, Flags, Origin, Overridden, Source};
use ctmpl_convert::differences;

use super::layer::{ConfigLayer, SslBlock};

/// The notes about all layers. `variables` is the layer of the environment alone.
pub(super) fn of(
    layer: &ConfigLayer,
    variables: &ConfigLayer,
    sources: &[Source],
    flags: &Flags,
) -> Result<Vec<String>, Error> {
    let mut notes = overridden(layer, variables);
    notes.extend(ssl_of_environment(layer, variables));
    for source in sources {
        notes.extend(differences::in_file(source)?);
    }
    notes.extend(differences::in_flags(flags));
    Ok(notes)
}

fn not_in_force<B: Block>(block: &B, variables: &B) -> Vec<Overridden> {
    let mut found = Vec::new();
    block.overridden(variables, &mut found);
    found
}

/// One note for each variable that is not in force.
fn overridden(layer: &ConfigLayer, variables: &ConfigLayer) -> Vec<String> {
    let note = |Overridden { origin, by }| match by {
        Some(by) => format!("{origin} is not used: {by} has another value, and overrides it"),
        None => format!("{origin} is not used: a file or a flag sets another key that replaces it"),
    };
    let mut notes: Vec<_> = not_in_force(layer, variables)
        .into_iter()
        .map(note)
        .collect();
    notes.dedup();
    notes
}

/// The note about variables for TLS beside a file or a flag for TLS.
fn ssl_of_environment(layer: &ConfigLayer, variables: &ConfigLayer) -> Option<String> {
    let (ssl, own) = (&layer.consul.ssl, &variables.consul.ssl);
    let unused = not_in_force(ssl, own);
    let of_variables = not_in_force(&SslBlock::default(), own);
    // Against an empty block, all keys of the other layers are found.
    let of_all = not_in_force(&SslBlock::default(), ssl);
    let is_variable = |origin: &Origin| matches!(origin, Origin::Variable(_));
    if !of_all.iter().any(|found| !is_variable(&found.origin)) {
        return None;
    }
    let used = of_variables
        .iter()
        .filter(|found| !unused.iter().any(|other| other.origin == found.origin));
    let names: Vec<_> = used.map(|found| found.origin.to_string()).collect();
    (!names.is_empty()).then(|| differences::in_ssl_of_environment(&names.join(", ")))
}
