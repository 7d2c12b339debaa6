//! A finding of the doctor: topic, state, text, remedy.

use serde::Serialize;

use crate::config::ConfigError;

/// The result of examining one thing. The serialized names are those of the JSON output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The topic.
    pub about: About,
    /// The state.
    pub state: State,
    /// The result in words, without a full stop.
    pub text: String,
    /// The remedy, unless the text names it.
    pub remedy: Option<String>,
}

/// The state of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Runs work, but not completely, or not for long.
    Warning,
    /// Runs do not work.
    Failed,
}

/// The topic of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum About {
    Configuration,
    Database,
    Disk,
    Cycle,
    Clock,
    TimeZone,
    Log,
    Cache,
    Textfile,
    Check,
    Owners,
    #[serde(rename = "module_lock")]
    Pins,
    Heartbeat,
    Route,
}

impl State {
    /// The name for people and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

impl About {
    /// The topic for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Database => "database",
            Self::Disk => "disk",
            Self::Cycle => "last cycle",
            Self::Clock => "clock",
            Self::TimeZone => "time zone",
            Self::Log => "log",
            Self::Cache => "cache",
            Self::Textfile => "textfile",
            Self::Check => "check",
            Self::Owners => "owners",
            Self::Pins => "module pins",
            Self::Heartbeat => "heartbeat",
            Self::Route => "route",
        }
    }

    pub(super) fn ok(self, text: impl Into<String>) -> Finding {
        Finding { about: self, state: State::Ok, text: text.into(), remedy: None }
    }

    pub(super) fn warning(self, text: impl Into<String>) -> Finding {
        Finding { about: self, state: State::Warning, text: text.into(), remedy: None }
    }

    pub(super) fn failed(self, text: impl Into<String>) -> Finding {
        Finding { about: self, state: State::Failed, text: text.into(), remedy: None }
    }
}

impl Finding {
    pub(super) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// The finding for an invalid configuration.
    pub fn of_configuration(error: &ConfigError) -> Self {
        About::Configuration.failed(error.to_string())
    }
}
