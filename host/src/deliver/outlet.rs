//! How one route sends: a transport, and the words that it is given.

use std::fmt;
use std::time::Instant;

use super::{Command, Desktop, Email, Message, SendError, Slack, Stdout, Template, Webhook, sample};

/// How one route sends.
#[derive(Clone, Debug)]
pub struct Outlet {
    /// By which way.
    pub transport: Transport,
    /// In which words, where they are not the built-in ones.
    pub template: Template,
}

/// A way out.
#[derive(Clone, Debug)]
pub enum Transport {
    /// Mail by way of a relay.
    Email(Email),
    /// An incoming webhook of Slack, or of what understands the same.
    Slack(Slack),
    /// A request with JSON, or with a body of one's own.
    Webhook(Webhook),
    /// A program.
    Command(Command),
    /// A pop-up on the desktop of this machine.
    Desktop(Desktop),
    /// Standard output, for trying.
    Stdout(Stdout),
}

impl Outlet {
    /// Sends a message, and gives up at the deadline.
    ///
    /// A template that fails does not hold it up: it goes out in the built-in words, and the log says so.
    ///
    /// # Errors
    /// When it did not go out, as far as is known.
    pub fn send(&self, message: &Message, deadline: Instant) -> Result<(), SendError> {
        if Instant::now() >= deadline {
            return Err(SendError::route("no time is left"));
        }
        let words = self.template.words(message).unwrap_or_else(|(words, error)| {
            tracing::warn!(route = %message.route, %error, "template failed, the built-in text is sent");
            words
        });
        match &self.transport {
            Transport::Email(email) => email.send(message, &words, deadline),
            Transport::Slack(slack) => slack.send(message, &words, deadline),
            Transport::Webhook(webhook) => webhook.send(message, deadline),
            Transport::Command(command) => command.send(message, deadline),
            Transport::Desktop(desktop) => desktop.send(message, &words, deadline),
            Transport::Stdout(stdout) => stdout.send(message, &words),
        }
    }

    /// What is wrong with it, before anything is sent: secrets and files that cannot be read, templates that fail on a
    /// message, programs that are not there. Nothing is connected to.
    pub fn check(&self) -> Vec<String> {
        let mut problems = match &self.transport {
            Transport::Email(email) => email.check(),
            Transport::Slack(slack) => slack.check(),
            Transport::Webhook(webhook) => webhook.check(),
            Transport::Command(command) => command.check(),
            Transport::Desktop(desktop) => desktop.check(),
            Transport::Stdout(_) => Vec::new(),
        };
        problems.extend(sample::variants().find_map(|message| match self.template.words(&message) {
            Ok(_) => None,
            Err((_, error)) => Some(error.to_string()),
        }));
        problems
    }
}

impl Transport {
    /// What it is called in the configuration: `email`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Slack(_) => "slack",
            Self::Webhook(_) => "webhook",
            Self::Command(_) => "command",
            Self::Desktop(_) => "desktop",
            Self::Stdout(_) => "stdout",
        }
    }
}

/// Where it leads, without a secret: `email to ops@example.org by mail.example.org:587`.
impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name())?;
        match self {
            Self::Email(email) => write!(f, " to {email}"),
            Self::Slack(slack) => write!(f, " to {slack}"),
            Self::Webhook(webhook) => write!(f, " to {webhook}"),
            Self::Command(command) => write!(f, " {command}"),
            Self::Desktop(_) | Self::Stdout(_) => Ok(()),
        }
    }
}
