//! What keeps an installation from doing its work, for `checkpost doctor`. It looks and changes nothing: what it made as
//! root would be in the way of the user that runs checkpost.

mod database;
mod files;
mod modules;
mod telling;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::config::{Config, ConfigError};

/// What was found about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about: `database`.
    pub about: About,
    /// How it is.
    pub state: State,
    /// What was found, without a full stop.
    pub text: String,
    /// What can be done about it, where the text does not say it.
    pub remedy: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Runs do their work, but not all of it, or not for long.
    Warning,
    /// Runs do not do their work.
    Failed,
}

/// What a finding is about.
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
    ModuleLock,
    Heartbeat,
    Route,
}

impl State {
    /// The word for people and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

impl About {
    /// The words for people.
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
            Self::ModuleLock => "module lock",
            Self::Heartbeat => "heartbeat",
            Self::Route => "route",
        }
    }

    fn ok(self, text: impl Into<String>) -> Finding {
        Finding { about: self, state: State::Ok, text: text.into(), remedy: None }
    }

    fn warning(self, text: impl Into<String>) -> Finding {
        Finding { about: self, state: State::Warning, text: text.into(), remedy: None }
    }

    fn failed(self, text: impl Into<String>) -> Finding {
        Finding { about: self, state: State::Failed, text: text.into(), remedy: None }
    }
}

impl Finding {
    fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// A configuration that is wrong: nothing else can be said.
    pub fn of_configuration(error: &ConfigError) -> Self {
        About::Configuration.failed(error.to_string())
    }
}

/// Looks at everything as of `now`, and tells each finding as soon as there is one: the next thing may hang.
pub fn examine(config: &Config, now: Timestamp, tell: &mut dyn FnMut(Finding)) {
    tell(configuration(config));
    let not_ready = modules::examine(config, tell);
    database::examine(config, now, &not_ready, tell);
    files::examine(config, tell);
    tell(time_zone());
    telling::examine(config, tell);
}

fn configuration(config: &Config) -> Finding {
    About::Configuration.ok(match &config.file {
        Some(file) => format!("{}", file.display()),
        None => format!("no file is read, the defaults hold in {}", config.base_dir.display()),
    })
}

/// Windows of time without a zone of their own go by that of the machine.
fn time_zone() -> Finding {
    match TimeZone::try_system() {
        Ok(zone) => About::TimeZone.ok(zone.iana_name().unwrap_or("that of the machine, which has no name").to_owned()),
        Err(error) => {
            let text = format!("that of this machine is not known: {error}");
            About::TimeZone.warning(text).remedy("set TZ, or /etc/localtime")
        }
    }
}
