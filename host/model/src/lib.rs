//! The data of checkpost, without I/O: metrics, checks and verdicts.
//!
//! * [`metric`]: samples, labels, series, snapshots, and the catalog of every metric.
//! * [`check`]: instances, settings, limits and grants, pins, verdicts, evaluations and the reasons of failures.
//! * [`clean`] makes foreign text safe to show; [`mod@digest`] identifies modules and settings; [`millis`] writes
//!   durations.
//!
//! Every other crate of the host depends on this crate, which depends on none of them.

pub mod check;
pub mod clean;
pub mod digest;
#[cfg(test)]
mod json;
pub mod metric;
pub mod millis;
