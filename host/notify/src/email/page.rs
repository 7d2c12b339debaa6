//! A message as HTML: one table, no images, nothing loaded from elsewhere, readable on dark and light backgrounds.

use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;

use checkpost_alerting::alert::{Notification, Stored};
use checkpost_alerting::route::Message;
use checkpost_model::check::Status;

use crate::plain;
use crate::template::Content;

#[derive(Serialize)]
struct Row<'a> {
    level: &'a str,
    color: &'a str,
    title: String,
    message: String,
    details: String,
}

/// The page. The name `.html` makes the library escape all texts in it.
pub(super) fn page(message: &Message, content: &Content) -> Result<String, minijinja::Error> {
    let crowd = message.crowd(plain::MAX_ITEMS);
    let rows: Vec<_> = crowd.shown.iter().map(|position| row(&message.items[*position])).collect();
    Environment::new().render_named_str(
        "page.html",
        include_str!("page.html"),
        context! {
            title => content.title.as_str(),
            body => content.body.as_deref(),
            items => Serde(rows),
            omitted => plain::omission(&crowd),
            footer => plain::footer(message),
        },
    )
}

fn row(item: &Stored<Notification>) -> Row<'_> {
    let Notification { level, title, message, .. } = &item.value;
    Row {
        level: level.level(),
        color: color(*level),
        title: plain::bounded(title),
        message: plain::bounded(message),
        details: plain::details(item),
    }
}

/// A background on which white text is readable.
fn color(level: Status) -> &'static str {
    match level {
        Status::Ok => "#1a7f37",
        Status::Warning => "#9a6700",
        Status::Critical => "#cf222e",
        Status::Unknown => "#6e40c9",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Template;
    use crate::fixture::message;

    #[test]
    fn names_are_not_markup() {
        let mut message = message();
        message.title = "CRITICAL <script>: \"x\"".to_owned();
        let page = page(&message, &Template::default().render(&message).unwrap()).unwrap();
        // The library escapes slashes, too.
        let page = page.replace("&#x2f;", "/");
        assert!(page.contains("CRITICAL &lt;script&gt;: &quot;x&quot;"), "{page}");
        assert!(page.contains("disk /mnt/&lt;b&gt;&amp;&quot;x&quot;&lt;/b&gt;"), "{page}");
        assert!(page.contains(">CRITICAL</span>") && page.contains("#cf222e") && page.contains("#9a6700"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("<!channel"), "{page}");
        assert!(!page.contains("http"), "nothing is loaded from elsewhere: {page}");
    }

    #[test]
    fn custom_body_is_not_markup() {
        let content = Content { title: "a".to_owned(), body: Some("1 < 2\n</pre>".to_owned()) };
        let page = page(&message(), &content).unwrap();
        assert!(page.contains(">1 &lt; 2\n&lt;") && page.matches("</pre>").count() == 1, "{page}");
        assert!(!page.contains("<table"), "{page}");
    }
}
