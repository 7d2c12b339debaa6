//! Acknowledgements: made and taken back by operators while runs go on, ended by runs. One that is over stays as a
//! record.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::Store;
use super::error::StoreError;
use super::previous::readable;
use super::time::{read_ms, unreadable};
use crate::alert::AlertKey;
use crate::check::Status;
use crate::quiet::Acknowledgement;

impl Store {
    /// Acknowledgements that hold, by number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn acknowledgements(&self) -> Result<Vec<Acknowledgement>, StoreError> {
        read_acknowledgements(&self.conn).map_err(self.failed("read the acknowledgements"))
    }

    /// Keeps an acknowledgement and returns its number, which takes the place of the one that it has. The one that its
    /// alert had before is over.
    ///
    /// # Errors
    /// When the disk is full or the file is locked for too long.
    pub fn acknowledge(&mut self, acknowledgement: &Acknowledgement) -> Result<i64, StoreError> {
        let kept = acknowledge(&mut self.conn, acknowledgement);
        kept.map_err(self.failed("store the acknowledgement"))
    }

    /// Takes back the acknowledgement of an alert, and says whether there was one.
    ///
    /// # Errors
    /// When the disk is full or the file is locked for too long.
    pub fn remove_acknowledgement(&mut self, key: &AlertKey, now: Timestamp) -> Result<bool, StoreError> {
        end_of(&self.conn, key, now).map_err(self.failed("end the acknowledgement"))
    }

    /// Which alert a notification is about.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alert_of_notification(&self, id: i64) -> Result<Option<AlertKey>, StoreError> {
        let key = |row: &Row<'_>| Ok(AlertKey { instance: row.get(0)?, subject: row.get(1)? });
        let sql = "SELECT check_name, subject FROM notifications WHERE id = ?";
        self.conn.query_row(sql, [id], key).optional().map_err(self.failed("read the notification"))
    }
}

/// Ends those that are over, in the transaction of a cycle.
pub(super) fn end_acknowledgements(conn: &Connection, ids: &[i64], now: Timestamp) -> rusqlite::Result<()> {
    // One that somebody took back meanwhile ended then.
    let mut update =
        conn.prepare_cached("UPDATE acknowledgements SET ended_ms = ? WHERE id = ? AND ended_ms IS NULL")?;
    for id in ids {
        update.execute(params![now.as_millisecond(), id])?;
    }
    Ok(())
}

/// One that cannot be understood costs the others nothing.
fn read_acknowledgements(conn: &Connection) -> rusqlite::Result<Vec<Acknowledgement>> {
    let mut statement = conn.prepare("SELECT * FROM acknowledgements WHERE ended_ms IS NULL ORDER BY id")?;
    let mut rows = statement.query(())?;
    let mut acknowledgements = Vec::new();
    while let Some(row) = rows.next()? {
        acknowledgements.extend(readable(acknowledgement(row))?);
    }
    Ok(acknowledgements)
}

fn acknowledgement(row: &Row<'_>) -> rusqlite::Result<Acknowledgement> {
    let level: String = row.get("level")?;
    let until: Option<i64> = row.get("until_ms")?;
    Ok(Acknowledgement {
        id: row.get("id")?,
        key: AlertKey { instance: row.get("instance")?, subject: row.get("subject")? },
        level: Status::parse(&level).ok_or_else(|| unreadable(format!("level '{level}' is none")))?,
        sticky: row.get("sticky")?,
        until: until.map(|_| read_ms(row, "until_ms")).transpose()?,
        author: row.get("author")?,
        comment: row.get("comment")?,
        created: read_ms(row, "created_ms")?,
    })
}

fn acknowledge(conn: &mut Connection, acknowledgement: &Acknowledgement) -> rusqlite::Result<i64> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Acknowledgement { id: _, key, level, sticky, until, author, comment, created } = acknowledgement;
    end_of(&transaction, key, *created)?;
    let sql = "INSERT INTO acknowledgements
                   (instance, subject, level, sticky, until_ms, author, comment, created_ms)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let id = transaction.prepare(sql)?.insert(params![
        key.instance,
        key.subject,
        level.as_str(),
        sticky,
        until.map(Timestamp::as_millisecond),
        author,
        comment,
        created.as_millisecond(),
    ])?;
    transaction.commit()?;
    Ok(id)
}

fn end_of(conn: &Connection, key: &AlertKey, now: Timestamp) -> rusqlite::Result<bool> {
    let sql = "UPDATE acknowledgements SET ended_ms = ? WHERE instance = ? AND subject = ? AND ended_ms IS NULL";
    Ok(conn.execute(sql, params![now.as_millisecond(), key.instance, key.subject])? > 0)
}
