//! A message as Slack's blocks, within their limits (<https://docs.slack.dev/reference/block-kit/blocks>).

use serde_json::{Value, json};

use checkpost_alerting::alert::{Notification, Stored};
use checkpost_alerting::route::{Crowd, Message};
use checkpost_model::check::Status;

use crate::plain;
use crate::template::Content;

/// Blocks of a message: header, sections, the count of omitted notifications, and context.
const MAX_BLOCKS: usize = 50;
const MAX_SECTIONS: usize = MAX_BLOCKS - 3;
/// Lengths are in UTF-16 units.
const HEADER_UNITS: usize = 150;
const SECTION_UNITS: usize = 3_000;
/// All sections together: Slack refuses more than 13,200 (`msg_blocks_too_long`).
const ALL_UNITS: usize = 12_000;
/// The context, and the text of pop-ups.
const SHORT_UNITS: usize = 800;
/// The title and the details of one notification.
const TITLE_UNITS: usize = 600;
const DETAILS_UNITS: usize = 800;

/// The body of the request.
pub(super) fn payload(message: &Message, content: &Content) -> Value {
    let title = json!({"type": "plain_text", "emoji": false, "text": bounded(&content.title, HEADER_UNITS)});
    let mut blocks = vec![json!({"type": "header", "text": title})];
    let (texts, omission) = match &content.body {
        Some(body) => body_sections(body),
        None => item_sections(message),
    };
    blocks.extend(texts.iter().chain(&omission).map(|text| json!({"type": "section", "text": mrkdwn(text)})));
    let footer = bounded(&plain::footer(message), SHORT_UNITS);
    blocks.push(json!({"type": "context", "elements": [mrkdwn(&footer)]}));
    // Pop-ups and clients without blocks show the text.
    json!({"text": bounded(&content.title, SHORT_UNITS), "blocks": blocks})
}

/// The custom body, and a line if it is cut.
fn body_sections(body: &str) -> (Vec<String>, Option<String>) {
    let mut room = Room::default();
    let pieces = pieces(body);
    let shown: Vec<_> = pieces.iter().take_while(|piece| room.takes(piece)).cloned().collect();
    let omission = (shown.len() < pieces.len()).then(|| "… and more; see `checkpost notifications`.".to_owned());
    (shown, omission)
}

/// The notifications, and a line in place of those that do not fit.
fn item_sections(message: &Message) -> (Vec<String>, Option<String>) {
    let mut room = Room::default();
    let fits = |position: usize| !room.is_full() && room.takes(&section(&message.items[position]));
    let crowd = Crowd::fitting(&message.members(), fits);
    let shown = crowd.shown.iter().map(|position| section(&message.items[*position])).collect();
    (shown, plain::omission(&crowd).map(|omission| bounded(&omission, SHORT_UNITS)))
}

/// What the sections of a message have taken.
#[derive(Default)]
struct Room {
    sections: usize,
    units: usize,
}

impl Room {
    fn is_full(&self) -> bool {
        self.sections == MAX_SECTIONS || self.units == ALL_UNITS
    }

    /// Takes a section if it fits.
    fn takes(&mut self, text: &str) -> bool {
        let units = self.units + units(text);
        let fits = self.sections < MAX_SECTIONS && units <= ALL_UNITS;
        if fits {
            (self.sections, self.units) = (self.sections + 1, units);
        }
        fits
    }
}

/// Verbatim: no name and no address in the text becomes a link.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "verbatim": true, "text": text})
}

fn section(item: &Stored<Notification>) -> String {
    let Notification { level, title, message, .. } = &item.value;
    let icon = match level {
        Status::Ok => ":large_green_circle:",
        Status::Warning => ":large_yellow_circle:",
        Status::Critical => ":red_circle:",
        Status::Unknown => ":large_purple_circle:",
    };
    let head = format!("{icon} *{}* {}", level.level(), bounded(title, TITLE_UNITS));
    let details = bounded(&plain::details(item), DETAILS_UNITS);
    let remaining = SECTION_UNITS - units(&head) - units(&details) - 2;
    match bounded(message, remaining).as_str() {
        "" => format!("{head}\n{details}"),
        message => format!("{head}\n{message}\n{details}"),
    }
}

