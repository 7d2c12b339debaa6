//! Integration tests by capability: the real binary, real modules, real SQLite, real processes.
#![allow(clippy::unwrap_used, missing_docs)]

mod alerts;
#[cfg(target_os = "linux")]
mod built_in_checks;
mod cache;
mod check_list;
mod collect;
mod commands;
#[cfg(target_os = "linux")]
mod compare;
mod compilation;
mod config;
#[cfg(unix)]
mod cron;
mod custom_checks;
mod cycle;
mod demand;
mod determinism;
#[cfg(unix)]
mod doctor;
#[cfg(unix)]
mod follow;
#[cfg(unix)]
mod heartbeat;
mod hostile;
mod house;
mod invalid_input;
mod limits;
#[cfg(unix)]
mod outbox;
#[cfg(unix)]
mod ownership;
mod pins;
mod support;
mod suppression;
mod thirty_days;
mod transports;
mod wasi;
