//! Registrations with the server's own agent: instances with their sidecar proxies, and checks.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::check_definition;
use crate::agent::sidecar_id;
use crate::check_method::{
    Alias, CheckDefinition, CheckMethod, LoopbackTarget, MAX_OUTPUT, NewCheck,
};
use crate::cluster_state::ClusterState;
use crate::fields::Fields;
use crate::outcome::{Handled, Outcome};
use crate::records::{Check, Instance};
use crate::reply::Reply;
use crate::request::Request;
use crate::service_fields::{MeshRole, invalid, tagged_addresses, weights};
use crate::store::Store;

/// The interval of the check that the proxy listens, as in Consul.
const SIDECAR_INTERVAL: Duration = Duration::from_secs(10);

/// A registration before its defaults are set.
struct Registration {
    instance: Instance,
    role: MeshRole,
    checks: Vec<NewCheck>,
}

/// Registers an instance with its checks, and its sidecar proxy.
pub(crate) fn register_service(store: &Store, request: &Request, _: &str) -> Handled {
    let mut service = read(Fields::decode(&request.body, "")?)?;
    if service.instance.id.is_empty() {
        service.instance.id.clone_from(&service.instance.name);
    }
    let sidecar = service.role.sidecar.take();
    let sidecar = sidecar
        .map(|value| read_sidecar(value, &service.instance))
        .transpose()?;
    let (instance, checks) = service.finished()?;
    store.write(|cluster| {
        let sidecar = sidecar
            .map(|sidecar| placed(sidecar, &instance, cluster)?.finished())
            .transpose()?;
        let replace = replaces_checks(request);
        cluster.register_instance(instance, checks, replace);
        if let Some((proxy, checks)) = sidecar {
            cluster.register_sidecar(proxy, checks, replace);
        }
        Ok::<(), Reply>(())
    })?;
    Ok(Outcome::Done(Reply::empty(200)))
}

fn read(mut body: Fields) -> Result<Registration, Reply> {
    let instance = Instance {
        id: body.text("ID")?,
        name: body.text("Name")?,
        tags: body.texts("Tags")?,
        address: body.text("Address")?,
        port: body.number("Port")?.unwrap_or(0),
        tagged: tagged_addresses(&mut body)?,
        meta: body.pairs("Meta")?,
        weights: weights(&mut body)?,
        enable_tag_override: body.boolean("EnableTagOverride")?,
        ..Instance::default()
    };
    let role = MeshRole::read(&mut body)?;
    let single = body
        .take("Check")
        .map(|check| Fields::of(check, "CheckType"))
        .transpose()?;
    let several = body.objects("Checks", "CheckType")?;
    body.ignore(&["Token", "Namespace"]);
    body.finish()?;
    let mut checks = Vec::new();
    for definition in single.into_iter().chain(several) {
        checks.extend(check_definition::read(definition)?);
    }
    Ok(Registration {
        instance,
        role,
        checks,
    })
}

impl Registration {
    /// Checks the registration, and names its checks.
    fn finished(self) -> Result<(Instance, Vec<NewCheck>), Reply> {
        let Self {
            mut instance,
            role,
            mut checks,
        } = self;
        validate(&instance)?;
        role.validate(instance.port)?;
        instance.mesh = role.mesh();
        add_tagged_addresses(&mut instance);
        let is_alone = checks.len() == 1;
        for (at, NewCheck { check, .. }) in checks.iter_mut().enumerate() {
            if check.id.is_empty() {
                let number = if is_alone {
                    String::new()
                } else {
                    format!(":{}", at + 1)
                };
                check.id = format!("service:{}{number}", instance.id);
            }
            if check.name.is_empty() {
                check.name = format!("Service '{}' check", instance.name);
            }
        }
        Ok((instance, checks))
    }
}

/// Reads the registration of a sidecar proxy; what it does not set comes from its instance.
fn read_sidecar(value: Value, of: &Instance) -> Result<Registration, Reply> {
    let mut sidecar = read(Fields::of(value, "ServiceDefinition")?)?;
    let Registration { instance, role, .. } = &mut sidecar;
    if !instance.id.is_empty() {
        let text = "A SidecarService cannot specify an ID as this is managed by the agent";
        return Err(invalid(&[text]));
    }
    if role.sidecar.is_some() {
        let text = "A SidecarService cannot have a nested SidecarService";
        return Err(invalid(&[text]));
    }
    instance.id = sidecar_id(&of.id);
    if instance.name.is_empty() {
        instance.name = format!("{}-sidecar-proxy", of.name);
    }
    if instance.tags.is_empty() {
        instance.tags.clone_from(&of.tags);
        instance.enable_tag_override = of.enable_tag_override;
    }
    if instance.meta.is_empty() {
        instance.meta.clone_from(&of.meta);
    }
    if instance.address.is_empty() {
        instance.address.clone_from(&of.address);
    }
    role.is_proxy = true;
    let proxy = &mut role.proxy;
    if proxy.destination.is_empty() {
        proxy.destination.clone_from(&of.name);
    }
    if proxy.destination_id.is_empty() {
        proxy.destination_id.clone_from(&of.id);
    }
    if proxy.local_address.is_empty() {
        "127.0.0.1".clone_into(&mut proxy.local_address);
    }
    if proxy.local_port == 0 {
        proxy.local_port = of.port.max(0);
    }
    Ok(sidecar)
}

