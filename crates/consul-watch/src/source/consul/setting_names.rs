//! The names of settings in messages.

/// How the program calls the settings of a client. A message about a failure names the one that is its remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingNames {
    /// The program.
    pub program: &'static str,
    /// The addresses of the servers; at least one name, the most usual first.
    pub address: &'static [&'static str],
    /// What turns TLS on for an address without a scheme; `None`: only the scheme does.
    pub tls: Option<&'static str>,
    /// What turns the verification of certificates off.
    pub unverified: &'static str,
    /// The file with the certificates of trusted authorities.
    pub authorities: &'static str,
    /// The name that the certificate of a server must have.
    pub server_name: &'static str,
    /// The certificate of this host.
    pub certificate: &'static str,
    /// The key of that certificate.
    pub key: &'static str,
}

impl SettingNames {
    /// The fields of [`ClientConfig`](super::ClientConfig).
    pub(crate) const FIELDS: Self = Self {
        program: env!("CARGO_PKG_NAME"),
        address: &["servers"],
        tls: None,
        unverified: "tls.verify = false",
        authorities: "tls.authorities",
        server_name: "tls.server_name",
        certificate: "tls.identity.certificate",
        key: "tls.identity.key",
    };

    /// The two most usual names of the address.
    pub(super) fn address(&self) -> String {
        let most_usual = self.address.iter().take(2).copied();
        most_usual.collect::<Vec<_>>().join(" or ")
    }

    /// All names of the address.
    pub(super) fn all_of_address(&self) -> String {
        match self.address {
            [first, others @ ..] if !others.is_empty() => {
                format!("{first} ({})", others.join(", "))
            }
            names => names.concat(),
        }
    }
}

/// Names as a program with a command line has them.
#[cfg(test)]
pub(super) const FLAGS: SettingNames = SettingNames {
    program: "watcher",
    address: &["--consul-addr", "consul.address", "CONSUL_HTTP_ADDR"],
    tls: Some("--consul-ssl"),
    unverified: "--consul-ssl-verify=false",
    authorities: "--consul-ssl-ca-cert",
    server_name: "--consul-ssl-server-name",
    certificate: "--consul-ssl-cert",
    key: "--consul-ssl-key",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_one_name_of_the_address_or_several() {
        assert_eq!(FLAGS.address(), "--consul-addr or consul.address");
        let all = "--consul-addr (consul.address, CONSUL_HTTP_ADDR)";
        assert_eq!(FLAGS.all_of_address(), all);
        assert_eq!(SettingNames::FIELDS.address(), "servers");
        assert_eq!(SettingNames::FIELDS.all_of_address(), "servers");
    }
}
