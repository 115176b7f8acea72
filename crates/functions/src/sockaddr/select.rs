//! The conditions of `include` and `exclude`.

use std::net::IpAddr;

use super::address::Address;
use super::blocks;
use crate::args::fail;
use crate::function::{Call, FunctionError};
use gotemplate::pattern;

/// Returns `true` if the address matches the condition. Alternatives are separated by `|`.
pub(super) fn matches(
    call: &Call<'_>,
    address: &Address,
    by: &str,
    wanted: &str,
) -> Result<bool, FunctionError> {
    let alternatives = || wanted.split('|').map(|part| part.trim().to_lowercase());
    match by.to_lowercase().as_str() {
        "name" => Ok(pattern::compile(wanted, call.context.budget())?.is_match(&address.name)),
        "address" => {
            Ok(pattern::compile(wanted, call.context.budget())?.is_match(&address.ip.to_string()))
        }
        "flag" | "flags" => all(alternatives(), |flag| has_flag(address, flag)),
        "type" => any(alternatives(), |kind| match kind {
            "ip" => Ok(true),
            "ipv4" => Ok(address.ip.is_ipv4()),
            "ipv6" => Ok(address.ip.is_ipv6()),
            "unix" => Ok(false),
            _ => fail(format!(
                "unsupported type {kind:?}; supported are ip, ipv4, ipv6, unix"
            )),
        }),
        "network" => any(alternatives(), |network| {
            match blocks::is_in(address.ip, network) {
                Some(is_in) => Ok(is_in),
                None => fail(format!("{network:?} is not a network such as 10.0.0.0/8")),
            }
        }),
        "rfc" | "rfcs" => any(alternatives(), |rfc| blocks::in_rfc(address.ip, rfc)),
        "size" => match wanted.trim_start_matches('/').parse::<u32>() {
            Ok(bits) if bits <= address.width() => Ok(address.bits == bits),
            _ => fail(format!("{wanted:?} is not a network mask such as /24")),
        },
        "port" => Ok(wanted == "0"),
        _ => fail(format!(
            "invalid selector {by:?}; supported are address, flags, name, network, port, rfc, size, type"
        )),
    }
}

type Match = Result<bool, FunctionError>;

fn any(mut alternatives: impl Iterator<Item = String>, holds: impl Fn(&str) -> Match) -> Match {
    alternatives.try_fold(false, |found, part| Ok(holds(&part)? || found))
}

fn all(mut alternatives: impl Iterator<Item = String>, holds: impl Fn(&str) -> Match) -> Match {
    alternatives.try_fold(true, |found, part| Ok(holds(&part)? && found))
}

fn has_flag(address: &Address, flag: &str) -> Match {
    let ip = address.ip;
    let link_local = blocks::is_in(ip, "169.254.0.0/16") == Some(true)
        || blocks::is_in(ip, "fe80::/10") == Some(true);
    Ok(match flag {
        "up" | "broadcast" => address.has_flag(flag),
        "down" => !address.has_flag("up"),
        "point-to-point" => address.has_flag("pointtopoint"),
        "loopback" => ip.is_loopback() || address.has_flag(flag),
        "multicast" => ip.is_multicast() || address.has_flag(flag),
        "forwardable" => blocks::is_forwardable(ip),
        "link-local unicast" => link_local,
        "link-local multicast" => {
            blocks::is_in(ip, "224.0.0.0/24") == Some(true)
                || blocks::is_in(ip, "ff02::/16") == Some(true)
        }
        "interface-local multicast" => blocks::is_in(ip, "ff01::/16") == Some(true),
        "global unicast" => {
            let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
            !(ip.is_unspecified()
                || ip.is_loopback()
                || ip.is_multicast()
                || link_local
                || broadcast)
        }
        "unspecified" => ip.is_unspecified(),
        _ => return fail(format!("unsupported flag {flag:?}")),
    })
}
