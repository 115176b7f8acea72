//! Special-purpose address blocks, by RFC.

use std::net::IpAddr;

use crate::args::fail;
use crate::function::FunctionError;

/// The blocks of each RFC. The entry for RFC 6890 repeats the blocks that it lists.
const BY_RFC: &[(&str, &[&str])] = &[
    ("919", &["255.255.255.255/32"]),
    ("1112", &["224.0.0.0/4"]),
    ("1122", &["0.0.0.0/8", "127.0.0.0/8"]),
    ("1918", &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]),
    ("2544", &["198.18.0.0/15"]),
    ("3849", &["2001:db8::/32"]),
    ("3927", &["169.254.0.0/16"]),
    ("4193", &["fc00::/7"]),
    ("4291", &["::/128", "::1/128", "fe80::/10", "ff00::/8"]),
    (
        "5737",
        &["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"],
    ),
    ("6598", &["100.64.0.0/10"]),
    (
        "6890",
        &[
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "240.0.0.0/4",
            "::/128",
            "::1/128",
            "::ffff:0:0/96",
            "64:ff9b::/96",
            "100::/64",
            "2001::/23",
            "2001:2::/48",
            "2001:db8::/32",
            "2001:10::/28",
            "2002::/16",
            "fc00::/7",
            "fe80::/10",
        ],
    ),
];

/// The blocks that routers do not forward.
const NOT_FORWARDABLE: &[&str] = &[
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.0.0/29",
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "2001:10::/28",
    "2001:db8::/32",
    "fe80::/10",
    "ff00::/8",
];

/// Returns `Some(true)` if the address is in the network; `None` if the string is not a network.
pub(super) fn is_in(ip: IpAddr, network: &str) -> Option<bool> {
    let (base, bits) = network
        .split_once('/')
        .unwrap_or((network, if network.contains(':') { "128" } else { "32" }));
    let (base, bits): (IpAddr, u32) = (base.parse().ok()?, bits.parse().ok()?);
    let same = |own: u128, other: u128, width: u32| {
        width
            .checked_sub(bits)
            .map(|hosts| hosts == 128 || own.checked_shr(hosts) == other.checked_shr(hosts))
    };
    match (ip, base) {
        (IpAddr::V4(ip), IpAddr::V4(base)) => {
            same(u32::from(ip).into(), u32::from(base).into(), 32)
        }
        (IpAddr::V6(ip), IpAddr::V6(base)) => same(ip.into(), base.into(), 128),
        _ => Some(false),
    }
}

/// Returns `true` if the address is in a block of the RFC.
pub(super) fn in_rfc(ip: IpAddr, rfc: &str) -> Result<bool, FunctionError> {
    let Some((_, networks)) = BY_RFC.iter().find(|(known, _)| *known == rfc) else {
        let known: Vec<&str> = BY_RFC.iter().map(|(rfc, _)| *rfc).collect();
        return fail(format!(
            "unsupported RFC {rfc:?}; supported are {}",
            known.join(", ")
        ));
    };
    Ok(networks
        .iter()
        .any(|network| is_in(ip, network) == Some(true)))
}

/// Returns `true` if routers forward packets to the address.
pub(super) fn is_forwardable(ip: IpAddr) -> bool {
    !NOT_FORWARDABLE
        .iter()
        .any(|network| is_in(ip, network) == Some(true))
}
