//! Takes messages from the outbox and sends them: at most one at a time on each route, all routes at once.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::{Message, Outlet, Scope, SendError};
use crate::alert::{Kind, Notification};
use crate::check::{DEFAULT_CHANNEL, Status};
use crate::clean;
use crate::route::{Planned, Route, backoff, plan};
use crate::store::{Claimed, Doomed, GivenUp, Next, Store, StoreError, With};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(30);

/// What is kept back of the time to record how an attempt ended: what is not recorded has not failed, and never expires.
const MARGIN: Duration = Duration::from_millis(300);

/// How long a run stays for another attempt: as long as the wait after a first failure may be, not for a relay that is
/// down for hours.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a message is tried at least before it is given up, whatever the clock says.
const LEAST_ATTEMPTS: u32 = 3;

/// How long after it expired a message is tried whose attempts never ended, since they end the process.
const NEVER_ENDS: SignedDuration = SignedDuration::from_hours(1);

/// The instance that tells of messages that were not delivered. No other is called so: it has a space.
pub const DELIVERY: &str = "message delivery";

/// A route with what takes messages along it.
#[derive(Clone, Debug)]
pub struct Way {
    /// What goes there.
    pub route: Route,
    /// How it gets there.
    pub outlet: Arc<Outlet>,
}

/// Sends what waits and may go, until nothing does or the deadline comes. What is left waits for the next time.
///
/// The caller holds the lock of deliveries. `clock` says what time it is.
///
/// # Errors
/// When the database cannot be read or written. What was sent and could not be recorded is sent again, with the same key.
pub fn deliver(
    store: &mut Store,
    ways: &[Way],
    clock: &dyn Fn() -> Timestamp,
    deadline: Instant,
) -> Result<(), StoreError> {
    let (sender, outcomes) = mpsc::channel();
    Worker { store, ways, clock, deadline, sending: BTreeSet::new(), sender, outcomes }.run()
}

