//! `include` and `exclude`: does an address have a property?

use std::net::IpAddr;

use super::address::Address;
use super::blocks;
use crate::template::function::FunctionError;
use crate::template::functions::args::refuse;
use crate::template::functions::pattern;

/// Whether an address has what is wanted of it; several wishes stand apart by `|`.
pub(super) fn matches(address: &Address, by: &str, wanted: &str) -> Result<bool, FunctionError> {
    let wishes = || wanted.split('|').map(|wish| wish.trim().to_lowercase());
    match by.to_lowercase().as_str() {
        "name" => Ok(pattern::compile(wanted)?.is_match(&address.name)),
        "address" => Ok(pattern::compile(wanted)?.is_match(&address.ip.to_string())),
        "flag" | "flags" => all(wishes(), |flag| has_flag(address, flag)),
        "type" => any(wishes(), |kind| match kind {
            "ip" => Ok(true),
            "ipv4" => Ok(address.ip.is_ipv4()),
            "ipv6" => Ok(address.ip.is_ipv6()),
            "unix" => Ok(false),
            _ => refuse(format!(
                "unsupported type {kind:?}; there are ip, ipv4, ipv6, unix"
            )),
        }),
        "network" => any(wishes(), |network| {
            match blocks::is_in(address.ip, network) {
                Some(is_in) => Ok(is_in),
                None => refuse(format!("{network:?} is not a network such as 10.0.0.0/8")),
            }
        }),
        "rfc" | "rfcs" => any(wishes(), |rfc| {
            blocks::in_rfc(address.ip, rfc).map_err(FunctionError::new)
        }),
        "size" => match wanted.trim_start_matches('/').parse::<u32>() {
            Ok(bits) if bits <= address.width() => Ok(address.bits == bits),
            _ => refuse(format!("{wanted:?} is not the size of a mask, such as /24")),
        },
        "port" => Ok(wanted == "0"),
        _ => refuse(format!(
            "invalid selector {by:?}; there are address, flags, name, network, port, rfc, size, type"
        )),
    }
}

type Verdict = Result<bool, FunctionError>;

fn any(mut wishes: impl Iterator<Item = String>, holds: impl Fn(&str) -> Verdict) -> Verdict {
    wishes.try_fold(false, |found, wish| Ok(holds(&wish)? || found))
}

fn all(mut wishes: impl Iterator<Item = String>, holds: impl Fn(&str) -> Verdict) -> Verdict {
    wishes.try_fold(true, |found, wish| Ok(holds(&wish)? && found))
}

fn has_flag(address: &Address, flag: &str) -> Verdict {
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
        _ => return refuse(format!("unsupported flag {flag:?}")),
    })
}
