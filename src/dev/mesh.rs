//! What part an instance has in the service mesh, by its registration.

use super::fields::Fields;
use super::records::Mesh;
use super::reply::Reply;

/// What a registration says of the mesh.
#[derive(Debug)]
pub(crate) struct Part {
    is_proxy: bool,
    destination: String,
    native: bool,
}

impl Part {
    /// Takes the fields that are about the mesh. Of a proxy's settings, and of a sidecar to register, none matters here.
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

    /// Refuses what an agent refuses.
    pub(crate) fn sound(&self, port: i64) -> Result<(), Reply> {
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
            .filter(|(holds, _)| *holds && self.is_proxy)
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

    /// The part that comes of it.
    pub(crate) fn mesh(self) -> Mesh {
        match self {
            Self {
                is_proxy: true,
                destination,
                ..
            } => Mesh::ProxyOf(destination),
            Self { native: true, .. } => Mesh::Native,
            _ => Mesh::Outside,
        }
    }
}
