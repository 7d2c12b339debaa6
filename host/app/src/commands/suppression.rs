//! Shared by `silence` and `ack`: their errors, and the database, author, comment and end of a suppression.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use checkpost_alerting::alert::AlertKey;
use checkpost_alerting::suppression::MatcherError;
use checkpost_report::format::time;
use checkpost_store::{Store, StoreError};

/// Why a silence or an acknowledgement was not made or not ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum SuppressionError {
    #[error("--matcher '{text}': {error}")]
    Matcher { text: String, error: MatcherError },
    #[error("--matcher is missing: name the alerts to silence; --matcher 'check=~\".*\"' silences all")]
    NoMatcher,
    #[error("--{option} is empty: {remedy}")]
    Empty { option: &'static str, remedy: &'static str },
    #[error("--until {} has passed: must be in the future", time(*.0))]
    Past(Timestamp),
    #[error("--until {} is not after --starts {}: a silence must end after it starts", time(*.until), time(*.starts))]
    EndsBeforeStart { starts: Timestamp, until: Timestamp },
    #[error("--for is 0s: must be a duration such as 2h")]
    NoDuration,
    #[error("--for is too long: must be a duration such as 2h")]
    TooLong,
    #[error("there is no silence {0}: see `checkpost silence list`")]
    NoSilence(i64),
    #[error("silence {id} already ended at {}", time(*.ended))]
    Expired { id: i64, ended: Timestamp },
    #[error("there is no notification {0}: see `checkpost notifications`")]
    NoNotification(i64),
    #[error("{} is no longer bad: there is nothing to acknowledge", .0.name())]
    NotBad(AlertKey),
    #[error("{} is not acknowledged", .0.name())]
    NotAcknowledged(AlertKey),
}

impl SuppressionError {
    /// Whether the mistake is on the command line.
    pub(super) fn is_usage(&self) -> bool {
        match self {
            Self::Matcher { .. } | Self::NoMatcher | Self::Empty { .. } | Self::Past(_) => true,
            Self::EndsBeforeStart { .. } | Self::NoDuration | Self::TooLong => true,
            Self::NoSilence(_) | Self::Expired { .. } | Self::NoNotification(_) => false,
            Self::NotBad(_) | Self::NotAcknowledged(_) => false,
        }
    }
}

/// Opens the database, which must exist: a new one has no alerts to suppress.
pub(super) fn open_existing(path: &Path) -> Result<Store, StoreError> {
    Store::open_existing(path)?;
    Store::open(path)
}

/// The text of an option that must not be empty.
pub(super) fn nonempty(option: &'static str, text: &str, remedy: &'static str) -> Result<String, SuppressionError> {
    match text.trim() {
        "" => Err(SuppressionError::Empty { option, remedy }),
        text => Ok(text.to_owned()),
    }
}

/// The author: `--author`, or else the user by the environment.
pub(super) fn author(option: Option<&str>) -> Result<String, SuppressionError> {
    if let Some(author) = option {
        return nonempty("author", author, "give a name");
    }
    let names = ["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    Ok(names.map(|name| name.trim().to_owned()).find(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned()))
}

/// The end of a suppression that starts at `starts`, if the command line has one. It must be in the future.
pub(super) fn end(
    starts: Timestamp,
    duration: Option<Duration>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, SuppressionError> {
    let end = match (duration, until) {
        (Some(Duration::ZERO), _) => return Err(SuppressionError::NoDuration),
        (Some(duration), _) => starts.checked_add(duration).map_err(|_| SuppressionError::TooLong)?,
        (None, Some(until)) => until,
        (None, None) => return Ok(None),
    };
    match end {
        until if until <= now => Err(SuppressionError::Past(until)),
        until if until <= starts => Err(SuppressionError::EndsBeforeStart { starts, until }),
        until => Ok(Some(until)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn end_is_in_the_future_and_after_the_start() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let end = |starts, duration: Option<u64>, until: Option<i64>| {
            super::end(at(starts), duration.map(Duration::from_secs), until.map(at), at(100)).map_err(|e| e.to_string())
        };
        assert_eq!(end(100, Some(60), None), Ok(Some(at(160))));
        assert_eq!(end(200, Some(60), None), Ok(Some(at(260))));
        assert_eq!(end(50, Some(60), None), Ok(Some(at(110))), "the start may be in the past");
        assert_eq!(end(100, None, Some(101)), Ok(Some(at(101))));
        assert_eq!(end(100, None, None), Ok(None));
        let past = "--until 1970-01-01 00:01:40 UTC has passed: must be in the future";
        assert_eq!(end(50, None, Some(100)), Err(past.to_owned()));
        let before_start = "--until 1970-01-01 00:02:00 UTC is not after --starts 1970-01-01 00:02:00 UTC: a silence must \
                            end after it starts";
        assert_eq!(end(120, None, Some(120)), Err(before_start.to_owned()));
        assert_eq!(end(100, Some(0), None), Err("--for is 0s: must be a duration such as 2h".to_owned()));
        assert_eq!(end(100, Some(u64::MAX), None), Err("--for is too long: must be a duration such as 2h".to_owned()));
    }
}
