//! Integration tests by capability: the real binary, real modules, real SQLite, real processes.
#![allow(clippy::unwrap_used, missing_docs)]

mod alerts;
mod bad_checks;
mod bad_input;
#[cfg(target_os = "linux")]
mod built_in;
mod cache;
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
mod deliver;
mod demand;
mod determinism;
#[cfg(unix)]
mod doctor;
#[cfg(unix)]
mod follow;
#[cfg(unix)]
mod heartbeat;
mod hostile;
mod limits;
mod lock;
mod others;
#[cfg(unix)]
mod outbox;
mod quiet;
mod support;
mod warm;
mod wasi;
