//! The life of a run: run lock, cycle, report, delivery, with the heartbeat around them and the deadline over all.
//!
//! ```text
//! Run::start ──▶ lock ──▶ heartbeat /start ──▶ cycle ──▶ report ──▶ unlock ──▶ alarm, delivery ──▶ heartbeat
//! ```
//!
//! Whatever starts cycles, a command line or a scheduler, goes through [`Run`]; it decides how a cycle is reported.

mod clock;
pub(crate) mod deadline;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use checkpost_notify::heartbeat::{Finish, Pinger};
use checkpost_record::StoredCycle;

use crate::config::Config;
use crate::cycle::{self, CycleError};
use crate::delivery;
use crate::lock::{self, Purpose};

pub use clock::Clock;
use deadline::Deadline;

/// Why a run failed. Displays as one line.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The run lock could not be made.
    #[error("cannot lock {path}: {source}: run as a user that may write there")]
    Lock {
        /// The database.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The cycle could not be done or stored.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// The report could not be written. The cycle, if there was one, is stored.
    #[error("cannot write to standard output: {0}")]
    Report(io::Error),
}

/// The exit codes of a failed run, which its heartbeat sends.
#[derive(Clone, Copy, Debug)]
pub struct ExitCodes {
    /// The host failed.
    pub failed: u8,
    /// The configuration is wrong.
    pub usage: u8,
}

impl ExitCodes {
    /// The exit code of an error.
    pub fn of(self, error: &RunError) -> u8 {
        if matches!(error, RunError::Cycle(CycleError::Config(_))) { self.usage } else { self.failed }
    }
}

/// What a run came to.
#[derive(Debug)]
pub enum Outcome {
    /// A cycle is stored.
    Stored(Box<StoredCycle>),
    /// Another run is at work on this database, and does what this one came to do.
    Skipped,
}

/// A run that has begun.
pub struct Run<'a> {
    config: &'a Config,
    clock: Clock,
    exit_codes: ExitCodes,
    pinger: Arc<Pinger>,
    deadline: Deadline,
}

impl<'a> Run<'a> {
    /// Starts the deadline. A run that exceeds it is reported to `abandoned`, and the process ends with
    /// `exit_codes.failed`.
    pub fn start(
        config: &'a Config,
        clock: Clock,
        exit_codes: ExitCodes,
        abandoned: impl FnOnce(&str) + Send + 'static,
    ) -> Self {
        let pinger = Arc::new(Pinger::new(config.heartbeat.clone(), clock.started()));
        let last_pinger = Arc::clone(&pinger);
        let deadline = deadline::watch(config.timeout, pinger.finish_timeout(), exit_codes.failed, move |line| {
            let failure_code = Some(exit_codes.failed);
            let ending = Finish { failure_code, error: Some(line.to_owned()), ..Finish::default() };
            // At once: what hangs may be where the run is reported.
            thread::scope(|scope| {
                scope.spawn(|| last_pinger.finish(&ending));
                abandoned(line);
            });
        });
        Self { config, clock, exit_codes, pinger, deadline }
    }

    /// Does one cycle and delivers, unless another run is at work. `report` is called with the outcome, for a stored cycle
    /// while the run lock is held.
    ///
    /// Nobody reads cron's mail or an exit code: unless the run is `attended` by a person, who reads the error, a cycle
    /// that could not be stored is notified on every route.
    ///
    /// # Errors
    /// When the lock, the cycle or the report fails. Messages that are not delivered are no failure: they wait.
    pub fn execute(self, attended: bool, report: impl FnOnce(&Outcome) -> io::Result<()>) -> Result<Outcome, RunError> {
        let result = self.locked(report).inspect_err(|error| {
            tracing::error!("{error}");
            if !attended {
                self.alarm(error);
            }
        });
        // From here on nothing can fail the run, and it is not abandoned any more.
        self.deadline.end();
        let ending = match &result {
            Ok(Outcome::Skipped) => None,
            Ok(Outcome::Stored(cycle)) => {
                let status = Some(cycle.record.status());
                Some(Finish { run_id: Some(cycle.run_id), status, ..Finish::default() })
            }
            Err(error) => {
                let failure_code = Some(self.exit_codes.of(error));
                Some(Finish { failure_code, error: Some(error.to_string()), ..Finish::default() })
            }
        };
        ending.iter().for_each(|ending| self.pinger.finish(ending));
        result
    }

    fn locked(&self, report: impl FnOnce(&Outcome) -> io::Result<()>) -> Result<Outcome, RunError> {
        let Self { config, clock, .. } = self;
        let database = &config.database.value;
        let lock =
            lock::take(database, Purpose::Run).map_err(|source| RunError::Lock { path: database.clone(), source })?;
        let Some(lock) = lock else {
            report(&Outcome::Skipped).map_err(RunError::Report)?;
            return Ok(Outcome::Skipped);
        };
        self.pinger.start();
        let (cycle, mut store) = cycle::run(config, clock.began_at())?;
        let host = cycle.record.snapshot.host.name.clone();
        let outcome = Outcome::Stored(Box::new(cycle));
        let reported = report(&outcome);
        drop(lock);
        // Messages go out also when the report could not be written.
        let deadline = clock.deadline(config.timeout);
        delivery::alarm(config, &host, None, clock.began_at(), deadline);
        if let Err(error) = delivery::deliver(config, &mut store, &|| clock.now(), deadline) {
            tracing::error!("{error}");
        }
        reported.map_err(RunError::Report)?;
        Ok(outcome)
    }

    /// Notifies every route that no cycle was stored. A wrong configuration is reported to the operator who changed it,
    /// and nowhere else.
    fn alarm(&self, error: &RunError) {
        use CycleError::{Sandbox, Store};
        if let RunError::Lock { .. } | RunError::Cycle(Store(_) | Sandbox(_)) = error {
            let host = checkpost_collect::host().name;
            let deadline = self.clock.deadline(self.config.timeout);
            delivery::alarm(self.config, &host, Some(&error.to_string()), self.clock.began_at(), deadline);
        }
    }
}
