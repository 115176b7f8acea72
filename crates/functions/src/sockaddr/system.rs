//! The current addresses of this host.

use std::collections::BTreeSet;
use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use nix::sys::socket::SockaddrStorage;

use super::address::Address;
use crate::function::FunctionError;

/// The names of interface flags, in Go's order.
const FLAGS: [(InterfaceFlags, &str); 6] = [
    (InterfaceFlags::IFF_UP, "up"),
    (InterfaceFlags::IFF_BROADCAST, "broadcast"),
    (InterfaceFlags::IFF_LOOPBACK, "loopback"),
    (InterfaceFlags::IFF_POINTOPOINT, "pointtopoint"),
    (InterfaceFlags::IFF_MULTICAST, "multicast"),
    (InterfaceFlags::IFF_RUNNING, "running"),
];

/// Returns all addresses, ordered by interface.
pub(super) fn addresses() -> Result<Vec<Address>, FunctionError> {
    let interfaces = getifaddrs().map_err(|error| {
        FunctionError::new(format!("cannot list the network interfaces: {error}"))
    })?;
    let defaults = default_interfaces();
    let mut found = Vec::new();
    for interface in interfaces {
        let Some(ip) = interface.address.as_ref().and_then(ip) else {
            continue;
        };
        let full = if ip.is_ipv4() { 32 } else { 128 };
        let bits = match interface.netmask.as_ref().and_then(self::ip) {
            Some(IpAddr::V4(mask)) => u32::from(mask).leading_ones(),
            Some(IpAddr::V6(mask)) => u128::from(mask).leading_ones(),
            None => full,
        };
        let flags = FLAGS
            .iter()
            .filter(|(flag, _)| interface.flags.contains(*flag));
        found.push(Address {
            default: defaults.contains(&interface.interface_name),
            flags: flags.map(|(_, name)| (*name).to_owned()).collect(),
            name: interface.interface_name,
            ip,
            bits,
        });
    }
    let index = |address: &Address| if_nametoindex(address.name.as_str()).unwrap_or(u32::MAX);
    found.sort_by_cached_key(|address| (index(address), address.ip.is_ipv6()));
    Ok(found)
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
        (Some(v4), _) => Some(v4.ip().into()),
        (None, Some(v6)) => Some(v6.ip().into()),
        (None, None) => None,
    }
}

/// Returns the interfaces with an IPv4 default route; none on systems without `/proc/net/route`.
fn default_interfaces() -> BTreeSet<String> {
    let table = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
    let default = |line: &str| {
        let mut fields = line.split_whitespace();
        let (name, destination) = (fields.next()?, fields.next()?);
        // The mask is the eighth field.
        (destination == "00000000" && fields.nth(5)? == "00000000").then(|| name.to_owned())
    };
    table.lines().skip(1).filter_map(default).collect()
}
