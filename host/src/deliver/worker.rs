//! Takes messages from the outbox and sends them: at most one at a time on each route, all routes at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Message, Outlet, Scope, SendError};
use crate::alert::{Kind, Notification};
use crate::check::{DEFAULT_CHANNEL, Status};
use crate::clean;
use crate::route::{Route, backoff, plan};
use crate::store::{Claimed, GivenUp, Next, Store, StoreError};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(30);

/// How long a run stays for another attempt: as long as the wait after a first failure may be, not for a relay that is
/// down for hours.
const PATIENCE: Duration = Duration::from_secs(5);

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
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            match self.start()? {
                _ if !self.sending.is_empty() => match self.outcomes.recv_timeout(left) {
                    Ok(outcome) => self.record(outcome)?,
                    // Its attempt is counted; the next run makes another.
                    Err(_) => return Ok(()),
                },
                Some(wait) if wait < PATIENCE.min(left) => thread::sleep(wait),
                _ => return Ok(()),
            }
        }
    }

    /// Starts one attempt on each route that is free and has something to send; how long until another one has, if any.
    fn start(&mut self) -> Result<Option<Duration>, StoreError> {
        let mut soonest = None;
        for route in self.store.waiting_routes()? {
            if self.sending.contains(&route) {
                continue;
            }
            let now = (self.clock)();
            let Some(claimed) = self.store.claim(&route, now)? else {
                // One that could go by now, and was not found, was taken by somebody else.
                let wait = self.store.next_delivery(&route, now)?.filter(|wait| !wait.is_zero());
                soonest = soonest.into_iter().chain(wait).min();
                continue;
            };
            match self.ways.iter().find(|way| way.route.name == route) {
                Some(way) => self.send(way.clone(), claimed),
                None => {
                    self.give_up(&route, &claimed, &format!("there is no route '{route}' any more"), now)?;
                    // Others have something to tell by now.
                    soonest = Some(Duration::ZERO);
                }
            }
        }
        Ok(soonest)
    }

    fn send(&mut self, way: Way, claimed: Claimed) {
        let route = way.route.name.clone();
        let deadline = self.deadline.min(Instant::now() + ATTEMPT);
        let sender = self.sender.clone();
        self.sending.insert(route.clone());
        let attempt = move || {
            let message = Message::new(claimed.key.clone(), &route, &claimed.host, claimed.items.clone());
            let result = way.outlet.send(&message, deadline);
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
        if claimed.expires <= now {
            return self.give_up(&route, &claimed, &error.text, now);
        }
        Ok(())
    }

    /// Nobody tries it any more, and the other routes say so.
    fn give_up(&mut self, route: &str, claimed: &Claimed, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        tracing::error!(attempts = claimed.attempts, "Given up for {route}: {}: {reason}", told(claimed));
        let notice = notice(route, claimed, reason);
        let others: Vec<_> = self.ways.iter().map(|way| way.route.clone()).filter(|way| way.name != route).collect();
        let limits = others.iter().filter_map(|way| Some((way.name.as_str(), way.rate_limit?.messages)));
        let recent = self.store.recent_deliveries(limits, now)?;
        let planned = plan(&others, std::slice::from_ref(&notice), &claimed.host, &recent, now);
        self.store.give_up(claimed, &GivenUp { reason, notice: &notice, planned: &planned }, now)
    }
}

/// What says that a message was given up.
fn notice(route: &str, claimed: &Claimed, reason: &str) -> Notification {
    Notification {
        channel: DEFAULT_CHANNEL.to_owned(),
        owner: String::new(),
        level: Status::Unknown,
        previous_level: Status::Ok,
        kind: Kind::Undelivered,
        title: format!("Route '{route}' could not deliver"),
        message: clean::owned(&format!("Given up: {}. The last error: {reason}", told(claimed))),
        check_name: DELIVERY.to_owned(),
        subject: route.to_owned(),
        suppressed: None,
    }
}

/// A message in a few words: `2 notifications, 41 to 42`.
fn told(claimed: &Claimed) -> String {
    let ids = || claimed.items.iter().map(|item| item.id);
    match (ids().min(), ids().max()) {
        (Some(only), Some(last)) if only == last => format!("notification {only}"),
        (Some(first), Some(last)) => format!("{} notifications, {first} to {last}", claimed.items.len()),
        _ => "no notification".to_owned(),
    }
}

/// From 0 to 1; without a source of chance, the middle.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}
