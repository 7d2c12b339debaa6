//! The table `acknowledgements`. Operators add and remove them while runs go on; runs end them. Ended acknowledgements stay
//! as a record.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use checkpost_alerting::alert::AlertKey;
use checkpost_alerting::suppression::Acknowledgement;
use checkpost_model::check::Status;

use crate::error::StoreError;
use crate::row::{invalid, read_ms, read_ms_or_null, readable_rows};
use crate::store::Store;

impl Store {
    /// Acknowledgements that have not ended, by number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn acknowledgements(&self) -> Result<Vec<Acknowledgement>, StoreError> {
        read_acknowledgements(&self.conn).map_err(self.failed("read the acknowledgements"))
    }

    /// Stores an acknowledgement and returns its number; the number in the argument is ignored. An earlier acknowledgement
    /// of the same alert ends.
    ///
    /// # Errors
    /// When the disk is full or the file is locked for too long.
    pub fn acknowledge(&mut self, acknowledgement: &Acknowledgement) -> Result<i64, StoreError> {
        self.write("store the acknowledgement", |conn| acknowledge(conn, acknowledgement))
    }

    /// Ends the acknowledgement of an alert. Returns whether there was one.
    ///
    /// # Errors
    /// When the disk is full or the file is locked for too long.
    pub fn remove_acknowledgement(&mut self, key: &AlertKey, now: Timestamp) -> Result<bool, StoreError> {
        end_of(&self.conn, key, now).map_err(self.failed("end the acknowledgement"))
    }
}

/// Ends acknowledgements in the transaction of a cycle.
pub(crate) fn end_acknowledgements(conn: &Connection, ids: &[i64], now: Timestamp) -> rusqlite::Result<()> {
    // An acknowledgement that an operator removed during the cycle has its end already.
    let mut update =
        conn.prepare_cached("UPDATE acknowledgements SET ended_ms = ? WHERE id = ? AND ended_ms IS NULL")?;
    for id in ids {
        update.execute(params![now.as_millisecond(), id])?;
    }
    Ok(())
}

/// Leaves out rows that cannot be read, with a warning.
fn read_acknowledgements(conn: &Connection) -> rusqlite::Result<Vec<Acknowledgement>> {
    let mut statement = conn.prepare("SELECT * FROM acknowledgements WHERE ended_ms IS NULL ORDER BY id")?;
    readable_rows(statement.query(())?, acknowledgement)
}

fn acknowledgement(row: &Row<'_>) -> rusqlite::Result<Acknowledgement> {
    let level: String = row.get("level")?;
    Ok(Acknowledgement {
        id: row.get("id")?,
        key: AlertKey { instance: row.get("instance")?, subject: row.get("subject")? },
        level: Status::parse(&level).ok_or_else(|| invalid(format!("level '{level}'")))?,
        sticky: row.get("sticky")?,
        until: read_ms_or_null(row, "until_ms")?,
        author: row.get("author")?,
        comment: row.get("comment")?,
        created: read_ms(row, "created_ms")?,
    })
}

fn acknowledge(conn: &Connection, acknowledgement: &Acknowledgement) -> rusqlite::Result<i64> {
    let Acknowledgement { id: _, key, level, sticky, until, author, comment, created } = acknowledgement;
    end_of(conn, key, *created)?;
    let sql = "INSERT INTO acknowledgements
                   (instance, subject, level, sticky, until_ms, author, comment, created_ms)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    conn.prepare(sql)?.insert(params![
        key.instance,
        key.subject,
        level.as_str(),
        sticky,
        until.map(Timestamp::as_millisecond),
        author,
        comment,
        created.as_millisecond(),
    ])
}

/// Ends the acknowledgement of an alert. Returns whether there was one.
fn end_of(conn: &Connection, key: &AlertKey, now: Timestamp) -> rusqlite::Result<bool> {
    let sql = "UPDATE acknowledgements SET ended_ms = ? WHERE instance = ? AND subject = ? AND ended_ms IS NULL";
    Ok(conn.execute(sql, params![now.as_millisecond(), key.instance, key.subject])? > 0)
}
