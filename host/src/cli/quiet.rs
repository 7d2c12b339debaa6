//! `checkpost silence` and `checkpost ack`: what operators keep quiet.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::ListFormat;
use crate::config::parse_duration;

/// `checkpost silence`
#[derive(Debug, Subcommand)]
pub enum SilenceCommand {
    /// Keep messages about some alerts quiet for a while
    Add(SilenceAddArgs),
    /// List silences that hold or are to come
    List {
        /// Also those that are over
        #[arg(long)]
        all: bool,
        /// How to print
        #[arg(long, value_enum, default_value = "text")]
        format: ListFormat,
    },
    /// End a silence now
    Expire {
        /// Its number, as `silence list` shows it
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        id: i64,
    },
}

/// `checkpost silence add`
#[derive(Debug, Args)]
pub struct SilenceAddArgs {
    /// What to keep quiet, such as 'check=disk subject=~"/mnt/.*"'; of several, all must match
    #[arg(long = "matcher", value_name = "MATCHER")]
    pub matchers: Vec<String>,
    /// When it is over.
    #[command(flatten)]
    pub end: SilenceEnd,
    /// When it begins [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub starts: Option<Timestamp>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub comment: String,
    /// Who [default: $SUDO_USER, $USER, $LOGNAME]
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
}

/// When a silence is over.
#[derive(Clone, Copy, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct SilenceEnd {
    /// How long it holds: 2h, 3d
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub duration: Option<Duration>,
    /// When it is over: 2026-11-24T22:00:00Z, or "2026-11-24 22:00" on the clocks of this machine
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<Timestamp>,
}

/// `checkpost ack`
#[derive(Debug, Args)]
pub struct AckArgs {
    /// The number of a notification about the alert
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    pub id: i64,
    /// What is done about it
    #[arg(long, value_name = "TEXT", required_unless_present = "remove")]
    pub comment: Option<String>,
    /// How long it holds at most: 2h, 3d
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration, conflicts_with = "until")]
    pub duration: Option<Duration>,
    /// Until when it holds at most, as with `silence add`
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<Timestamp>,
    /// Hold it also when the alert gets worse
    #[arg(long)]
    pub sticky: bool,
    /// Who [default: $SUDO_USER, $USER, $LOGNAME]
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
    /// Take it back
    #[arg(long, conflicts_with_all = ["comment", "duration", "until", "sticky", "author"])]
    pub remove: bool,
}

/// RFC 3339, or the wall clock of this machine. What the clocks skip is as much later; of two it is the first.
fn parse_time(text: &str) -> Result<Timestamp, String> {
    let on_the_wall = || {
        let formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
        let time = formats.into_iter().find_map(|format| DateTime::strptime(format, text).ok())?;
        TimeZone::system().to_ambiguous_timestamp(time).compatible().ok()
    };
    text.parse()
        .ok()
        .or_else(on_the_wall)
        .ok_or_else(|| "must be a time such as 2026-11-24T22:00:00Z or \"2026-11-24 22:00\"".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_time_has_an_offset_or_is_that_of_this_machine() {
        assert_eq!(parse_time("2026-11-24T22:00:00+01:00"), Ok("2026-11-24T21:00:00Z".parse().unwrap()));
        let time = jiff::civil::date(2026, 11, 24).at(22, 0, 0, 0);
        let local = time.to_zoned(TimeZone::system()).unwrap().timestamp();
        for text in ["2026-11-24 22:00", "2026-11-24 22:00:00", "2026-11-24T22:00"] {
            assert_eq!(parse_time(text), Ok(local), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "tomorrow", "22:00", "2026-11-24", "2026-02-30 22:00", "2h"] {
            assert!(parse_time(text).unwrap_err().starts_with("must be a time such as"), "{text}");
        }
    }
}
