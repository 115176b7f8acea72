//! The notes of `ctmpl validate` about a configuration.
//!
//! Input: all layers. Output: what differs from consul-template, and which environment variables are not used. No note
//! shows a value, which may be a secret.

use std::path::PathBuf;

use config_blocks::{Block as _, Error, Flags, Found, Origin, Overridden, Source, filled, origins};
use ctmpl_convert::differences;

use super::layer::ConfigLayer;

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
    notes.extend(in_user_alone(layer));
    Ok(notes)
}

/// The note about a user that has no password in any file or flag.
fn in_user_alone(layer: &ConfigLayer) -> Option<String> {
    let auth = &layer.consul.auth;
    let user = filled(auth.username.clone())?;
    let is_variable = matches!(user.origin, Origin::Variable(_));
    let is_alone = filled(auth.password.clone()).is_none();
    (is_alone && !is_variable).then(|| differences::in_user_alone(&user.origin.to_string()))
}

/// The position of the token of a layer, if the token file of a lower one would count in consul-template.
pub(super) fn token_over_file(upper: &ConfigLayer, lower: &ConfigLayer) -> Option<Origin> {
    let (own, lower) = (&upper.consul, &lower.consul);
    let token = filled(own.token.clone())?;
    (own.token_file.is_none() && filled(lower.token_file.clone()).is_some()).then_some(token.origin)
}

/// The note about such a token, if it is in force.
pub(super) fn in_token_over_file(layer: &ConfigLayer, found: Option<&Origin>) -> Option<String> {
    let token = layer.consul.token.as_ref()?;
    let is_in_force = layer.consul.token_file.is_none() && found == Some(&token.origin);
    is_in_force.then(|| differences::in_token_over_file(&token.origin.to_string()))
}

/// The warnings about the files of a directory that are not read.
pub(super) fn not_read(found: &Found) -> Vec<String> {
    let reasons = [
        ("the name is that of a backup", &found.backups),
        ("the name begins with a dot", &found.hidden),
    ];
    let warnings = reasons.iter().filter(|(_, files)| !files.is_empty());
    let warning = |(reason, files): &(&str, &Vec<PathBuf>)| {
        let names: Vec<_> = files
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        format!("not read, since {reason}: {}", names.join(", "))
    };
    warnings.map(warning).collect()
}

/// One note for each variable that is not in force.
fn overridden(layer: &ConfigLayer, variables: &ConfigLayer) -> Vec<String> {
    let note = |Overridden { origin, by }| match by {
        Some(by) => format!("{origin} is not used: {by} has another value, and overrides it"),
        None => format!("{origin} is not used: a file or a flag sets another key that replaces it"),
    };
    let mut found = Vec::new();
    layer.overridden(variables, &mut found);
    let mut notes: Vec<_> = found.into_iter().map(note).collect();
    notes.dedup();
    notes
}

/// The note about variables for TLS beside a file or a flag for TLS.
fn ssl_of_environment(layer: &ConfigLayer, variables: &ConfigLayer) -> Option<String> {
    let (ssl, own) = (&layer.consul.ssl, &variables.consul.ssl);
    let is_variable = |origin: &Origin| matches!(origin, Origin::Variable(_));
    if origins(ssl).iter().all(is_variable) {
        return None;
    }
    let mut unused = Vec::new();
    ssl.overridden(own, &mut unused);
    let used = origins(own).into_iter();
    let used = used.filter(|origin| !unused.iter().any(|other| other.origin == *origin));
    let names: Vec<_> = used.map(|origin| origin.to_string()).collect();
    (!names.is_empty()).then(|| differences::in_ssl_of_environment(&names.join(", ")))
}
