//! Messages that nobody tries any more.

use jiff::Timestamp;
use rusqlite::{Connection, named_params, params};

use super::Store;
use super::cycle::write_notification;
use super::enqueue::write_deliveries;
use super::error::StoreError;
use super::outbox::Claimed;
use crate::alert::Notification;
use crate::route::Planned;

/// What is given up with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// Nothing else.
    Nothing,
    /// What else has expired on its route.
    Expired,
    /// All that waits for its route.
    All,
}

/// What is given up together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doomed {
    /// Rows in `deliveries`.
    pub deliveries: Vec<i64>,
    /// How many notifications they tell.
    pub notifications: i64,
    /// The first and the last of them.
    pub first_and_last: (i64, i64),
    /// Whether they tell anything else than that something was given up.
    pub is_news: bool,
}

/// What follows when messages are given up: somebody else is told.
#[derive(Clone, Debug)]
pub struct GivenUp<'a> {
    /// What.
    pub doomed: &'a Doomed,
    /// Why.
    pub reason: &'a str,
    /// The notification that says so.
    pub notice: &'a Notification,
    /// The ways that it goes; positions are 0.
    pub planned: &'a [Planned],
}

impl Store {
    /// What is given up with a message: it alone, what else has expired on its route, or all that waits there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn doomed(&self, claimed: &Claimed, route: &str, with: With, now: Timestamp) -> Result<Doomed, StoreError> {
        let until = match with {
            With::Nothing => i64::MIN,
            With::Expired => now.as_millisecond(),
            With::All => i64::MAX,
        };
        let sql =
            "SELECT deliveries.id, notifications.id AS notification, notifications.kind <> 'undelivered' AS is_news
             FROM deliveries JOIN delivery_notifications ON delivery_id = deliveries.id
             JOIN notifications ON notifications.id = notification_id
             WHERE state = 'pending' AND route = :route AND (deliveries.id = :id OR expires_ms <= :until)
             ORDER BY notifications.id";
        let parameters = named_params! { ":route": route, ":id": claimed.id, ":until": until };
        let read = || {
            let mut statement = self.conn.prepare(sql)?;
            let mut rows = statement.query(parameters)?;
            let mut doomed = Doomed { deliveries: vec![claimed.id], ..Doomed::default() };
            while let Some(row) = rows.next()? {
                let (delivery, notification) = (row.get("id")?, row.get("notification")?);
                if !doomed.deliveries.contains(&delivery) {
                    doomed.deliveries.push(delivery);
                }
                let first = if doomed.notifications == 0 { notification } else { doomed.first_and_last.0 };
                doomed.first_and_last = (first, notification);
                doomed.notifications += 1;
                doomed.is_news |= row.get::<_, bool>("is_news")?;
            }
            Ok(doomed)
        };
        read().map_err(self.failed("read the deliveries"))
    }

    /// Messages are given up, and somebody else told of it, in one step.
    ///
    /// # Errors
    /// When the file cannot be written: they are tried again.
    pub fn give_up(&mut self, claimed: &Claimed, given_up: &GivenUp<'_>, now: Timestamp) -> Result<(), StoreError> {
        let write = |conn: &Connection| {
            let mut expire = conn
                .prepare_cached("UPDATE deliveries SET state = 'expired', reason = ?, finished_ms = ? WHERE id = ?")?;
            for id in &given_up.doomed.deliveries {
                expire.execute(params![given_up.reason, now.as_millisecond(), id])?;
            }
            let notice = write_notification(conn, claimed.run_id, &claimed.host, now, given_up.notice)?;
            write_deliveries(conn, claimed.run_id, &[notice], given_up.planned, now)?;
            Ok(0)
        };
        self.write("give up a delivery", write)
    }
}
