//! `checkpost silence` and `checkpost ack`: suppression by operators.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::format::ListFormat;
use crate::config::parse_duration;

/// `checkpost silence`
#[derive(Debug, Subcommand)]
pub enum SilenceCommand {
    /// Suppress notifications of matching alerts for a while
    Add(SilenceAddArgs),
    /// List silences that are active or have not begun
    List {
        /// Also list silences that have ended
        #[arg(long)]
        all: bool,
        /// Output format
        #[arg(long, value_enum, default_value = "text")]
        format: ListFormat,
    },
    /// End a silence
    Expire {
        /// Number of the silence, as `silence list` shows it
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        id: i64,
    },
}

/// `checkpost silence add`
#[derive(Debug, Args)]
pub struct SilenceAddArgs {
    /// Alerts to silence, such as 'check=disk subject=~"/mnt/.*"'; can be given several times, and all must match
    #[arg(long = "matcher", value_name = "MATCHER")]
    pub matchers: Vec<String>,
    /// The end of the silence.
    #[command(flatten)]
    pub end: SilenceEnd,
    /// Start of the silence [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub starts: Option<Timestamp>,
    /// Reason for the silence
    #[arg(long, value_name = "TEXT")]
    pub comment: String,
    /// Author of the silence [default: $SUDO_USER, $USER, $LOGNAME]
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
}

/// The end of a silence, as a duration or a time.
#[derive(Clone, Copy, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct SilenceEnd {
    /// Duration of the silence: 2h, 3d
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub duration: Option<Duration>,
    /// End of the silence: 2026-11-24T22:00:00Z, or "2026-11-24 22:00" in the local time zone
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<Timestamp>,
}

/// `checkpost ack`
#[derive(Debug, Args)]
pub struct AckArgs {
    /// Number of a notification about the alert
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    pub id: i64,
    /// Comment, such as the work on the alert
    #[arg(long, value_name = "TEXT", required_unless_present = "remove")]
    pub comment: Option<String>,
    /// Longest duration of the acknowledgement: 2h, 3d
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration, conflicts_with = "until")]
    pub duration: Option<Duration>,
    /// Latest end of the acknowledgement, as with `silence add`
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<Timestamp>,
    /// Stay acknowledged when the alert gets worse
    #[arg(long)]
    pub sticky: bool,
    /// Author of the acknowledgement [default: $SUDO_USER, $USER, $LOGNAME]
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
    /// Remove the acknowledgement
    #[arg(long, conflicts_with_all = ["comment", "duration", "until", "sticky", "author"])]
    pub remove: bool,
}

/// Parses an RFC 3339 time, or a time in the local time zone. When clocks are put forward, a skipped time is as much later;
/// when they are put back, the first of two equal times counts.
fn parse_time(text: &str) -> Result<Timestamp, String> {
    let local = || {
        let formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
        let time = formats.into_iter().find_map(|format| DateTime::strptime(format, text).ok())?;
        TimeZone::system().to_ambiguous_timestamp(time).compatible().ok()
    };
    text.parse()
        .ok()
        .or_else(local)
        .ok_or_else(|| "must be a time such as 2026-11-24T22:00:00Z or \"2026-11-24 22:00\"".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn time_without_an_offset_is_local() {
        assert_eq!(parse_time("2026-11-24T22:00:00+01:00"), Ok("2026-11-24T21:00:00Z".parse().unwrap()));
        let time = jiff::civil::date(2026, 11, 24).at(22, 0, 0, 0);
        let local = time.to_zoned(TimeZone::system()).unwrap().timestamp();
        for text in ["2026-11-24 22:00", "2026-11-24 22:00:00", "2026-11-24T22:00"] {
            assert_eq!(parse_time(text), Ok(local), "{text}");
        }
    }

    #[test]
    fn time_that_is_incomplete_or_does_not_exist_is_refused() {
        for text in ["", "tomorrow", "22:00", "2026-11-24", "2026-02-30 22:00", "2h"] {
            assert!(parse_time(text).unwrap_err().starts_with("must be a time such as"), "{text}");
        }
    }
}
