//! The fields of a service registration that the agent and catalog routes share: the role in the
//! mesh, the tagged addresses and the weights.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::Fields;
use super::go;
use super::records::{Mesh, Proxy, Upstream, Weights};
use super::reply::Reply;

/// The fields of a registration for the service mesh.
#[derive(Debug)]
pub(crate) struct MeshRole {
    pub(crate) is_proxy: bool,
    pub(crate) proxy: Proxy,
    native: bool,
    /// The registration of a sidecar proxy.
    pub(crate) sidecar: Option<Value>,
}

impl MeshRole {
    /// Takes the fields.
    pub(crate) fn read(body: &mut Fields) -> Result<Self, Reply> {
        let kind = body.text("Kind")?;
        if !matches!(kind.as_str(), "" | "connect-proxy") {
            let kind = go::quoted(&kind);
            return Err(Reply::text(
                501,
                format!("services of the kind {kind} are not part of the embedded server"),
            ));
        }
        let proxy = nested(body, "Proxy")?.map(proxy).transpose()?;
        let mut connect = nested(body, "Connect")?;
        let (native, sidecar) = match &mut connect {
            Some(connect) => (connect.boolean("Native")?, connect.take("SidecarService")),
            None => (false, None),
        };
        Ok(Self {
            is_proxy: kind == "connect-proxy",
            proxy: proxy.unwrap_or_default(),
            native,
            sidecar,
        })
    }

    /// Refuses the values that Consul's agent refuses.
    pub(crate) fn validate(&self, port: i64) -> Result<(), Reply> {
        let is_incomplete = |upstream: &Upstream| upstream.name.is_empty();
        let has_no_port = |upstream: &Upstream| upstream.bind_port == 0;
        let upstreams = &self.proxy.upstreams;
        let wrong = [
            (
                self.proxy.destination.is_empty(),
                "Proxy.DestinationServiceName must be non-empty for Connect proxy services",
            ),
            (port == 0, "Port must be set for a Connect proxy"),
            (
                self.native,
                "A Proxy cannot also be Connect Native, only typical services",
            ),
            (
                upstreams.iter().any(is_incomplete),
                "upstream destination name cannot be empty",
            ),
            (
                upstreams.iter().any(has_no_port),
                "upstream local bind port cannot be zero",
            ),
        ];
        let wrong: Vec<_> = wrong
            .iter()
            .filter(|(is_wrong, _)| *is_wrong && self.is_proxy)
            .map(|(_, text)| *text)
            .collect();
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(invalid(&wrong))
        }
    }

    /// Returns the role in the mesh.
    pub(crate) fn mesh(self) -> Mesh {
        if self.is_proxy {
            Mesh::Proxy(Box::new(self.proxy))
        } else if self.native {
            Mesh::Native
        } else {
            Mesh::None
        }
    }
}

/// Creates the answer that refuses a registration for these reasons.
pub(crate) fn invalid(reasons: &[&str]) -> Reply {
    let errors = if reasons.len() == 1 {
        "error"
    } else {
        "errors"
    };
    let count = reasons.len();
    let list = reasons.join("\n\t* ");
    Reply::text(400, format!("{count} {errors} occurred:\n\t* {list}\n\n"))
}

fn nested(body: &mut Fields, name: &'static str) -> Result<Option<Fields>, Reply> {
    body.take(name)
        .map(|value| Fields::of(value, name))
        .transpose()
}

fn proxy(mut body: Fields) -> Result<Proxy, Reply> {
    let upstreams = body.objects("Upstreams", "Upstream")?;
    Ok(Proxy {
        destination: body.text("DestinationServiceName")?,
        destination_id: body.text("DestinationServiceID")?,
        local_address: body.text("LocalServiceAddress")?,
        local_port: body.number("LocalServicePort")?.unwrap_or(0),
        config: body.take("Config"),
        upstreams: upstreams
            .into_iter()
            .map(upstream)
            .collect::<Result<_, _>>()?,
        mesh_gateway: body.take("MeshGateway"),
        expose: body.take("Expose"),
    })
}

fn upstream(mut body: Fields) -> Result<Upstream, Reply> {
    let kind = body.text("DestinationType")?;
    Ok(Upstream {
        kind: if kind.is_empty() {
            "service".into()
        } else {
            kind
        },
        name: body.text("DestinationName")?,
        datacenter: body.text("Datacenter")?,
        bind_address: body.text("LocalBindAddress")?,
        bind_port: body.number("LocalBindPort")?.unwrap_or(0),
        config: body.take("Config"),
        mesh_gateway: body.take("MeshGateway"),
    })
}

/// Takes the tagged addresses.
pub(crate) fn tagged_addresses(
    body: &mut Fields,
) -> Result<BTreeMap<String, (String, i64)>, Reply> {
    let Some(value) = body.take("TaggedAddresses") else {
        return Ok(BTreeMap::new());
    };
    let mut found = BTreeMap::new();
    for (name, value) in Fields::of(value, "TaggedAddresses")?.into_entries() {
        let mut inner = Fields::of(value, "ServiceAddress")?;
        let address = (inner.text("Address")?, inner.number("Port")?.unwrap_or(0));
        inner.finish()?;
        found.insert(name, address);
    }
    Ok(found)
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