/// A text, split into as many sections as it needs.
fn pieces(text: &str) -> Vec<String> {
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    for character in text.trim().chars() {
        let escaped = escape(character);
        if units(&piece) + units(&escaped) > SECTION_UNITS {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push_str(&escaped);
    }
    pieces.push(piece);
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

/// The escaped text, cut so that its escaped form is within the limit.
fn bounded(text: &str, max_units: usize) -> String {
    let mut bounded = String::new();
    let mut used = 0;
    for character in text.chars() {
        let escaped = escape(character);
        used += units(&escaped);
        if used > max_units - 1 {
            bounded.push('…');
            break;
        }
        bounded.push_str(&escaped);
    }
    bounded
}

/// Escapes the three characters that begin a mention, a link or an entity. They have this meaning in `plain_text`, too.
fn escape(character: char) -> String {
    match character {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        other => other.to_string(),
    }
}

/// The length of a text as Slack counts it: in UTF-16 units, as JavaScript does.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Template;
    use crate::fixture::message;

    fn payload_of(message: &Message) -> Value {
        payload(message, &Template::default().render(message).unwrap())
    }

    fn assert_within_limits(payload: &Value) {
        let blocks = payload["blocks"].as_array().unwrap();
        assert!(blocks.len() <= 50, "{}", blocks.len());
        let mut all = 0;
        for block in blocks {
            let (text, most) = match block["type"].as_str().unwrap() {
                "header" => (&block["text"]["text"], 150),
                "section" => (&block["text"]["text"], 3_000),
                _ => (&block["elements"][0]["text"], 800),
            };
            let units = units(text.as_str().unwrap());
            assert!((1..=most).contains(&units), "{units}: {block}");
            all += units;
        }
        assert!(all < 13_200, "{all}");
    }

    #[test]
    fn message_is_a_header_its_notifications_and_a_context() {
        let payload = payload_of(&message());
        assert_within_limits(&payload);
        assert_eq!(payload["text"], "CRITICAL web-1: High disk usage, and 1 more");
        let blocks = payload["blocks"].as_array().unwrap();
        assert_eq!(blocks.len(), 4);
        assert_eq!(
            blocks[1]["text"]["text"],
            ":red_circle: *CRITICAL* Escalated: High disk usage\n\
             /mnt/&lt;!channel&gt; is 97% full *now*\n\
             disk /mnt/&lt;b&gt;&amp;\"x\"&lt;/b&gt; · escalated, was WARNING · owner alice · 2025-11-24 15:00:00 UTC · id 12"
        );
        assert_eq!(
            blocks[2]["text"]["text"],
            ":large_yellow_circle: *WARNING* High CPU usage\ncpu · raised · 2025-11-24 15:00:00 UTC · id 13"
        );
        assert_eq!(blocks[3]["elements"][0]["text"], "checkpost on web-1, route ops, k-1");
    }

    #[test]
    fn limits_hold_for_floods_and_long_texts() {
        for text in ["x", "&", "<!channel>", "🦀", "e\u{301}"] {
            let mut message = message();
            let long = text.repeat(4_000);
            message.title = long.clone();
            message.host = long.clone();
            for field in [0, 1, 2, 3] {
                let item = &mut message.items[0].value;
                *[&mut item.title, &mut item.message, &mut item.subject, &mut item.owner][field] = long.clone();
            }
            message.items = vec![message.items[0].clone(); 60];
            let payload = payload_of(&message);
            assert_within_limits(&payload);
            assert!(!payload.to_string().contains("<!channel"), "{text}");
        }
        let mut many = message();
        many.items = vec![many.items[1].clone(); 200];
        let payload = payload_of(&many);
        assert_within_limits(&payload);
        assert_eq!(payload["blocks"][48]["text"]["text"], "… and 153 more of cpu; see `checkpost notifications`.");
    }

    #[test]
    fn custom_body_is_split_into_sections() {
        let content = |body: String| Content { title: "a".to_owned(), body: Some(body) };
        let payload_of = |body: String| payload(&message(), &content(body));
        let short = payload_of("disk *full* <@U1>".to_owned());
        assert_eq!(short["blocks"][1]["text"]["text"], "disk *full* &lt;@U1&gt;");
        for body in ["x".repeat(7_000), "&".repeat(60_000), " ".to_owned(), String::new()] {
            assert_within_limits(&payload_of(body));
        }
        assert_eq!(payload_of("x".repeat(7_000))["blocks"].as_array().unwrap().len(), 5);
    }
}
