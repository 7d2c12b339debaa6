//! What an answer must not bring to light: servers repeat what they were sent, as a whole, in part, or escaped.

use super::{Request, Url};

/// A part of an address that is shorter says nothing, and is part of much: `api`, `hook`.
const PART_BYTES: usize = 8;
/// A whole path that is no longer, such as `/`, says nothing either.
const PATH_BYTES: usize = 4;

/// The text without the secrets of a request, and without what follows the host in its address.
pub(super) fn hide(text: &str, request: &Request) -> String {
    let mut hidden = of_address(&request.url);
    hidden.extend(request.secrets.iter().cloned());
    without(text, &hidden)
}

/// The text without secrets, in any form in which they are repeated. What is cut must be cut afterwards: half a secret
/// is not found any more.
pub(crate) fn without(text: &str, secrets: &[String]) -> String {
    let mut forms: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).filter(|f| !f.is_empty()).collect();
    // The whole before its parts.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().fold(text.to_owned(), |text, form| text.replace(form.as_str(), "…"))
}

fn of_address(url: &Url) -> Vec<String> {
    let (whole, rest) = (url.as_str(), url.path_and_query());
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let values = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
    let parts = path.split('/').chain(values).filter(|part| part.len() >= PART_BYTES);
    let wholes = [whole.as_str(), rest, path].into_iter().filter(|text| text.len() >= PATH_BYTES);
    wholes.chain(parts).map(str::to_owned).collect()
}

/// As it is, as JSON has it (with and without `\/`), and as HTML has it.
fn forms(secret: &str) -> [String; 4] {
    let json = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    [secret.to_owned(), json.replace('/', "\\/"), json, html]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::http::Method;
    use crate::tls::Trust;

    #[test]
    fn an_address_is_hidden_whole_in_part_and_escaped() {
        let url = Url::parse("https://h.example/api/T0/hunter2-long?a=1&token=hunter2/value&c").unwrap();
        let secrets = vec!["pass\"word".to_owned()];
        let (method, trust) = (Method::Post, Trust::default());
        let request = Request { url, method, headers: Vec::new(), body: Vec::new(), trust, secrets };
        for (text, expected) in [
            ("no https://h.example/api/T0/hunter2-long?a=1&token=hunter2/value&c here", "no … here"),
            ("no /api/T0/hunter2-long?a=1&token=hunter2/value&c here", "no … here"),
            ("no /api/T0/hunter2-long here", "no … here"),
            (r#"{"path": "\/api\/T0\/hunter2-long?a=1&token=hunter2\/value&c"}"#, r#"{"path": "…"}"#),
            ("<p>/api/T0/hunter2-long?a=1&amp;token=hunter2/value&amp;c</p>", "<p>…</p>"),
            ("no hunter2-long and no hunter2/value", "no … and no …"),
            (r#"api pass"word pass\"word pass&quot;word"#, "api … … …"),
            ("no such api", "no such api"),
        ] {
            assert_eq!(hide(text, &request), expected);
        }
        let short = Request { url: Url::parse("https://h.example/").unwrap(), secrets: Vec::new(), ..request };
        assert_eq!(hide("a / b", &short), "a / b");
    }
}
