//! The services of a row, each instance with a check, and changes of single instances.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::server::Server;

/// Prints one line per passing instance.
pub(crate) const TEMPLATE: &str = "{{ range services }}{{ range service .Name }}\
                                   {{ .ID }} {{ .Address }}:{{ .Port }};\n{{ end }}{{ end }}";
/// The nodes over which the instances are spread.
const NODES: usize = 50;
/// The port of every instance at the beginning.
const PORT: u16 = 8000;

/// The kinds of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Port,
    Check,
    Deregistered,
    Registered,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [
        Self::Port,
        Self::Check,
        Self::Deregistered,
        Self::Registered,
    ];

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Port => "another port",
            Self::Check => "a check fails or passes",
            Self::Deregistered => "deregistered",
            Self::Registered => "registered",
        }
    }
}

/// The registered services.
pub(crate) struct Catalog<'a> {
    server: &'a Server,
    services: usize,
    instances: usize,
    random: fastrand::Rng,
    /// The services that have changed, so that each change is of another service.
    changed: HashSet<usize>,
    /// The instance whose check fails.
    failing: Option<Instance>,
    /// The last port that a change has set.
    port: u16,
}

/// The effect of a change: a text that the file has, or does not have.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    text: String,
    present: bool,
}

/// An instance of a service.
#[derive(Clone, Copy)]
struct Instance {
    service: usize,
    number: usize,
}

impl<'a> Catalog<'a> {
    /// Registers the services.
    pub(crate) fn fill(server: &'a Server, services: usize, instances: usize) -> Self {
        let nodes = (0..NODES).map(|node| {
            let node = json!({ "Node": node_name(node), "Address": node_address(node) });
            json!({ "Node": { "Verb": "set", "Node": node } })
        });
        let all = (0..services)
            .flat_map(|service| (0..instances).map(move |number| Instance { service, number }));
        let registrations = all.flat_map(|instance| {
            let service = json!({ "Verb": "set", "Node": instance.node(), "Service": instance.definition(PORT) });
            let check = json!({ "Verb": "set", "Check": instance.check("passing") });
            [json!({ "Service": service }), json!({ "Check": check })]
        });
        let operations: Vec<_> = nodes.chain(registrations).collect();
        server.transact(&operations);
        Self {
            server,
            services,
            instances,
            random: fastrand::Rng::with_seed(7),
            changed: HashSet::new(),
            failing: None,
            port: PORT,
        }
    }

    /// The number of lines of the complete file: all instances, and Consul itself.
    pub(crate) fn lines(&self) -> usize {
        self.services * self.instances + 1
    }

    /// Changes an instance of a service that has not been changed yet.
    pub(crate) fn change(&mut self, kind: Kind) -> Effect {
        let instance = self.unchanged();
        match kind {
            Kind::Port => {
                self.port += 1;
                self.register(instance, self.port);
                instance.has(self.port)
            }
            Kind::Check => self.flip(instance),
            Kind::Deregistered => {
                let body = json!({ "Node": instance.node(), "ServiceID": instance.id() });
                self.server.put("/v1/catalog/deregister", &body);
                instance.is_absent()
            }
            Kind::Registered => {
                let new = Instance {
                    number: self.instances,
                    ..instance
                };
                self.register(new, PORT);
                new.has(PORT)
            }
        }
    }

    /// Gives some instance another port. Returns its ID and the port, which only grows.
    pub(crate) fn change_port(&mut self) -> (String, u16) {
        let instance = Instance {
            service: self.random.usize(..self.services),
            number: self.random.usize(..self.instances),
        };
        self.port += 1;
        self.register(instance, self.port);
        (instance.id(), self.port)
    }

    /// Lets the check of the instance fail, or that of the last one pass again.
    fn flip(&mut self, instance: Instance) -> Effect {
        let (instance, status, effect) = if let Some(failing) = self.failing.take() {
            (failing, "passing", failing.has(PORT))
        } else {
            self.failing = Some(instance);
            (instance, "critical", instance.is_absent())
        };
        let body = json!({
            "Node": instance.node(), "Address": instance.address(), "SkipNodeUpdate": true,
            "Check": instance.check(status),
        });
        self.server.put("/v1/catalog/register", &body);
        effect
    }

    fn register(&self, instance: Instance, port: u16) {
        let body = json!({
            "Node": instance.node(), "Address": instance.address(), "SkipNodeUpdate": true,
            "Service": instance.definition(port), "Check": instance.check("passing"),
        });
        self.server.put("/v1/catalog/register", &body);
    }

    fn unchanged(&mut self) -> Instance {
        assert!(
            self.changed.len() < self.services,
            "every service has changed"
        );
        loop {
            let service = self.random.usize(..self.services);
            if self.changed.insert(service) {
                return Instance { service, number: 0 };
            }
        }
    }
}

impl Instance {
    fn id(self) -> String {
        format!("svc-{}-{}", self.service, self.number)
    }

    fn node(self) -> String {
        node_name(self.node_number())
    }

    fn address(self) -> String {
        node_address(self.node_number())
    }

    fn node_number(self) -> usize {
        (self.service * 7 + self.number) % NODES
    }

    fn definition(self, port: u16) -> Value {
        let name = format!("svc-{}", self.service);
        json!({ "ID": self.id(), "Service": name, "Tags": ["a", "b"], "Port": port })
    }

    fn check(self, status: &str) -> Value {
        let id = self.id();
        json!({
            "Node": self.node(), "CheckID": format!("service:{id}"), "Name": "Service check", "Status": status,
            "ServiceID": id, "ServiceName": format!("svc-{}", self.service),
        })
    }

    fn has(self, port: u16) -> Effect {
        let text = format!("{} {}:{port};", self.id(), self.address());
        Effect {
            text,
            present: true,
        }
    }

    fn is_absent(self) -> Effect {
        let text = format!("{} ", self.id());
        Effect {
            text,
            present: false,
        }
    }
}

impl Effect {
    /// Returns `true` if the file shows the change.
    pub(crate) fn is_in(&self, file: &str) -> bool {
        file.contains(&self.text) == self.present
    }
}

fn node_name(number: usize) -> String {
    format!("node-{number}")
}

fn node_address(number: usize) -> String {
    format!("10.0.0.{number}")
}