/// Sets the port of a sidecar proxy, and the checks that it has if it defines none.
fn placed(
    mut sidecar: Registration,
    of: &Instance,
    cluster: &ClusterState,
) -> Result<Registration, Reply> {
    if sidecar.instance.port == 0 {
        let port = cluster.sidecar_port(&sidecar.instance.id);
        sidecar.instance.port = port.ok_or_else(|| {
            let text =
                "none left for the sidecar proxy: all of 21000 to 21255 are in use; set Port";
            Reply::text(400, format!("Invalid SidecarService: port: {text}"))
        })?;
    }
    if sidecar.checks.is_empty() {
        let target = format!("127.0.0.1:{}", sidecar.instance.port);
        if let Some(target) = LoopbackTarget::parse(&target) {
            let method = CheckMethod::Tcp(target);
            let check = sidecar_check("Connect Sidecar Listening".into(), "tcp", method);
            sidecar.checks.push(check);
        }
        let alias = Alias {
            node: String::new(),
            service_id: of.id.clone(),
        };
        let name = format!("Connect Sidecar Aliasing {}", of.id);
        let check = sidecar_check(name, "alias", CheckMethod::Alias(alias));
        sidecar.checks.push(check);
    }
    Ok(sidecar)
}

fn sidecar_check(name: String, kind: &str, method: CheckMethod) -> NewCheck {
    NewCheck {
        check: Check {
            name,
            status: "critical".into(),
            kind: kind.into(),
            ..Check::default()
        },
        definition: Some(Arc::new(CheckDefinition {
            method,
            interval: SIDECAR_INTERVAL,
            timeout: Duration::ZERO,
            successes: 0,
            failures: 0,
            deregister_after: None,
            max_output: MAX_OUTPUT,
        })),
    }
}

/// Returns `true` if `?replace-existing-checks` is set: without a value or with `true`, as in
/// Consul.
fn replaces_checks(request: &Request) -> bool {
    let name = "replace-existing-checks";
    request.has(name) && matches!(request.get(name), "" | "true")
}

fn validate(instance: &Instance) -> Result<(), Reply> {
    if instance.name.is_empty() {
        return Err(Reply::text(400, "Missing service name"));
    }
    if matches!(instance.address.as_str(), "0.0.0.0" | "::" | "[::]") {
        return Err(Reply::text(400, "Invalid service address"));
    }
    let is_valid = |key: &str| {
        key.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if let Some((key, value)) = instance.meta.iter().find(|(key, _)| !is_valid(key)) {
        let text = format!(
            "Invalid Service Meta: Couldn't load metadata pair ('{key}', '{value}'): Key contains invalid characters"
        );
        return Err(Reply::text(400, text));
    }
    if instance.weights.passing < 1 {
        return Err(Reply::text(
            400,
            "Invalid Weights: Passing must be greater than 0",
        ));
    }
    Ok(())
}

/// Adds the tagged addresses of an instance whose address is an IP address, as the agent does.
fn add_tagged_addresses(instance: &mut Instance) {
    let names = match instance.address.parse() {
        Ok(IpAddr::V4(_)) => ["lan_ipv4", "wan_ipv4"],
        Ok(IpAddr::V6(_)) => ["lan_ipv6", "wan_ipv6"],
        Err(_) => return,
    };
    for name in names {
        let address = (instance.address.clone(), instance.port);
        let tagged = &mut instance.tagged;
        tagged.entry(name.to_owned()).or_insert(address);
    }
}

/// Registers a check of the node, or of an instance.
pub(crate) fn register_check(store: &Store, request: &Request, _: &str) -> Handled {
    let mut body = Fields::decode(&request.body, "")?;
    let (name, status) = (body.text("Name")?, body.text("Status")?);
    if name.is_empty() {
        return Err(Reply::text(400, "Missing check name"));
    }
    if !status.is_empty() && !check_definition::is_state(&status) {
        return Err(Reply::text(400, "Bad check status"));
    }
    let mut new = check_definition::read(body)?
        .ok_or_else(|| Reply::text(400, "Invalid check: TTL must be > 0 for TTL checks"))?;
    if new.check.id.is_empty() {
        new.check.id.clone_from(&name);
    }
    new.check.name = name;
    if !status.is_empty() {
        new.check.status = status;
    }
    let done = store.write(|cluster| cluster.register_check(new));
    done.map_err(|error| Reply::text(500, error.to_string()))?;
    Ok(Outcome::Done(Reply::empty(200)))
}
