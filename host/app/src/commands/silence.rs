//! `checkpost silence`: adds, lists and ends silences.

use jiff::Timestamp;
use serde::Serialize;

use checkpost_alerting::suppression::{Matchers, Silence};
use checkpost_model::clean;
use checkpost_report::format::time;
use checkpost_report::table::{self, Column::*};
use checkpost_store::{Expiry, Store};

use crate::cli::{Global, ListFormat, SilenceAddArgs};

use super::context;
use super::error::CommandError;
use super::exit_code::DONE;
use super::output::{print, print_json};
use super::suppression::{SuppressionError, author, end, nonempty, open_existing};

pub(super) fn add(global: &Global, args: &SilenceAddArgs) -> Result<u8, CommandError> {
    let now = Timestamp::now();
    let config = context::config(global, None)?;
    let mut silence = silence(args, now)?;
    // In a new database, such as in the wrong directory, a silence would suppress nothing.
    silence.id = open_existing(&config.database.value)?.add_silence(&silence)?;
    let Silence { id, matchers, starts, ends, .. } = &silence;
    let from = if *starts > now { format!("from {} ", time(*starts)) } else { String::new() };
    print(&format!("silence {id} {from}until {}: {}\n", time(*ends), clean::line(&matchers.to_string())))?;
    Ok(DONE)
}

fn silence(args: &SilenceAddArgs, now: Timestamp) -> Result<Silence, SuppressionError> {
    let parse =
        |text: &String| Matchers::parse(text).map_err(|error| SuppressionError::Matcher { text: text.clone(), error });
    let matchers = Matchers::all(args.matchers.iter().map(parse).collect::<Result<Vec<_>, _>>()?);
    if matchers.is_empty() {
        return Err(SuppressionError::NoMatcher);
    }
    let starts = args.starts.unwrap_or(now);
    Ok(Silence {
        id: 0,
        matchers,
        starts,
        // The command line requires one of the two.
        ends: end(starts, args.end.duration, args.end.until, now)?.ok_or(SuppressionError::NoDuration)?,
        author: author(args.author.as_deref())?,
        comment: nonempty("comment", &args.comment, "give a reason")?,
        created: now,
    })
}

pub(super) fn expire(global: &Global, id: i64) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    match open_existing(&config.database.value)?.expire_silence(id, Timestamp::now())? {
        Expiry::Ended => print(&format!("silence {id} has ended\n"))?,
        Expiry::AlreadyEnded(ended) => return Err(SuppressionError::Expired { id, ended }.into()),
        Expiry::NotFound => return Err(SuppressionError::NoSilence(id).into()),
    }
    Ok(DONE)
}

pub(super) fn list(global: &Global, all: bool, format: ListFormat) -> Result<u8, CommandError> {
    let now = Timestamp::now();
    let config = context::config(global, None)?;
    let mut silences = Store::open_existing(&config.database.value)?.silences(Timestamp::MIN)?;
    silences.retain(|silence| all || silence.is_active_or_pending(now));
    let rows: Vec<_> = silences.iter().map(|silence| Row::of(silence, now)).collect();
    match format {
        ListFormat::Json => print_json(&rows)?,
        ListFormat::Text if rows.is_empty() => print("no silences\n")?,
        ListFormat::Text => {
            let columns = [
                Number("ID"),
                Text("STATE"),
                Text("STARTS"),
                Text("ENDS"),
                Name("AUTHOR"),
                Name("MATCHERS"),
                Text("COMMENT"),
            ];
            print(&table::render(&columns, rows.iter().map(Row::cells).collect(), &context::style(global)))?;
        }
    }
    Ok(DONE)
}

/// A silence in the list. The field names are those of the JSON output.
#[derive(Serialize)]
struct Row<'a> {
    id: i64,
    /// `pending`, `active` or `expired`.
    state: &'static str,
    matchers: String,
    starts: Timestamp,
    ends: Timestamp,
    author: &'a str,
    comment: &'a str,
    created: Timestamp,
}

impl<'a> Row<'a> {
    fn of(silence: &'a Silence, now: Timestamp) -> Self {
        let Silence { id, matchers, starts, ends, author, comment, created } = silence;
        let state = match silence.is_active_or_pending(now) {
            true if silence.is_active(now) => "active",
            true => "pending",
            false => "expired",
        };
        let (starts, ends, created) = (*starts, *ends, *created);
        Self { id: *id, state, matchers: matchers.to_string(), starts, ends, author, comment, created }
    }

    fn cells(&self) -> Vec<String> {
        let Self { id, state, matchers, starts, ends, author, comment, created: _ } = self;
        let (id, starts, ends) = (id.to_string(), time(*starts), time(*ends));
        [id.as_str(), state, &starts, &ends, author, matchers, comment].map(str::to_owned).into()
    }
}
