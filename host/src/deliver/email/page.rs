//! A message as HTML: one table, no images, nothing from elsewhere, readable on dark and on light.

use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;

use crate::check::Status;
use crate::deliver::{Item, Message, Words, plain};

#[derive(Serialize)]
struct Row<'a> {
    level: &'a str,
    colour: &'a str,
    title: String,
    message: String,
    facts: String,
}

/// The page. What stands in it is escaped: `.html` in its name says so to the library.
pub(super) fn page(message: &Message, words: &Words) -> Result<String, minijinja::Error> {
    let rows: Vec<_> = message.items.iter().take(plain::MAX_ITEMS).map(row).collect();
    Environment::new().render_named_str(
        "page.html",
        include_str!("page.html"),
        context! {
            title => words.title.as_str(),
            body => words.body.as_deref(),
            items => Serde(rows),
            left_out => plain::left_out(message),
            footer => plain::footer(message),
        },
    )
}

fn row(item: &Item) -> Row<'_> {
    Row {
        level: item.level.level(),
        colour: colour(item.level),
        title: plain::bounded(&item.title),
        message: plain::bounded(&item.message),
        facts: plain::facts(item),
    }
}

/// White is readable on each of them.
fn colour(level: Status) -> &'static str {
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
    use crate::deliver::Template;
    use crate::deliver::plain::tests::message;

    #[test]
    fn names_are_no_markup() {
        let mut message = message();
        message.title = "CRITICAL <script>: \"x\"".to_owned();
        let page = page(&message, &Template::default().words(&message).unwrap()).unwrap();
        // The library escapes slashes, too.
        let page = page.replace("&#x2f;", "/");
        assert!(page.contains("CRITICAL &lt;script&gt;: &quot;x&quot;"), "{page}");
        assert!(page.contains("disk /mnt/&lt;b&gt;&amp;&quot;x&quot;&lt;/b&gt;"), "{page}");
        assert!(page.contains(">CRITICAL</span>") && page.contains("#cf222e") && page.contains("#9a6700"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("<!channel"), "{page}");
        assert!(!page.contains("http"), "nothing is loaded from elsewhere: {page}");
    }

    #[test]
    fn a_text_of_ones_own_is_no_markup_either() {
        let words = Words { title: "a".to_owned(), body: Some("1 < 2\n</pre>".to_owned()) };
        let page = page(&message(), &words).unwrap();
        assert!(page.contains(">1 &lt; 2\n&lt;") && page.matches("</pre>").count() == 1, "{page}");
        assert!(!page.contains("<table"), "{page}");
    }
}
