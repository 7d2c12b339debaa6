//! Ends messages that are not tried any more, and stores the notification about them.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, named_params, params};

use checkpost_alerting::alert::Notification;
use checkpost_alerting::route::Planned;

use super::claim::Claimed;
use super::enqueue::write_deliveries;
use crate::error::StoreError;
use crate::notifications::write_notification;
use crate::store::Store;

/// Which messages are abandoned together with a claimed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbandonScope {
    /// No other message.
    Message,
    /// The expired messages of its route.
    Expired,
    /// All pending messages of its route.
    Route,
}

/// Messages that are abandoned together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abandoned {
    /// Rows in `deliveries`.
    pub deliveries: Vec<i64>,
    /// The number of their notifications.
    pub notifications: i64,
    /// The ids of the first and the last of these notifications.
    pub first_and_last: (i64, i64),
    /// Whether this is worth a notification. Messages that only notify of other abandoned messages are not.
    pub is_notified: bool,
}

/// What is stored when messages are abandoned.
#[derive(Clone, Debug)]
pub struct Abandonment<'a> {
    /// The messages.
    pub abandoned: &'a Abandoned,
    /// The last error.
    pub reason: &'a str,
    /// The notification that messages were abandoned.
    pub notice: &'a Notification,
    /// The messages of that notification, whose position in them is 0.
    pub planned: &'a [Planned],
}

impl Store {
    /// The messages to abandon together with a claimed one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn messages_to_abandon(
        &self,
        claimed: &Claimed,
        route: &str,
        scope: AbandonScope,
        now: Timestamp,
    ) -> Result<Abandoned, StoreError> {
        let until = match scope {
            AbandonScope::Message => i64::MIN,
            AbandonScope::Expired => now.as_millisecond(),
            AbandonScope::Route => i64::MAX,
        };
        let sql =
            "SELECT deliveries.id, notifications.id AS notification, notifications.kind <> 'undelivered' AS is_notified
             FROM deliveries JOIN delivery_notifications ON delivery_id = deliveries.id
             JOIN notifications ON notifications.id = notification_id
             WHERE state = 'pending' AND route = :route AND (deliveries.id = :id OR expires_ms <= :until)
             ORDER BY notifications.id";
        let parameters = named_params! { ":route": route, ":id": claimed.id, ":until": until };
        let read = || {
            let mut statement = self.conn.prepare(sql)?;
            let mut rows = statement.query(parameters)?;
            let mut abandoned = Abandoned { deliveries: vec![claimed.id], ..Abandoned::default() };
            let mut seen = HashSet::from([claimed.id]);
            while let Some(row) = rows.next()? {
                let (delivery, notification) = (row.get("id")?, row.get("notification")?);
                if seen.insert(delivery) {
                    abandoned.deliveries.push(delivery);
                }
                let first = if abandoned.notifications == 0 { notification } else { abandoned.first_and_last.0 };
                abandoned.first_and_last = (first, notification);
                abandoned.notifications += 1;
                abandoned.is_notified |= row.get::<_, bool>("is_notified")?;
            }
            Ok(abandoned)
        };
        read().map_err(self.failed("read the deliveries"))
    }

    /// Abandons messages and stores the notification about them, in one transaction.
    ///
    /// # Errors
    /// When the file cannot be written. The messages are then tried again.
    pub fn abandon(
        &mut self,
        claimed: &Claimed,
        abandonment: &Abandonment<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let statements = |conn: &Connection| {
            let mut expire = conn
                .prepare_cached("UPDATE deliveries SET state = 'expired', reason = ?, finished_ms = ? WHERE id = ?")?;
            for id in &abandonment.abandoned.deliveries {
                expire.execute(params![abandonment.reason, now.as_millisecond(), id])?;
            }
            let notice = write_notification(conn, claimed.run_id, &claimed.host, now, abandonment.notice)?;
            write_deliveries(conn, claimed.run_id, &[notice], abandonment.planned, now)
        };
        self.write("abandon a delivery", statements)
    }
}
