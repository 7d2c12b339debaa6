//! Renderings of a cycle record, and of tables for commands. Everything in here turns owned data into text.
//!
//! ```text
//! text.rs         a cycle for people: `checkpost run`, mails of cron
//! json.rs         a cycle for scripts: `checkpost.report/1`
//! nagios.rs       a cycle as the output of a Nagios plugin
//! prometheus.rs   a cycle as Prometheus metrics
//! readings.rs     a snapshot for people: `checkpost collect`
//! table.rs        rows of commands, such as `checkpost notifications`
//! sparkline.rs    a series of numbers as one line of bars
//! ```
//!
//! They share `summary.rs` (the findings of a cycle, in order and in words), `format.rs` (figures, sizes, times) and
//! `style.rs` (width, color, ASCII).

#[cfg(test)]
mod fixture;
mod summary;

pub mod format;
pub mod json;
pub mod nagios;
pub mod prometheus;
pub mod readings;
pub mod sparkline;
pub mod style;
pub mod table;
pub mod text;
