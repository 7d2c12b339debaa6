//! HTTP URLs. They are shown up to their host, because path and query may contain a secret.

use std::fmt;
use std::net::IpAddr;

use ureq::http::Uri;

/// A URL that begins with `http://` or `https://`.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(Uri);

/// Bytes of a URL.
const MAX_BYTES: usize = 8192;

/// A shorter segment or value, such as `api` or `hook`, is not a secret and occurs in many texts.
const SECRET_PART_BYTES: usize = 8;
/// A shorter path, such as `/`, is not a secret either.
const SECRET_PATH_BYTES: usize = 4;

impl Url {
    /// Parses a URL.
    ///
    /// # Errors
    /// The problem, without the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err("a URL must not be longer than 8192 bytes");
        }
        let uri: Uri = text.parse().map_err(|_| "not a URL of the form https://HOST/PATH")?;
        let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err("a URL must begin with https:// or http://");
        };
        if authority.host().is_empty() {
            return Err("a URL must have a host: https://HOST/PATH");
        }
        if authority.as_str().contains('@') {
            return Err("a URL must not contain a user or a password: use a header");
        }
        Ok(Self(uri))
    }

    /// The URL with a suffix after its path, before the query: `/fail`.
    ///
    /// # Errors
    /// The problem, without the URL.
    pub(crate) fn join(&self, suffix: &str) -> Result<Self, &'static str> {
        let text = self.expose();
        let (path, query) = text.split_once('?').map_or((text.as_str(), None), |(path, query)| (path, Some(query)));
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Self::parse(&format!("{}{suffix}{query}", path.trim_end_matches('/')))
    }

    /// The URL with one more name and value in its query. Neither is escaped.
    ///
    /// # Errors
    /// The problem, without the URL.
    pub(crate) fn with_query(&self, name: &str, value: &str) -> Result<Self, &'static str> {
        let text = self.expose();
        let sign = if text.contains('?') { '&' } else { '?' };
        Self::parse(&format!("{text}{sign}{name}={value}"))
    }

    /// The complete URL, which may contain a secret: not for logs and errors.
    pub fn expose(&self) -> String {
        self.0.to_string()
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }

    /// The texts that must not be shown: the whole URL, its path and query, and the longer parts of both.
    pub(super) fn secret_parts(&self) -> Vec<String> {
        let (whole, rest) = (self.expose(), self.0.path_and_query().map_or("", |path| path.as_str()));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let values = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        let parts = path.split('/').chain(values).filter(|part| part.len() >= SECRET_PART_BYTES);
        let wholes = [whole.as_str(), rest, path].into_iter().filter(|text| text.len() >= SECRET_PATH_BYTES);
        wholes.chain(parts).map(str::to_owned).collect()
    }

    /// Whether nobody on the network can read a request: its URL is `https://` or on this machine.
    pub fn is_safe_for_secrets(&self) -> bool {
        self.0.scheme_str() == Some("https") || self.is_loopback()
    }

    /// Whether its host is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(self.0.host().unwrap_or_default())
    }
}

/// Whether a host is this machine, judged by its name alone.
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
    fn url_is_shown_up_to_its_host() {
        let url = Url::parse("https://hooks.example.org:8443/services/T0/B0/hunter2?token=hunter2").unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://hooks.example.org:8443/… Url(https://hooks.example.org:8443/…)");
    }

    #[test]
    fn invalid_url_is_refused_without_showing_it() {
        let long = format!("https://a/{}", "x".repeat(MAX_BYTES));
        for (text, problem) in [
            ("", "not a URL of the form https://HOST/PATH"),
            ("hunter2", "a URL must begin with https:// or http://"),
            ("/hunter2", "a URL must begin with https:// or http://"),
            ("ftp://example.org/", "a URL must begin with https:// or http://"),
            ("https:///hunter2", "not a URL of the form https://HOST/PATH"),
            ("https://:80/hunter2", "a URL must have a host: https://HOST/PATH"),
            ("https://me:hunter2@example.org/", "a URL must not contain a user or a password: use a header"),
            ("https://example.org/a b", "not a URL of the form https://HOST/PATH"),
            ("https://example.org/a\r\nX-Evil: 1", "not a URL of the form https://HOST/PATH"),
            (&long, "a URL must not be longer than 8192 bytes"),
        ] {
            assert_eq!(Url::parse(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn suffix_goes_to_the_end_of_the_path() {
        for (url, joined) in [
            ("https://hc.example/ping/1", "https://hc.example/ping/1/fail"),
            ("https://hc.example/ping/1/", "https://hc.example/ping/1/fail"),
            ("https://hc.example/ping/1?create=1", "https://hc.example/ping/1/fail?create=1"),
            ("https://hc.example", "https://hc.example/fail"),
        ] {
            assert_eq!(Url::parse(url).unwrap().join("/fail").unwrap().expose(), joined);
        }
    }

    #[test]
    fn query_value_goes_to_the_end_of_the_query() {
        for (url, with) in [
            ("https://hc.example/1", "https://hc.example/1?rid=7"),
            ("https://hc.example", "https://hc.example/?rid=7"),
            ("https://hc.example/1?create=1", "https://hc.example/1?create=1&rid=7"),
        ] {
            assert_eq!(Url::parse(url).unwrap().with_query("rid", "7").unwrap().expose(), with);
        }
    }

    #[test]
    fn loopback_is_recognized_by_name_and_address() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.org", "10.0.0.1", "example.org", "", "128.0.0.1"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
