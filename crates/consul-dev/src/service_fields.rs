//! The fields of a service registration that the agent and catalog routes share: the role in the
//! mesh and the weights.

use super::fields::Fields;
use super::records::{Mesh, Weights};
use super::reply::Reply;

/// The fields of a registration for the service mesh.
#[derive(Debug)]
pub(crate) struct MeshRole {
    is_proxy: bool,
    destination: String,
    native: bool,
}

impl MeshRole {
    /// Takes the fields. Other proxy settings and sidecar registrations have no effect.
    pub(crate) fn read(body: &mut Fields) -> Result<Self, Reply> {
        let is_proxy = body.text("Kind")? == "connect-proxy";
        let mut within = |name| {
            body.take(name)
                .map(|value| Fields::of(value, name))
                .transpose()
        };
        let destination = within("Proxy")?
            .map(|mut proxy| proxy.text("DestinationServiceName"))
            .transpose()?;
        let native = within("Connect")?
            .map(|mut connect| connect.boolean("Native"))
            .transpose()?;
        Ok(Self {
            is_proxy,
            destination: destination.unwrap_or_default(),
            native: native.unwrap_or_default(),
        })
    }

    /// Refuses the values that Consul's agent refuses.
    pub(crate) fn validate(&self, port: i64) -> Result<(), Reply> {
        let wrong = [
            (
                self.destination.is_empty(),
                "Proxy.DestinationServiceName must be non-empty for Connect proxy services",
            ),
            (port == 0, "Port must be set for a Connect proxy"),
            (
                self.native,
                "A Proxy cannot also be Connect Native, only typical services",
            ),
        ];
        let wrong: Vec<_> = wrong
            .iter()
            .filter(|(evaluate, _)| *evaluate && self.is_proxy)
            .map(|(_, text)| format!("\t* {text}\n"))
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let errors = if wrong.len() == 1 { "error" } else { "errors" };
        Err(Reply::text(
            400,
            format!("{} {errors} occurred:\n{}\n", wrong.len(), wrong.concat()),
        ))
    }

    /// Returns the role in the mesh.
    pub(crate) fn mesh(self) -> Mesh {
        match self {
            Self {
                is_proxy: true,
                destination,
                ..
            } => Mesh::ProxyOf(destination),
            Self { native: true, .. } => Mesh::Native,
            _ => Mesh::None,
        }
    }
}

/// Takes the weights. Default: 1 for both.
pub(crate) fn weights(body: &mut Fields) -> Result<Weights, Reply> {
    let Some(value) = body.take("Weights") else {
        return Ok(Weights::default());
    };
    let mut inner = Fields::of(value, "Weights")?;
    let weights = Weights {
        passing: inner.number("Passing")?.unwrap_or(0),
        warning: inner.number("Warning")?.unwrap_or(0),
    };
    inner.finish()?;
    Ok(weights)
}
