//! A pop-up on the desktop of this machine, by `notify-send`, which talks to what every desktop on Linux and BSD has.

use std::path::Path;
use std::time::Instant;

use super::program::{Program, find};
use super::{Message, SendError, Words, plain};
use crate::check::Status;
use crate::clean;

/// A pop-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desktop {}

const PROGRAM: &str = "notify-send";
/// Where the session is.
const SESSION: [&str; 4] = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY"];
/// How many characters fit into a pop-up.
const BODY_CHARS: usize = 1_000;

impl Desktop {
    pub(super) fn send(&self, message: &Message, words: &Words, deadline: Instant) -> Result<(), SendError> {
        let program = Program {
            argv: &argv(message, words),
            directory: Path::new("/"),
            variables: runtime_directory().into_iter().collect(),
            passed_on: &SESSION,
            input: Vec::new(),
        };
        program.run(deadline)
    }

    pub(super) fn check(&self) -> Vec<String> {
        find(PROGRAM, Path::new("/")).err().into_iter().collect()
    }
}

fn argv(message: &Message, words: &Words) -> Vec<String> {
    let urgency = match message.level {
        Status::Ok => "low",
        Status::Warning | Status::Unknown => "normal",
        Status::Critical => "critical",
    };
    let body = words.body.clone().unwrap_or_else(|| {
        let lines = message.items.iter().map(|item| if item.message.is_empty() { &item.title } else { &item.message });
        lines.take(plain::MAX_ITEMS).map(|line| clean::owned(line)).collect::<Vec<_>>().join("\n")
    });
    // Desktops take some HTML in it.
    let body: String = body.chars().take(BODY_CHARS).collect();
    let body = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let urgency = format!("--urgency={urgency}");
    // After the two dashes a title that begins with one is no option.
    [PROGRAM, "--app-name=checkpost", &urgency, "--", &words.title, &body].map(str::to_owned).into()
}

/// Where the session's bus is on a machine with systemd; cron does not say.
fn runtime_directory() -> Option<(&'static str, String)> {
    #[cfg(unix)]
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        let directory = std::path::PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw()));
        return directory.is_dir().then(|| ("XDG_RUNTIME_DIR", directory.display().to_string()));
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::deliver::Template;
    use crate::deliver::plain::tests::message;

    #[test]
    fn hostile_text_is_neither_an_option_nor_markup() {
        let mut message = message();
        message.title = "--help".to_owned();
        let argv = argv(&message, &Template::default().words(&message).unwrap());
        assert_eq!(
            argv,
            [
                "notify-send",
                "--app-name=checkpost",
                "--urgency=critical",
                "--",
                "--help",
                "/mnt/&lt;!channel&gt; is 97% full *now*\nHigh CPU usage"
            ]
        );
    }

    #[test]
    fn what_is_over_is_not_urgent() {
        let mut message = message();
        message.level = Status::Ok;
        assert_eq!(argv(&message, &Template::default().words(&message).unwrap())[2], "--urgency=low");
    }
}
