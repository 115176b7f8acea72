//! Decides whether one process can listen on two addresses.

use std::net::{SocketAddr, ToSocketAddrs as _};

use crate::address::StatusAddr;

/// Returns `true` if one process cannot listen on both addresses: the port is the same, and one host contains the other.
/// May block: it resolves the hosts.
pub(super) fn is_conflict(one: &StatusAddr, other: &StatusAddr) -> bool {
    let resolved = |address: &StatusAddr| match address {
        StatusAddr::Tcp { host, port } if *port != 0 => {
            let found = (host.as_str(), *port).to_socket_addrs();
            found.map(Iterator::collect).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    // A listener on `[::]` has all IPv4 addresses, too.
    let contains = |any: &SocketAddr, other: &SocketAddr| {
        any.ip().is_unspecified() && (any.is_ipv6() || other.is_ipv4())
    };
    let others = resolved(other);
    resolved(one).iter().any(|one| {
        let is_common =
            |other: &SocketAddr| one == other || contains(one, other) || contains(other, one);
        let mut others = others.iter().filter(|other| other.port() == one.port());
        others.any(is_common)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_contain_each_other_conflict_on_the_same_port() {
        let is_conflict = |one: &str, other: &str| {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(is_conflict(&one, &other), is_conflict(&other, &one));
            is_conflict(&one, &other)
        };
        assert!(is_conflict("127.0.0.1:9700", "0.0.0.0:9700"));
        assert!(is_conflict("127.0.0.1:9700", "[::]:9700"));
        assert!(is_conflict("0.0.0.0:9700", "[::]:9700"));
        assert!(is_conflict("127.0.0.1:9700", "127.0.0.1:9700"));
        assert!(!is_conflict("127.0.0.1:9700", "127.0.0.2:9700"));
        assert!(!is_conflict("127.0.0.1:9700", "0.0.0.0:9701"));
        assert!(!is_conflict("0.0.0.0:9700", "[::1]:9700"));
        assert!(!is_conflict("127.0.0.1:0", "0.0.0.0:0"));
        assert!(!is_conflict("unix:@a", "0.0.0.0:9700"));
    }
}
