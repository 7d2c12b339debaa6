//! A receiver: one transport and the template of its messages.

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use checkpost_alerting::route::Message;

use crate::test_message::message_variants;
use crate::{Command, Desktop, Email, SendError, Slack, Stdout, Template, Webhook};

/// The receiver of one route.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// How a message gets there.
    pub transport: Transport,
    /// The operator's title and body; empty: the built-in text. Webhooks and commands get JSON instead.
    pub template: Template,
}

/// How a message gets to a receiver.
#[derive(Clone, Debug)]
pub enum Transport {
    /// Email through a relay.
    Email(Email),
    /// An incoming webhook of Slack or of a compatible service.
    Slack(Slack),
    /// A request with JSON or with a custom body.
    Webhook(Webhook),
    /// A program.
    Command(Command),
    /// A pop-up on the desktop of this machine.
    Desktop(Desktop),
    /// Standard output, for trying out routes.
    Stdout(Stdout),
}

impl Receiver {
    /// Sends a message. The attempt ends at the deadline.
    ///
    /// A failing template does not stop the message: it is sent with the built-in text, and the log has the error.
    ///
    /// # Errors
    /// When the message was not sent, as far as is known.
    pub fn send(&self, message: &Message, deadline: Instant) -> Result<(), SendError> {
        if Instant::now() >= deadline {
            return Err(SendError::route("no time left"));
        }
        let content = self.template.render(message).unwrap_or_else(|(built_in, error)| {
            tracing::warn!(route = %message.route, %error, "template failed; sending the built-in text");
            built_in
        });
        match &self.transport {
            Transport::Email(email) => email.send(message, &content, deadline),
            Transport::Slack(slack) => slack.send(message, &content, deadline),
            Transport::Webhook(webhook) => webhook.send(message, deadline),
            Transport::Command(command) => command.send(message, deadline),
            Transport::Desktop(desktop) => desktop.send(message, &content, deadline),
            Transport::Stdout(stdout) => stdout.send(message, &content),
        }
    }

    /// The program that a message starts, if the transport starts one and this machine has it.
    pub fn program(&self) -> Option<PathBuf> {
        match &self.transport {
            Transport::Command(command) => command.program(),
            Transport::Desktop(desktop) => desktop.program(),
            Transport::Email(_) | Transport::Slack(_) | Transport::Webhook(_) | Transport::Stdout(_) => None,
        }
    }

    /// The problems that show before anything is sent: unreadable secrets and files, missing programs, templates that
    /// fail on some message. Opens no connection.
    pub fn check(&self) -> Vec<String> {
        let mut problems = match &self.transport {
            Transport::Email(email) => email.check(),
            Transport::Slack(slack) => slack.check(),
            Transport::Webhook(webhook) => webhook.check(),
            Transport::Command(command) => command.check(),
            Transport::Desktop(desktop) => desktop.check(),
            Transport::Stdout(_) => Vec::new(),
        };
        problems.extend(message_variants().find_map(|message| match self.template.render(&message) {
            Ok(_) => None,
            Err((_, error)) => Some(error.to_string()),
        }));
        problems
    }
}

impl Transport {
    /// The name of its table in the configuration: `email`.
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

/// Name and destination, without a secret: `email to ops@example.org via mail.example.org:587`.
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
