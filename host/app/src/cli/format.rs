//! Output formats.

use clap::ValueEnum;

/// Formats of the report of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Text for people
    Text,
    /// One JSON object, schema checkpost.report/1
    Json,
    /// Output and exit code of a Nagios plugin
    Nagios,
    /// Prometheus text exposition format
    Prometheus,
}

/// Formats of collected readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CollectFormat {
    /// A table for each source
    Text,
    /// JSON; with --watch, one line for each collection
    Json,
    /// Prometheus text exposition format
    Prometheus,
}

/// Formats of all other output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Text for people
    Text,
    /// JSON
    Json,
}
