//! checkpost measures a host, judges the readings in WebAssembly, stores both, and notifies.
//!
//! This crate puts the stages together (see `docs/architecture.md`); each stage is a crate of its own:
//!
//! ```text
//! collect ──▶ snapshot ──▶ sandbox ──▶ alerting ──▶ record ──▶ store ──▶ report, notify
//! ```
//!
//! * `config` turns files and variables into one valid value, in which every value knows its origin.
//! * `cycle` is one cycle, the only module that sees all stages; `delivery` takes messages out of the outbox.
//! * `cli` is the command line, `commands` has one file a command.
//! * `doctor` examines an installation from outside of cycles.
//! * `run` is the life of a run: lock, deadline, heartbeat, cycle, delivery.
//! * `export`, `lock`, `logging` and `schedule` are what several of them need.

mod cli;
pub mod commands;
mod config;
mod cycle;
mod delivery;
mod doctor;
mod export;
mod lock;
mod logging;
mod run;
mod schedule;
