//! An address of an interface, its attributes, and arithmetic on it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use minijinja::Value;

use crate::args::fail;
use crate::function::FunctionError;
use gotemplate::scalar_object::ScalarObject;

const GO_TYPE: &str = "sockaddr.IfAddr";

/// An address, its network mask and its interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) name: String,
    pub(super) ip: IpAddr,
    /// The length of the network prefix in bits.
    pub(super) bits: u32,
    /// The flags of the interface: `up`, `loopback` and so on.
    pub(super) flags: Vec<String>,
    /// Whether the interface has the default route.
    pub(super) default: bool,
}

impl Address {
    /// Returns the address as a template value.
    pub(super) fn value(self) -> Value {
        Value::from_object(ScalarObject {
            go_type: GO_TYPE,
            text: self.to_string(),
            properties: vec![
                (["Name", "name"], Value::from(self.name.as_str())),
                (["Address", "address"], Value::from(self.ip.to_string())),
                (["Bits", "bits"], Value::from(self.bits)),
                (["Flags", "flags"], Value::from(self.flags.join("|"))),
                (["Default", "default"], Value::from(self.default)),
            ],
            methods: None,
        })
    }

    /// Returns the address in a template value; `None` for other values.
    pub(super) fn from_value(value: &Value) -> Option<Self> {
        let scalar = value
            .downcast_object_ref::<ScalarObject>()
            .filter(|scalar| scalar.go_type == GO_TYPE)?;
        let text = |name: &str| Some(scalar.property(name)?.as_str()?.to_owned());
        Some(Self {
            name: text("Name")?,
            ip: text("Address")?.parse().ok()?,
            bits: u32::try_from(scalar.property("Bits")?.as_i64()?).ok()?,
            flags: text("Flags")?.split('|').map(str::to_owned).collect(),
            default: scalar.property("Default")?.is_true(),
        })
    }

    pub(super) fn has_flag(&self, flag: &str) -> bool {
        self.flags.iter().any(|own| own == flag)
    }

    /// Returns the number of bits of an address of this family.
    pub(super) fn width(&self) -> u32 {
        if self.ip.is_ipv4() { 32 } else { 128 }
    }

    fn number(&self) -> u128 {
        match self.ip {
            IpAddr::V4(ip) => u32::from(ip).into(),
            IpAddr::V6(ip) => ip.into(),
        }
    }

    /// Returns the address of the same family with this number. Numbers that are too large wrap
    /// around.
    fn ip(&self, number: u128) -> IpAddr {
        match self.ip {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "addresses wrap at their boundaries"
            )]
            IpAddr::V4(_) => Ipv4Addr::from(number as u32).into(),
            IpAddr::V6(_) => Ipv6Addr::from(number).into(),
        }
    }

    /// Returns the mask of the host bits.
    fn host_mask(&self) -> u128 {
        match self.width() - self.bits.min(self.width()) {
            0 => 0,
            hosts => u128::MAX >> (128 - hosts),
        }
    }

    fn network(&self) -> u128 {
        self.number() & !self.host_mask()
    }

    fn last(&self) -> u128 {
        self.number() | self.host_mask()
    }

    /// Returns an attribute as a string.
    pub(super) fn attribute(&self, name: &str) -> Result<String, FunctionError> {
        let v4 = self.ip.is_ipv4();
        // A network with one or two addresses has no broadcast address.
        let reserved = u128::from(v4 && self.host_mask() > 1);
        Ok(match name {
            "name" => self.name.clone(),
            "flags" => self.flags.join("|"),
            "type" => if v4 { "IPv4" } else { "IPv6" }.to_owned(),
            "string" => self.to_string(),
            "address" | "host" => self.ip.to_string(),
            "port" => "0".to_owned(),
            "mask_bits" => self.bits.to_string(),
            "netmask" => {
                let all = if v4 { u128::from(u32::MAX) } else { u128::MAX };
                self.ip(all & !self.host_mask()).to_string()
            }
            "network" => self.ip(self.network()).to_string(),
            "size" => self.host_mask().checked_add(1).map_or_else(
                || "340282366920938463463374607431768211456".to_owned(),
                |size| size.to_string(),
            ),
            "first_usable" => self.ip(self.network() + reserved).to_string(),
            "last_usable" => self.ip(self.last() - reserved).to_string(),
            "broadcast" if v4 => self.ip(self.last()).to_string(),
            "binary" => format!(
                "{:0width$b}",
                self.number(),
                width = if v4 { 32 } else { 128 }
            ),
            "hex" => format!(
                "{:0width$x}",
                self.number(),
                width = if v4 { 8 } else { 32 }
            ),
            "uint32" if v4 => self.number().to_string(),
            "uint128" if !v4 => self.number().to_string(),
            "octets" => {
                let bytes = self.number().to_be_bytes();
                let own = bytes.get(if v4 { 12 } else { 0 }..).unwrap_or_default();
                own.iter().map(u8::to_string).collect::<Vec<_>>().join(" ")
            }
            "broadcast" | "uint32" | "uint128" | "path" => String::new(),
            _ => return fail(format!("unsupported attribute name {name:?}")),
        })
    }

    /// Adds a number to the address, selects a host of the network, or changes the mask.
    pub(super) fn calculate(self, operation: &str, by: &str) -> Result<Self, FunctionError> {
        let invalid = || {
            FunctionError::new(format!(
                "math: {operation:?} takes a number such as +1 or -1"
            ))
        };
        let signed = || match (by.strip_prefix('+'), by.strip_prefix('-')) {
            (Some(digits), _) => digits
                .parse::<u64>()
                .map(|number| (false, u128::from(number)))
                .map_err(|_| invalid()),
            (_, Some(digits)) => digits
                .parse::<u64>()
                .map(|number| (true, u128::from(number)))
                .map_err(|_| invalid()),
            _ => Err(invalid()),
        };
        let number = match operation {
            "address" => match signed()? {
                (false, by) => self.number().wrapping_add(by),
                (true, by) => self.number().wrapping_sub(by),
            },
            "network" => {
                let mask = self.host_mask();
                match signed()? {
                    (false, by) => self.network() | (by & mask),
                    // Negative numbers count from the end of the network: -1 is its last address.
                    (true, by) => self.network() | (mask.wrapping_add(1).wrapping_sub(by) & mask),
                }
            }
            "mask" => {
                let bits: u32 = by
                    .parse()
                    .ok()
                    .filter(|bits| *bits <= self.width())
                    .ok_or_else(invalid)?;
                let masked = Self {
                    bits,
                    ..self.clone()
                };
                let ip = self.ip(masked.network());
                return Ok(Self {
                    ip,
                    bits: bits.min(self.bits),
                    ..self
                });
            }
            _ => return fail("math: the operation must be \"address\", \"network\" or \"mask\""),
        };
        Ok(Self {
            ip: self.ip(number),
            ..self
        })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.bits == self.width() {
            write!(f, "{}", self.ip)
        } else {
            write!(f, "{}/{}", self.ip, self.bits)
        }
    }
}
