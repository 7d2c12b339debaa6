//! Addresses of HTTP, which are shown as far as their host: path and query may be all that it takes to use one.

use std::fmt;
use std::net::IpAddr;

use ureq::http::Uri;

/// An address that begins with `http://` or `https://`.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(Uri);

/// How long an address may be.
const MAX_BYTES: usize = 8192;

impl Url {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, without the address.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err("an address has at most 8192 bytes");
        }
        let uri: Uri = text.parse().map_err(|_| "not an address of the form https://HOST/PATH")?;
        let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err("an address begins with https:// or http://");
        };
        if authority.host().is_empty() {
            return Err("an address has a host: https://HOST/PATH");
        }
        if authority.as_str().contains('@') {
            return Err("an address has no user and no password in it: give a header");
        }
        Ok(Self(uri))
    }

    /// The address with more at the end of its path, before the query: `/fail`.
    ///
    /// # Errors
    /// What is wrong with it, without the address.
    pub fn join(&self, more: &str) -> Result<Self, &'static str> {
        let text = self.as_str();
        let (path, query) = text.split_once('?').map_or((text.as_str(), None), |(path, query)| (path, Some(query)));
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Self::parse(&format!("{}{more}{query}", path.trim_end_matches('/')))
    }

    /// The address with one more name and value in its query, which need no escaping.
    ///
    /// # Errors
    /// What is wrong with it, without the address.
    pub fn with_query(&self, name: &str, value: &str) -> Result<Self, &'static str> {
        let text = self.as_str();
        let sign = if text.contains('?') { '&' } else { '?' };
        Self::parse(&format!("{text}{sign}{name}={value}"))
    }

    /// All of it. Not for people.
    pub fn as_str(&self) -> String {
        self.0.to_string()
    }

    /// From the path on. Not for people.
    pub fn path_and_query(&self) -> &str {
        self.0.path_and_query().map_or("", |path| path.as_str())
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether nothing on the way can listen or change anything: TLS, or a machine that is this one.
    pub fn is_private(&self) -> bool {
        self.0.scheme_str() == Some("https") || self.is_loopback()
    }

    /// Whether it is of this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.0.host().unwrap_or_default())
    }
}

/// Whether a host is this machine, as far as its name says.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// `https://hooks.example.org:8443/…`
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, authority) = (self.0.scheme_str().unwrap_or_default(), self.0.authority());
        write!(f, "{scheme}://{}/…", authority.map_or("", |authority| authority.as_str()))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_address_is_shown_as_far_as_its_host() {
        let url = Url::parse("https://hooks.example.org:8443/services/T0/B0/hunter2?token=hunter2").unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://hooks.example.org:8443/… Url(https://hooks.example.org:8443/…)");
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_it() {
        let long = format!("https://a/{}", "x".repeat(MAX_BYTES));
        for (text, why) in [
            ("", "not an address of the form https://HOST/PATH"),
            ("hunter2", "an address begins with https:// or http://"),
            ("/hunter2", "an address begins with https:// or http://"),
            ("ftp://example.org/", "an address begins with https:// or http://"),
            ("https:///hunter2", "not an address of the form https://HOST/PATH"),
            ("https://:80/hunter2", "an address has a host: https://HOST/PATH"),
            ("https://me:hunter2@example.org/", "an address has no user and no password in it: give a header"),
            ("https://example.org/a b", "not an address of the form https://HOST/PATH"),
            ("https://example.org/a\r\nX-Evil: 1", "not an address of the form https://HOST/PATH"),
            (&long, "an address has at most 8192 bytes"),
        ] {
            assert_eq!(Url::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn more_is_put_at_the_end_of_the_path() {
        for (address, joined) in [
            ("https://hc.example/ping/1", "https://hc.example/ping/1/fail"),
            ("https://hc.example/ping/1/", "https://hc.example/ping/1/fail"),
            ("https://hc.example/ping/1?create=1", "https://hc.example/ping/1/fail?create=1"),
            ("https://hc.example", "https://hc.example/fail"),
        ] {
            assert_eq!(Url::parse(address).unwrap().join("/fail").unwrap().as_str(), joined);
        }
    }

    #[test]
    fn more_is_put_at_the_end_of_the_query() {
        for (address, with) in [
            ("https://hc.example/1", "https://hc.example/1?rid=7"),
            ("https://hc.example", "https://hc.example/?rid=7"),
            ("https://hc.example/1?create=1", "https://hc.example/1?create=1&rid=7"),
        ] {
            assert_eq!(Url::parse(address).unwrap().with_query("rid", "7").unwrap().as_str(), with);
        }
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.org", "10.0.0.1", "example.org", "", "128.0.0.1"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
