//! The programs with a built-in check.

use std::fmt;

/// A program with a built-in check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckProgram {
    /// `nginx -t`.
    Nginx,
    /// `haproxy -c`.
    Haproxy,
    /// `apache2ctl -t` or `httpd -t`.
    Apache,
}

impl CheckProgram {
    /// The programs, the preferred one first.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Nginx => &["nginx"],
            Self::Haproxy => &["haproxy"],
            // Debian's `apache2` needs the environment that `apache2ctl` sets.
            Self::Apache => &["apache2ctl", "httpd", "apachectl"],
        }
    }
}

impl fmt::Display for CheckProgram {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "HAProxy",
            Self::Apache => "Apache",
        })
    }
}
