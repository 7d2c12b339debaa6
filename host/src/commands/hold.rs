//! What `silence` and `ack` share: who, why, until when, and what can be wrong.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::CommandError;
use crate::alert::AlertKey;
use crate::quiet::MatcherError;
use crate::report::format::time;
use crate::store::Store;

/// Why nothing was made, or ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum HoldError {
    #[error("--matcher '{text}': {error}")]
    Matcher { text: String, error: MatcherError },
    #[error("--matcher is missing: say what to keep quiet; everything is --matcher 'check=~\".*\"'")]
    NoMatcher,
    #[error("--{0} is empty: say {1}")]
    Empty(&'static str, &'static str),
    #[error("--until {} is over already: it must be to come", time(*.0))]
    Past(Timestamp),
    #[error("--until {} is not after --starts {}: a silence that ends before it begins", time(*.until), time(*.starts))]
    EndsFirst { starts: Timestamp, until: Timestamp },
    #[error("--for 0s is no time: give a length such as 2h")]
    NoTime,
    #[error("--for is too long: give a length such as 2h")]
    TooLong,
    #[error("there is no silence {0}: `checkpost silence list` shows them")]
    NoSilence(i64),
    #[error("silence {id} is over already, since {}", time(*.ended))]
    Expired { id: i64, ended: Timestamp },
    #[error("there is no notification {0}: `checkpost notifications` shows them")]
    NoNotification(i64),
    #[error("{} is not bad any more: there is nothing to acknowledge", named(.0))]
    NotBad(AlertKey),
    #[error("{} is not acknowledged", named(.0))]
    NotAcknowledged(AlertKey),
}

impl HoldError {
    /// Whether it is the command line that is wrong.
    pub(super) fn is_usage(&self) -> bool {
        match self {
            Self::Matcher { .. } | Self::NoMatcher | Self::Empty(..) | Self::Past(_) => true,
            Self::EndsFirst { .. } | Self::NoTime | Self::TooLong => true,
            Self::NoSilence(_) | Self::Expired { .. } | Self::NoNotification(_) => false,
            Self::NotBad(_) | Self::NotAcknowledged(_) => false,
        }
    }
}

/// An alert in a sentence: `disk /var`.
pub(super) fn named(key: &AlertKey) -> String {
    let AlertKey { instance, subject } = key;
    if subject.is_empty() { instance.clone() } else { format!("{instance} {subject}") }
}

/// The database, which must be there: nothing of a new one could be held or ended.
pub(super) fn existing(path: &Path) -> Result<Store, CommandError> {
    Store::open_existing(path)?;
    Ok(Store::open(path)?)
}

/// The text of an option that must say something.
pub(super) fn said(option: &'static str, text: &str, what: &'static str) -> Result<String, HoldError> {
    match text.trim() {
        "" => Err(HoldError::Empty(option, what)),
        text => Ok(text.to_owned()),
    }
}

/// Who says so: `--author`, else who is logged in, as far as the environment knows.
pub(super) fn author(option: Option<&str>) -> Result<String, HoldError> {
    if let Some(author) = option {
        return said("author", author, "who");
    }
    let names = ["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    Ok(names.map(|name| name.trim().to_owned()).find(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned()))
}

/// When it ends that begins at `starts`, if an end is given; it must be to come.
pub(super) fn end(
    starts: Timestamp,
    duration: Option<Duration>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, HoldError> {
    let end = match (duration, until) {
        (Some(Duration::ZERO), _) => return Err(HoldError::NoTime),
        (Some(duration), _) => starts.checked_add(duration).map_err(|_| HoldError::TooLong)?,
        (None, Some(until)) => until,
        (None, None) => return Ok(None),
    };
    match end {
        until if until <= now => Err(HoldError::Past(until)),
        until if until <= starts => Err(HoldError::EndsFirst { starts, until }),
        until => Ok(Some(until)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_end_is_to_come_and_after_the_beginning() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let end = |starts, duration: Option<u64>, until: Option<i64>| {
            super::end(at(starts), duration.map(Duration::from_secs), until.map(at), at(100)).map_err(|e| e.to_string())
        };
        assert_eq!(end(100, Some(60), None), Ok(Some(at(160))));
        assert_eq!(end(200, Some(60), None), Ok(Some(at(260))));
        assert_eq!(end(50, Some(60), None), Ok(Some(at(110))), "it began before");
        assert_eq!(end(100, None, Some(101)), Ok(Some(at(101))));
        assert_eq!(end(100, None, None), Ok(None));
        let past = "--until 1970-01-01 00:01:40 UTC is over already: it must be to come";
        assert_eq!(end(50, None, Some(100)), Err(past.to_owned()));
        let first = "--until 1970-01-01 00:02:00 UTC is not after --starts 1970-01-01 00:02:00 UTC: a silence that ends \
                     before it begins";
        assert_eq!(end(120, None, Some(120)), Err(first.to_owned()));
        assert_eq!(end(100, Some(0), None), Err("--for 0s is no time: give a length such as 2h".to_owned()));
        assert_eq!(end(100, Some(u64::MAX), None), Err("--for is too long: give a length such as 2h".to_owned()));
    }
}
