//! Tests of expressions with fixed addresses, and with the loopback interface of this host.

use std::net::IpAddr;

use minijinja::Value;

use super::address::Address;
use super::{blocks, sockaddr, sort};
use crate::function::Call;
use crate::testing::Rendering;

fn evaluate(expression: &str) -> String {
    let rendering = Rendering::default();
    match sockaddr(&Call {
        args: &[Value::from(expression)],
        context: &rendering,
    }) {
        Ok(value) => value.to_string(),
        Err(error) => format!("!{error}"),
    }
}

#[test]
fn the_loopback_interface_is_found() {
    let lo = "GetAllInterfaces | include \"address\" \"^127.0.0.1$\"";
    let cases = [
        ("string", "127.0.0.1/8"),
        ("type", "IPv4"),
        ("network", "127.0.0.0"),
        ("size", "16777216"),
        ("netmask", "255.0.0.0"),
        ("first_usable", "127.0.0.1"),
        ("last_usable", "127.255.255.254"),
        ("broadcast", "127.255.255.255"),
        ("mask_bits", "8"),
        ("binary", "01111111000000000000000000000001"),
        ("hex", "7f000001"),
        ("uint32", "2130706433"),
        ("octets", "127 0 0 1"),
    ];
    assert!(!cases.is_empty());
    for (attribute, value) in cases {
        assert_eq!(
            evaluate(&format!("{lo} | attr \"{attribute}\"")),
            value,
            "{attribute}"
        );
    }
    assert_eq!(
        evaluate(&format!(
            "{lo} | math \"address\" \"+5\" | attr \"address\""
        )),
        "127.0.0.6"
    );
    assert_eq!(
        evaluate(&format!(
            "{lo} | math \"network\" \"-1\" | attr \"address\""
        )),
        "127.255.255.255"
    );
    assert_eq!(
        evaluate(&format!("{lo} | math \"mask\" \"24\" | attr \"string\"")),
        "127.0.0.0/8"
    );
    assert_eq!(
        evaluate(&format!(
            "{lo} | include \"flags\" \"up|loopback\" | join \"address\" \",\""
        )),
        "127.0.0.1"
    );
    assert_eq!(
        evaluate(&format!(
            "{lo} | exclude \"type\" \"ipv4\" | join \"address\" \",\""
        )),
        ""
    );
    assert_eq!(
        evaluate(&format!(
            "{lo} | exclude \"network\" \"10.0.0.0/8\" | limit 1 | offset 0 | attr \"address\""
        )),
        "127.0.0.1"
    );
    assert_eq!(evaluate("GetInterfaceIP \"there is none\""), "");
}

#[test]
fn unknown_functions_and_attributes_are_errors() {
    let cases = [
        ("Nonsense", "!function \"Nonsense\" not defined"),
        (
            "GetAllInterfaces | attr \"x\"",
            "!error calling attr: unsupported attribute name \"x\"",
        ),
        (
            "GetAllInterfaces | sort \"x\"",
            "!error calling sort: unsupported sort key \"x\"; supported are address, default, name, port, private, size, type",
        ),
        ("", "!missing value for command"),
    ];
    assert!(!cases.is_empty());
    for (expression, error) in cases {
        assert_eq!(evaluate(expression), error);
    }
}

#[test]
fn special_purpose_blocks_are_known() {
    let cases = [
        ("10.1.2.3", true, true),
        ("192.0.2.2", true, false),
        ("8.8.8.8", false, true),
        ("127.0.0.1", true, false),
        ("fd00::2", true, true),
        ("fe80::1", true, false),
        ("2a00::1", false, true),
    ];
    assert!(!cases.is_empty());
    for (ip, private, forwardable) in cases {
        let ip: IpAddr = ip.parse().unwrap();
        assert_eq!(
            (blocks::in_rfc(ip, "6890"), blocks::is_forwardable(ip)),
            (Ok(private), forwardable),
            "{ip}"
        );
    }
    assert_eq!(
        blocks::is_in("1.2.3.4".parse().unwrap(), "0.0.0.0/0"),
        Some(true)
    );
    assert_eq!(blocks::is_in("::1".parse().unwrap(), "::/0"), Some(true));
    assert_eq!(blocks::is_in("1.2.3.4".parse().unwrap(), "x"), None);
}

#[test]
fn addresses_are_sorted_by_several_keys() {
    let address = |name: &str, ip: &str, bits, default| Address {
        name: name.into(),
        ip: ip.parse().unwrap(),
        bits,
        flags: Vec::new(),
        default,
    };
    let all = vec![
        address("b", "10.0.0.9", 8, false),
        address("a", "fd00::1", 64, true),
        address("a", "8.8.8.8", 24, true),
        address("a", "10.0.0.1", 24, false),
    ];
    let names = |keys: &str| {
        let sorted = sort::sorted(all.clone(), keys).unwrap();
        sorted
            .iter()
            .map(|address| address.ip.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(names("type,address"), "8.8.8.8 10.0.0.1 10.0.0.9 fd00::1");
    assert_eq!(names("-type,-address"), "fd00::1 10.0.0.9 10.0.0.1 8.8.8.8");
    assert_eq!(
        names("default,type,size"),
        "8.8.8.8 fd00::1 10.0.0.9 10.0.0.1"
    );
    assert_eq!(
        names("name,private,type"),
        "10.0.0.1 fd00::1 8.8.8.8 10.0.0.9"
    );
}
