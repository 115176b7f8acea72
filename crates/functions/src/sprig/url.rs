//! Parses and formats URLs as Go's `net/url` does.
//!
//! Input: a string, or the parts. Output: the unescaped parts, or the string. Errors do not quote
//! the URL, which may be secret.

use std::fmt;

/// The reason why a string is not a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct UrlError(&'static str);

/// The parts of a URL; a missing part is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: String,
    /// The part after the scheme, if it does not begin with a slash.
    pub(super) opaque: String,
    /// The user name, optionally followed by a colon and the password.
    pub(super) userinfo: String,
    /// The host, optionally with a port.
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) fragment: String,
}

impl Url {
    /// Parses a URL.
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        if rest.chars().any(|c| c < ' ' || c == '\x7f') {
            return Err(UrlError("invalid control character in URL"));
        }
        let mut url = Self {
            fragment: unescaped(fragment)?,
            ..Self::default()
        };
        let rest = match scheme(rest)? {
            Some((scheme, rest)) => {
                url.scheme = scheme.to_ascii_lowercase();
                rest
            }
            None => rest,
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        query.clone_into(&mut url.query);
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                rest.clone_into(&mut url.opaque);
                return Ok(url);
            }
            if rest
                .split('/')
                .next()
                .is_some_and(|first| first.contains(':'))
            {
                return Err(UrlError("first path segment in URL cannot contain colon"));
            }
        }
        let path = match rest
            .strip_prefix("//")
            .filter(|after| !url.scheme.is_empty() || !after.starts_with('/'))
        {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                url.authority(authority)?;
                path
            }
            None => rest,
        };
        url.path = unescaped(path)?;
        Ok(url)
    }

    /// Parses `user:password@host:port`.
    fn authority(&mut self, authority: &str) -> Result<(), UrlError> {
        let host = match authority.rsplit_once('@') {
            Some((userinfo, host)) => {
                self.userinfo = normalized(userinfo)?;
                host
            }
            None => authority,
        };
        let port = if host.starts_with('[') {
            let end = host.rfind(']').ok_or(UrlError("missing ']' in host"))?;
            &host[end + 1..]
        } else {
            &host[host.rfind(':').unwrap_or(host.len())..]
        };
        let digits = port.strip_prefix(':').unwrap_or(port);
        if !digits.bytes().all(|byte| byte.is_ascii_digit())
            || (!port.is_empty() && !port.starts_with(':'))
        {
            return Err(UrlError("invalid port after host"));
        }
        if host
            .chars()
            .any(|c| c.is_ascii() && !is_host(c) && c != '%')
        {
            return Err(UrlError("invalid character in host name"));
        }
        if host.find('[').is_some_and(|at| at > 0) {
            return Err(UrlError("invalid IP-literal"));
        }
        self.host = unescaped(host)?;
        // In an IPv6 address, the zone (the name of a network interface) follows `%25`.
        let host = host
            .split_once("%25")
            .filter(|_| host.starts_with('['))
            .map_or(host, |(address, _)| address);
        // In a host, only non-ASCII bytes may be escaped.
        if host
            .match_indices('%')
            .any(|(at, _)| host[at + 1..].starts_with(|c: char| c < '8'))
        {
            return Err(UrlError("invalid URL escape"));
        }
        Ok(())
    }

    /// Returns the host without the port, and without the brackets of an IPv6 address.
    pub(super) fn hostname(&self) -> &str {
        if let Some((inside, _)) = self
            .host
            .strip_prefix('[')
            .and_then(|rest| rest.rsplit_once(']'))
        {
            return inside;
        }
        match self.host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => &self.host,
        }
    }
}

/// Splits a URL at the colon of its scheme.
fn scheme(text: &str) -> Result<Option<(&str, &str)>, UrlError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    match text.find(|c| !allowed(c)) {
        Some(0) if text.starts_with(':') => Err(UrlError("missing protocol scheme")),
        Some(end)
            if text[end..].starts_with(':')
                && text.starts_with(|c: char| c.is_ascii_alphabetic()) =>
        {
            Ok(Some((&text[..end], &text[end + 1..])))
        }
        _ => Ok(None),
    }
}

fn is_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:[]<>\"".contains(c)
}

fn unescaped(text: &str) -> Result<String, UrlError> {
    let bytes = text.as_bytes();
    let escaped = |(at, _): (usize, &str)| {
        bytes
            .get(at + 1..at + 3)
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.match_indices('%').all(escaped) {
        return Err(UrlError("invalid URL escape"));
    }
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| UrlError("an escape that is not UTF-8 text"))
}

/// Returns the userinfo for a URL that is built from parts. It is empty if the userinfo would not
/// end at its `@`.
pub(super) fn userinfo(text: &str) -> Result<String, UrlError> {
    if text.contains(['/', '?', '#']) {
        Ok(String::new())
    } else {
        normalized(text)
    }
}

/// Returns the userinfo with only the necessary escapes.
fn normalized(userinfo: &str) -> Result<String, UrlError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !userinfo.chars().all(allowed) {
        return Err(UrlError("invalid userinfo"));
    }
    let parts: Result<Vec<_>, _> = userinfo.splitn(2, ':').map(unescaped).collect();
    Ok(parts?
        .iter()
        .map(|part| Escaped(part, "$&+,;=").to_string())
        .collect::<Vec<_>>()
        .join(":"))
}

/// A part of a URL, and the characters that are not escaped in it.
struct Escaped<'t>(&'t str, &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, self.0, self.1)
    }
}

/// Writes a part. Characters that are neither unreserved nor in `others` are escaped.
fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str, others: &str) -> fmt::Result {
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "-_.~".contains(c) || (c.is_ascii() && others.contains(c)) {
            write!(f, "{c}")?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if self.opaque.is_empty() {
            if !self.scheme.is_empty() || !self.host.is_empty() || !self.userinfo.is_empty() {
                if !self.host.is_empty() || !self.path.is_empty() || !self.userinfo.is_empty() {
                    f.write_str("//")?;
                }
                if !self.userinfo.is_empty() {
                    write!(f, "{}@", self.userinfo)?;
                }
                write_escaped(f, &self.host, "!$&'()*+,;=:[]<>\"")?;
            }
            if !self.path.is_empty() && !self.path.starts_with('/') && !self.host.is_empty() {
                f.write_str("/")?;
            }
            let is_relative =
                self.scheme.is_empty() && self.host.is_empty() && self.userinfo.is_empty();
            if is_relative
                && self
                    .path
                    .split('/')
                    .next()
                    .is_some_and(|first| first.contains(':'))
            {
                // Without this, the first segment would be parsed as a scheme.
                f.write_str("./")?;
            }
            write_escaped(f, &self.path, "$&+,/:;=@")?;
        } else {
            f.write_str(&self.opaque)?;
        }
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        if !self.fragment.is_empty() {
            f.write_str("#")?;
            write_escaped(f, &self.fragment, "!$&'()*+,/:;=?@")?;
        }
        Ok(())
    }
}
