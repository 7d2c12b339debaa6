//! The delivery worker: sends the messages of the outbox, at most one at a time on each route, all routes at once.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::plan_messages;
use crate::config::ConfiguredRoute;
use checkpost_alerting::alert::{Kind, Notification};
use checkpost_alerting::route::{Message, backoff};
use checkpost_model::check::Status;
use checkpost_model::clean;
use checkpost_notify::{Scope, SendError};
use checkpost_store::{AbandonScope, Abandoned, Abandonment, Claimed, Retry, Store, StoreError};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(30);

/// Time that is reserved for recording how an attempt ended: an attempt that is not recorded has not failed, and never
/// expires.
const MARGIN: Duration = Duration::from_millis(300);

/// How long a run waits for another attempt: as long as the pause after a first failure may be, not for a relay that is
/// down for hours.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a message is tried at least before it is abandoned, whatever the clock says.
const LEAST_ATTEMPTS: u32 = 3;

/// How long after its expiry a message is still tried whose attempts never end because they end the process.
const NEVER_ENDS: SignedDuration = SignedDuration::from_hours(1);

/// The instance that notifies of abandoned messages. No other instance has this name: it has a space.
pub const DELIVERY: &str = "message delivery";

/// Sends the pending messages that are due, until there are none or the deadline comes. The rest waits for the next run.
///
/// The caller holds the delivery lock. `clock` tells the time.
///
/// # Errors
/// When the database cannot be read or written. A message that was sent and could not be recorded is sent again, with the
/// same key.
pub fn deliver(
    store: &mut Store,
    routes: &[ConfiguredRoute],
    clock: &dyn Fn() -> Timestamp,
    deadline: Instant,
) -> Result<(), StoreError> {
    let (sender, outcomes) = mpsc::channel();
    Worker { store, routes, clock, deadline, sending: BTreeSet::new(), sender, outcomes }.run()
}

struct Worker<'a> {
    store: &'a mut Store,
    routes: &'a [ConfiguredRoute],
    clock: &'a dyn Fn() -> Timestamp,
    deadline: Instant,
    /// The routes with an attempt under way.
    sending: BTreeSet<String>,
    sender: Sender<Outcome>,
    outcomes: Receiver<Outcome>,
}

/// How an attempt ended.
struct Outcome {
    route: String,
    claimed: Claimed,
    result: Result<(), SendError>,
}