struct Worker<'a> {
    store: &'a mut Store,
    ways: &'a [Way],
    clock: &'a dyn Fn() -> Timestamp,
    deadline: Instant,
    /// The routes that are at it.
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
                // What is on its way is still recorded, if that can be.
                _ => None,
            };
            // Others need not wait for one that hangs.
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
                // Without an outcome its attempt is counted; the next run makes another.
                Err(_) => break,
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Starts one attempt on each route that is free and has something to send; how long until another one has, if any.
    fn start(&mut self) -> Result<Option<Duration>, StoreError> {
        let mut soonest = None;
        for route in self.store.waiting_routes()? {
            if self.sending.contains(&route) {
                continue;
            }
            let now = (self.clock)();
            let is_there = self.ways.iter().any(|way| way.route.name == route);
            // What is held for a route that is gone need not be held any longer.
            let Some(claimed) = self.store.claim(&route, if is_there { now } else { Timestamp::MAX })? else {
                // One that could go by now, and was not found, was taken by somebody else.
                let wait = self.store.next_delivery(&route, now)?.filter(|wait| !wait.is_zero());
                soonest = soonest.into_iter().chain(wait).min();
                continue;
            };
            let is_hopeless = claimed.attempts > LEAST_ATTEMPTS && now.duration_since(claimed.expires) > NEVER_ENDS;
            match self.ways.iter().find(|way| way.route.name == route) {
                Some(way) if !is_hopeless => {
                    self.send(way.clone(), claimed);
                    continue;
                }
                Some(_) => self.give_up(&route, &claimed, With::Nothing, "its attempts never ended", now)?,
                None => {
                    let reason = format!("there is no route '{route}' any more");
                    self.give_up(&route, &claimed, With::All, &reason, now)?;
                }
            }
            // Others have something to tell by now.
            soonest = Some(Duration::ZERO);
        }
        Ok(soonest)
    }

    fn send(&mut self, way: Way, claimed: Claimed) {
        let route = way.route.name.clone();
        let deadline = Instant::now() + ATTEMPT.min(self.deadline.saturating_duration_since(Instant::now() + MARGIN));
        let sender = self.sender.clone();
        self.sending.insert(route.clone());
        let attempt = move || {
            let message = Message::new(claimed.key.clone(), &route, &claimed.host, claimed.items.clone());
            let send = AssertUnwindSafe(|| way.outlet.send(&message, deadline));
            // Nothing of it is used again; and a message that is never recorded would be tried for ever.
            let result = catch_unwind(send).unwrap_or_else(|_| Err(SendError::message("sending it failed: a panic")));
            // Nobody waits for it any more after the deadline.
            let _ = sender.send(Outcome { route, claimed, result });
        };
        if let Err(error) = thread::Builder::new().name("delivery".to_owned()).spawn(attempt) {
            tracing::warn!("cannot start a thread to deliver: {error}");
            // It waits for the next run, and nobody waits for it.
            self.deadline = Instant::now();
        }
    }

    fn record(&mut self, outcome: Outcome) -> Result<(), StoreError> {
        let Outcome { route, claimed, result } = outcome;
        self.sending.remove(&route);
        let now = (self.clock)();
        let Err(error) = result else {
            tracing::info!(attempt = claimed.attempts, "Delivered to {route}: {}", told(&claimed));
            return self.store.delivered(claimed.id, &route, now);
        };
        tracing::warn!(attempt = claimed.attempts, "Not delivered to {route}: {}", error.text);
        let next = match error.scope {
            Scope::Route => Next::Route(backoff(self.store.failures(&route)? + 1, error.retry_after, random())),
            Scope::Message => Next::Message(backoff(claimed.attempts, error.retry_after, random())),
        };
        self.store.not_delivered(claimed.id, &route, &error.text, &next, now)?;
        if claimed.expires > now || claimed.attempts < LEAST_ATTEMPTS {
            return Ok(());
        }
        let with = if error.scope == Scope::Route { With::Expired } else { With::Nothing };
        self.give_up(&route, &claimed, with, &error.text, now)
    }

    /// Nobody tries it any more, and the other routes say so. Of what says so nothing is said: two routes that fail would
    /// tell of each other for ever.
    fn give_up(
        &mut self,
        route: &str,
        claimed: &Claimed,
        with: With,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let doomed = self.store.doomed(claimed, route, with, now)?;
        tracing::error!(attempts = claimed.attempts, "Given up for {route}: {}: {reason}", lost(&doomed));
        let notice = notice(route, &doomed, reason);
        let others = self.ways.iter().map(|way| &way.route).filter(|way| doomed.is_news && way.name != route);
        let planned = messages(self.store, others, slice::from_ref(&notice), &claimed.host, now)?;
        self.store.give_up(claimed, &GivenUp { doomed: &doomed, reason, notice: &notice, planned: &planned }, now)
    }
}

/// The messages of notifications by these routes, as their limits have it by now.
///
/// # Errors
/// When the database cannot be read.
pub fn messages<'a>(
    store: &Store,
    routes: impl IntoIterator<Item = &'a Route> + Clone,
    notifications: &[Notification],
    host: &str,
    now: Timestamp,
) -> Result<Vec<Planned>, StoreError> {
    let limits = routes.clone().into_iter().filter_map(|route| Some((route.name.as_str(), route.rate_limit?.messages)));
    let recent = store.recent_deliveries(limits, now)?;
    Ok(plan(routes, notifications, host, &recent, now))
}

/// What says that messages were given up.
fn notice(route: &str, doomed: &Doomed, reason: &str) -> Notification {
    Notification {
        channel: DEFAULT_CHANNEL.to_owned(),
        owner: String::new(),
        level: Status::Unknown,
        previous_level: Status::Ok,
        kind: Kind::Undelivered,
        title: format!("Route '{route}' could not deliver"),
        message: clean::owned(&format!("Given up: {}. The last error: {reason}", lost(doomed))),
        check_name: DELIVERY.to_owned(),
        subject: route.to_owned(),
        suppressed: None,
    }
}

/// What is lost, in a few words: `2 notifications, 41 to 42`.
fn lost(doomed: &Doomed) -> String {
    in_words(doomed.notifications, doomed.first_and_last)
}

/// What a message tells, in a few words.
fn told(claimed: &Claimed) -> String {
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

/// From 0 to 1; without a source of chance, the middle.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}
