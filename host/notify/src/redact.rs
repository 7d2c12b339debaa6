//! Removes secrets from texts of other programs: servers repeat what they were sent, unchanged or escaped.

/// The text with `…` in place of each secret, in plain, JSON and HTML form. A text must be redacted before it is cut to
/// a length: half a secret is not recognized.
pub(crate) fn redact(text: &str, secrets: &[String]) -> String {
    let mut forms: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).filter(|f| !f.is_empty()).collect();
    // A secret goes before the parts of it that are secrets, too.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().fold(text.to_owned(), |text, form| text.replace(form.as_str(), "…"))
}

/// Plain, JSON with and without `\/`, HTML.
fn forms(secret: &str) -> [String; 4] {
    let json = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    [secret.to_owned(), json.replace('/', "\\/"), json, html]
}