impl Worker<'_> {
    fn run(&mut self) -> Result<(), StoreError> {
        let mut failed = None;
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let wait = match failed {
                None if left > 2 * MARGIN => self.start().unwrap_or_else(|error| {
                    failed = Some(error);
                    None
                }),
                // Attempts under way are still recorded, if that is possible.
                _ => None,
            };
            // The other routes need not wait for one that hangs.
            let wait = wait.filter(|wait| *wait < PATIENCE.min(left));
            if self.sending.is_empty() {
                let Some(wait) = wait else { break };
                thread::sleep(wait);
                continue;
            }
            match self.outcomes.recv_timeout(wait.unwrap_or(left)) {
                Ok(outcome) => {
                    if let Err(error) = self.record(outcome) {
                        failed.get_or_insert(error);
                    }
                }
                Err(_) if wait.is_some() => {}
                // An attempt without an outcome is counted; the next run makes another.
                Err(_) => break,
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Starts one attempt on each idle route that has a message due. Returns how long until another message is due, if any.
    fn start(&mut self) -> Result<Option<Duration>, StoreError> {
        let mut soonest = None;
        for route in self.store.pending_routes()? {
            if self.sending.contains(&route) {
                continue;
            }
            let now = (self.clock)();
            let exists = self.routes.iter().any(|configured| configured.route.name == route);
            // Messages of a removed route are not delayed any longer.
            let Some(claimed) = self.store.claim(&route, if exists { now } else { Timestamp::MAX })? else {
                // A message that is due and was not found was taken by another process.
                let wait = self.store.next_delivery(&route, now)?.filter(|wait| !wait.is_zero());
                soonest = soonest.into_iter().chain(wait).min();
                continue;
            };
            let is_hopeless = claimed.attempts > LEAST_ATTEMPTS && now.duration_since(claimed.expires) > NEVER_ENDS;
            match self.routes.iter().find(|configured| configured.route.name == route) {
                Some(configured) if !is_hopeless => {
                    self.send(configured.clone(), claimed);
                    continue;
                }
                Some(_) => self.abandon(&route, &claimed, AbandonScope::Message, "its attempts never ended", now)?,
                None => {
                    let reason = format!("there is no route '{route}' any more");
                    self.abandon(&route, &claimed, AbandonScope::Route, &reason, now)?;
                }
            }
            // The other routes have a notification of it by now.
            soonest = Some(Duration::ZERO);
        }
        Ok(soonest)
    }

    fn send(&mut self, configured: ConfiguredRoute, claimed: Claimed) {
        let route = configured.route.name.clone();
        let deadline = Instant::now() + ATTEMPT.min(self.deadline.saturating_duration_since(Instant::now() + MARGIN));
        let sender = self.sender.clone();
        self.sending.insert(route.clone());
        let attempt = move || {
            let message = Message::new(claimed.key.clone(), &route, &claimed.host, claimed.items.clone());
            let send = AssertUnwindSafe(|| configured.receiver.send(&message, deadline));
            // A panic ends this attempt only; a message that is never recorded would be tried for ever.
            let result = catch_unwind(send).unwrap_or_else(|_| Err(SendError::message("sending the message panicked")));
            // Nobody waits for the outcome after the deadline.
            let _ = sender.send(Outcome { route, claimed, result });
        };
        if let Err(error) = thread::Builder::new().name("delivery".to_owned()).spawn(attempt) {
            tracing::warn!("cannot start a thread to deliver: {error}");
            // The message waits for the next run.
            self.deadline = Instant::now();
        }
    }

    fn record(&mut self, outcome: Outcome) -> Result<(), StoreError> {
        let Outcome { route, claimed, result } = outcome;
        self.sending.remove(&route);
        let now = (self.clock)();
        let Err(error) = result else {
            tracing::info!(attempt = claimed.attempts, "Delivered to {route}: {}", contents(&claimed));
            return self.store.delivered(claimed.id, &route, now);
        };
        tracing::warn!(attempt = claimed.attempts, "Not delivered to {route}: {}", error.text);
        let retry = match error.scope {
            Scope::Route => Retry::Route(backoff(self.store.failures(&route)? + 1, error.retry_after, random())),
            Scope::Message => Retry::Message(backoff(claimed.attempts, error.retry_after, random())),
        };
        self.store.not_delivered(claimed.id, &route, &error.text, &retry, now)?;
        if claimed.expires > now || claimed.attempts < LEAST_ATTEMPTS {
            return Ok(());
        }
        let scope = if error.scope == Scope::Route { AbandonScope::Expired } else { AbandonScope::Message };
        self.abandon(&route, &claimed, scope, &error.text, now)
    }

    /// Abandons a message and notifies the other routes. An abandoned notification of this kind is not notified in turn:
    /// two routes that fail would notify of each other for ever.
    fn abandon(
        &mut self,
        route: &str,
        claimed: &Claimed,
        scope: AbandonScope,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let abandoned = self.store.messages_to_abandon(claimed, route, scope, now)?;
        tracing::error!(attempts = claimed.attempts, "Abandoned on {route}: {}: {reason}", lost(&abandoned));
        let notice = notice(route, &abandoned, reason);
        let others = self
            .routes
            .iter()
            .map(|configured| &configured.route)
            .filter(|configured| abandoned.is_notified && configured.name != route);
        let planned = plan_messages(self.store, others, slice::from_ref(&notice), &claimed.host, now)?;
        let abandonment = Abandonment { abandoned: &abandoned, reason, notice: &notice, planned: &planned };
        self.store.abandon(claimed, &abandonment, now)
    }
}

/// The notification that messages were abandoned.
fn notice(route: &str, abandoned: &Abandoned, reason: &str) -> Notification {
    let title = format!("Route '{route}' could not deliver");
    let message = clean::owned(&format!("Abandoned: {}. Last error: {reason}", lost(abandoned)));
    let notice = Notification::of_checkpost(Status::Unknown, Kind::Undelivered, DELIVERY, title, message);
    Notification { subject: route.to_owned(), ..notice }
}

/// What was abandoned, in a few words: `2 notifications, 41 to 42`.
fn lost(abandoned: &Abandoned) -> String {
    in_words(abandoned.notifications, abandoned.first_and_last)
}

/// The notifications of a message, in a few words.
fn contents(claimed: &Claimed) -> String {
    let ids = || claimed.items.iter().map(|item| item.id);
    in_words(claimed.items.len() as i64, (ids().min().unwrap_or_default(), ids().max().unwrap_or_default()))
}

fn in_words(count: i64, (first, last): (i64, i64)) -> String {
    match count {
        0 => "no notification".to_owned(),
        1 => format!("notification {first}"),
        count => format!("{count} notifications, {first} to {last}"),
    }
}

/// A random number from 0 to 1; without a source of randomness, the middle.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}
