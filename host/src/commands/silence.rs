//! `checkpost silence`: what operators keep quiet for a while.

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::{Global, ListFormat, SilenceAddArgs};
use crate::quiet::{Matchers, Silence};
use crate::report::format::time;
use crate::report::table::{self, Column::*};
use crate::store::{Expiry, Store};

use super::hold::{self, HoldError};
use super::{CommandError, DONE, context, print, print_json};

pub(super) fn add(global: &Global, args: &SilenceAddArgs) -> Result<u8, CommandError> {
    let now = Timestamp::now();
    let config = context::config(global, None)?;
    let mut silence = silence(args, now)?;
    // In another directory than that of the runs it would hold nothing back.
    silence.id = hold::existing(&config.database.value)?.add_silence(&silence)?;
    let Silence { id, matchers, starts, ends, .. } = &silence;
    let from = if *starts > now { format!("from {} ", time(*starts)) } else { String::new() };
    print(&format!("silence {id} {from}until {}: {}\n", time(*ends), crate::clean::line(&matchers.to_string())))?;
    Ok(DONE)
}

fn silence(args: &SilenceAddArgs, now: Timestamp) -> Result<Silence, HoldError> {
    let parse = |text: &String| Matchers::parse(text).map_err(|error| HoldError::Matcher { text: text.clone(), error });
    let matchers = Matchers::all(args.matchers.iter().map(parse).collect::<Result<Vec<_>, _>>()?);
    if matchers.is_empty() {
        return Err(HoldError::NoMatcher);
    }
    let starts = args.starts.unwrap_or(now);
    Ok(Silence {
        id: 0,
        matchers,
        starts,
        // The command line asks for one of both.
        ends: hold::end(starts, args.end.duration, args.end.until, now)?.ok_or(HoldError::NoTime)?,
        author: hold::author(args.author.as_deref())?,
        comment: hold::said("comment", &args.comment, "why")?,
        created: now,
    })
}

pub(super) fn expire(global: &Global, id: i64) -> Result<u8, CommandError> {
    let config = context::config(global, None)?;
    match hold::existing(&config.database.value)?.expire_silence(id, Timestamp::now())? {
        Expiry::Ended => print(&format!("silence {id} is over\n"))?,
        Expiry::Before(ended) => return Err(HoldError::Expired { id, ended }.into()),
        Expiry::Unknown => return Err(HoldError::NoSilence(id).into()),
    }
    Ok(DONE)
}

pub(super) fn list(global: &Global, all: bool, format: ListFormat) -> Result<u8, CommandError> {
    let now = Timestamp::now();
    let config = context::config(global, None)?;
    let mut silences = Store::open_existing(&config.database.value)?.silences(Timestamp::MIN)?;
    silences.retain(|silence| all || silence.is_to_end(now));
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

/// A silence as people and scripts see it.
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
        let state = match silence.is_to_end(now) {
            true if silence.holds(now) => "active",
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
