//! checkpost measures a host, judges the readings in WebAssembly, and stores both.
//!
//! The way of a cycle, and the modules it passes (see `docs/architecture.md`):
//!
//! ```text
//! collect ──▶ metric::Snapshot ──▶ sandbox ──▶ alert ──▶ quiet ──▶ route ──▶ store ──▶ report, deliver
//! ```
//!
//! * [`cycle`] sees all stages; each stage takes owned data and knows only the types of earlier ones.
//! * [`metric`] and [`check`] are the data: readings, and what is said about them.
//! * [`collect`] measures, [`sandbox`] runs checks, [`alert`] decides what is worth telling, [`quiet`] what of it
//!   is hidden on purpose, and [`route`] who is told; [`store`] keeps it all in SQLite, [`report`] renders it, and
//!   [`deliver`] gets the messages out.
//! * [`config`] turns files and variables into one valid value; [`cli`] and [`commands`] are the command line.
//! * [`doctor`] looks at an installation from outside of cycles.
//! * [`clean`], [`mod@digest`], [`export`], [`heartbeat`], [`http`], [`lock`], [`logging`], [`schedule`], [`secret`]
//!   and [`tls`] are what several of them lean on.

pub mod alert;
pub mod check;
pub mod clean;
pub mod cli;
pub mod collect;
pub mod commands;
pub mod config;
pub mod cycle;
pub mod deliver;
pub mod digest;
pub mod doctor;
pub mod export;
pub mod heartbeat;
pub mod http;
pub mod lock;
pub mod logging;
pub mod metric;
pub mod quiet;
pub mod report;
pub mod route;
pub mod sandbox;
pub mod schedule;
pub mod secret;
pub mod store;
pub mod tls;
