//! Explains a failed connection, with the likely correction of the address.

use url::Url;

use super::setting_names::SettingNames;

/// The ports of Consul's servers and agents for each other.
const INTERNAL_PORTS: std::ops::RangeInclusive<u16> = 8300..=8302;

/// The remedy for a server that has never answered; `None` if the error does not point to the address.
pub(super) fn for_failure(
    error: &http_client::Error,
    server: &Url,
    names: &SettingNames,
) -> Option<String> {
    if is_unknown_name(error) {
        let address = names.all_of_address();
        return Some(format!("correct the name in {address}, or check DNS"));
    }
    let is_refused = match error {
        http_client::Error::Refused => true,
        http_client::Error::Malformed(_)
        | http_client::Error::CutOff(_)
        | http_client::Error::Closed => false,
        _ => return None,
    };
    let port = server.port_or_known_default();
    let remedy = match port {
        Some(port @ (80 | 443)) => format!(
            "{port} is the default port of {}, and {} that of Consul: write HOST:PORT",
            server.scheme(),
            if port == 80 { 8500 } else { 8501 }
        ),
        Some(port) if INTERNAL_PORTS.contains(&port) => {
            format!("Consul uses {port} internally; the port of its HTTP API is 8500")
        }
        _ if is_refused => {
            format!("start Consul there, or correct {}", names.all_of_address())
        }
        _ => "check that this is the port of Consul's HTTP API (8500)".to_owned(),
    };
    Some(remedy)
}

/// Returns `true` if the name of the host does not resolve. The standard library has no kind for this error.
fn is_unknown_name(error: &http_client::Error) -> bool {
    matches!(error, http_client::Error::Unreachable(text) if text.contains("failed to lookup address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::consul::setting_names::FLAGS;
    use http_client::Error;

    #[test]
    fn the_remedy_depends_on_the_port_and_the_failure() {
        let not_http = || Error::Malformed("invalid version".to_owned());
        let cases = [
            (Error::Refused, "http://h:8500", Some("start Consul there")),
            (Error::Refused, "unix:///run/c", Some("start Consul there")),
            (
                Error::Refused,
                "http://h",
                Some("80 is the default port of http, and 8500"),
            ),
            (
                Error::Refused,
                "https://h",
                Some("443 is the default port of https, and 8501"),
            ),
            (
                not_http(),
                "http://h:8300",
                Some("Consul uses 8300 internally"),
            ),
            (
                Error::Closed,
                "http://h:8301",
                Some("Consul uses 8301 internally"),
            ),
            (
                not_http(),
                "http://h:22",
                Some("check that this is the port of Consul's HTTP API"),
            ),
            (Error::TimedOut, "http://h", None),
            (
                Error::Unreachable("failed to lookup address information: unknown".to_owned()),
                "http://h",
                Some("correct the name in --consul-addr"),
            ),
            (Error::Unreachable("no route".to_owned()), "http://h", None),
        ];
        for (error, server, expected) in cases {
            let remedy = for_failure(&error, &server.parse().unwrap(), &FLAGS);
            match (&remedy, expected) {
                (Some(text), Some(part)) => assert!(text.contains(part), "{server}: {text}"),
                (remedy, expected) => assert_eq!(remedy.as_deref(), expected, "{server}"),
            }
        }
    }
}
