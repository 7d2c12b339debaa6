//! The table `silences`. Operators add and end them while runs go on. Ended silences stay as a record.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use checkpost_alerting::suppression::{Matchers, Silence};

use crate::error::StoreError;
use crate::row::{invalid, read_ms, readable_rows};
use crate::store::Store;

/// The result of ending a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// The silence ended now.
    Ended,
    /// The silence had ended before, at this time.
    AlreadyEnded(Timestamp),
    /// There is no such silence.
    NotFound,
}

impl Store {
    /// Silences that end after this time, by number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn silences(&self, ending_after: Timestamp) -> Result<Vec<Silence>, StoreError> {
        read_silences(&self.conn, ending_after).map_err(self.failed("read the silences"))
    }

    /// Stores a silence and returns its number; the number in the argument is ignored.
    ///
    /// # Errors
    /// When the disk is full or the file is locked for too long.
    pub fn add_silence(&mut self, silence: &Silence) -> Result<i64, StoreError> {
        let sql = "INSERT INTO silences (matchers, starts_ms, ends_ms, author, comment, created_ms)
                   VALUES (?, ?, ?, ?, ?, ?)";
        let insert = || {
            self.conn.prepare(sql)?.insert(params![
                silence.matchers.to_string(),
                silence.starts.as_millisecond(),
                silence.ends.as_millisecond(),
                silence.author,
                silence.comment,
                silence.created.as_millisecond(),
            ])
        };
        insert().map_err(self.failed("store the silence"))
    }

    /// Ends a silence now. A silence that has not started yet never will.
    ///
    /// # Errors
    /// When the disk is full or the file is locked for too long.
    pub fn expire_silence(&mut self, id: i64, now: Timestamp) -> Result<Expiry, StoreError> {
        self.write("end the silence", |conn| expire(conn, id, now))
    }
}

/// Leaves out rows that cannot be read, with a warning.
fn read_silences(conn: &Connection, ending_after: Timestamp) -> rusqlite::Result<Vec<Silence>> {
    let mut statement = conn.prepare("SELECT * FROM silences WHERE ends_ms > ? ORDER BY id")?;
    readable_rows(statement.query([ending_after.as_millisecond()])?, silence)
}

fn silence(row: &Row<'_>) -> rusqlite::Result<Silence> {
    let text: String = row.get("matchers")?;
    let matchers = Matchers::parse(&text).map_err(|error| invalid(format!("matchers '{text}': {error}")))?;
    // No command writes a silence without matchers, which would suppress everything.
    if matchers.is_empty() {
        return Err(invalid("matchers ''".to_owned()));
    }
    Ok(Silence {
        id: row.get("id")?,
        matchers,
        starts: read_ms(row, "starts_ms")?,
        ends: read_ms(row, "ends_ms")?,
        author: row.get("author")?,
        comment: row.get("comment")?,
        created: read_ms(row, "created_ms")?,
    })
}

fn expire(conn: &Connection, id: i64, now: Timestamp) -> rusqlite::Result<Expiry> {
    let times = |row: &Row<'_>| Ok((read_ms(row, "starts_ms")?, read_ms(row, "ends_ms")?));
    let found = conn.query_row("SELECT starts_ms, ends_ms FROM silences WHERE id = ?", [id], times).optional()?;
    let Some((starts, ends)) = found else { return Ok(Expiry::NotFound) };
    if ends <= now || ends <= starts {
        return Ok(Expiry::AlreadyEnded(ends));
    }
    let ends_ms = now.max(starts).as_millisecond();
    conn.execute("UPDATE silences SET ends_ms = ? WHERE id = ?", params![ends_ms, id])?;
    Ok(Expiry::Ended)
}
