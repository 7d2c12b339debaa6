//! A pop-up on the desktop of this machine, shown by `notify-send`, which works with every desktop on Linux and BSD.

use std::path::{Path, PathBuf};
use std::time::Instant;

use checkpost_alerting::route::Message;
use checkpost_model::check::Status;
use checkpost_model::clean;

use crate::program::{Program, find};
use crate::template::Content;
use crate::{SendError, plain};

/// A pop-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desktop {}

const PROGRAM: &str = "notify-send";
/// The variables that lead to the user's session.
const SESSION_VARIABLES: [&str; 4] = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY"];
/// Notifications that fit into a pop-up.
const MAX_LINES: usize = 10;
/// Characters that fit into a pop-up.
const BODY_CHARS: usize = 1_000;

impl Desktop {
    pub(crate) fn send(&self, message: &Message, content: &Content, deadline: Instant) -> Result<(), SendError> {
        let program = Program {
            argv: &argv(message, content),
            directory: Path::new("/"),
            variables: runtime_directory().into_iter().collect(),
            inherited: &SESSION_VARIABLES,
            input: Vec::new(),
        };
        program.run(deadline)
    }

    pub(crate) fn program(&self) -> Option<PathBuf> {
        find(PROGRAM, Path::new("/")).ok()
    }

    pub(crate) fn check(&self) -> Vec<String> {
        find(PROGRAM, Path::new("/")).err().into_iter().collect()
    }
}

fn argv(message: &Message, content: &Content) -> Vec<String> {
    let urgency = match message.level {
        Status::Ok => "low",
        Status::Warning | Status::Unknown => "normal",
        Status::Critical => "critical",
    };
    let body = content.body.clone().unwrap_or_else(|| {
        let crowd = message.crowd(MAX_LINES);
        // A long text must not take the place of the next one.
        let chars = BODY_CHARS / crowd.shown.len().max(1) - 1;
        let chars = if crowd.omitted.is_empty() { chars } else { chars / 2 };
        let notifications = crowd.shown.iter().map(|position| &message.items[*position].value);
        let lines = notifications.map(|n| if n.message.is_empty() { &n.title } else { &n.message });
        let lines = lines.map(|line| clean::bounded(line, chars));
        lines.chain(plain::omission(&crowd)).collect::<Vec<_>>().join("\n")
    });
    // Desktops interpret some HTML in the body.
    let body: String = body.chars().take(BODY_CHARS).collect();
    let body = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let urgency = format!("--urgency={urgency}");
    // After the `--`, a title that begins with a dash is not an option.
    [PROGRAM, "--app-name=checkpost", &urgency, "--", &content.title, &body].map(str::to_owned).into()
}

/// The directory with the session's bus on a machine with systemd, where cron does not set the variable.
fn runtime_directory() -> Option<(&'static str, String)> {
    #[cfg(unix)]
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        let directory = PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw()));
        return directory.is_dir().then(|| ("XDG_RUNTIME_DIR", directory.display().to_string()));
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Template;
    use crate::fixture::message;

    #[test]
    fn hostile_text_is_neither_an_option_nor_markup() {
        let mut message = message();
        message.title = "--help".to_owned();
        let argv = argv(&message, &Template::default().render(&message).unwrap());
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
    fn crowd_and_long_texts_hide_nobody() {
        let mut message = message();
        message.items[0].value.message = "x".repeat(5_000);
        let cpu = message.items.pop().unwrap();
        message.items = vec![message.items[0].clone(); 50];
        message.items.push(cpu);
        let argv = argv(&message, &Template::default().render(&message).unwrap());
        let body = argv.last().unwrap();
        assert!(
            body.contains("\nHigh CPU usage\n")
                && body.ends_with("… and 41 more of disk; see `checkpost notifications`.")
        );
        assert!(body.chars().count() <= BODY_CHARS, "{body}");
    }

    #[test]
    fn recovery_is_not_urgent() {
        let mut message = message();
        message.level = Status::Ok;
        assert_eq!(argv(&message, &Template::default().render(&message).unwrap())[2], "--urgency=low");
    }
}
