//! Metrics, as collectors measure them, the database stores them and checks read them.
//!
//! Names and units are OpenTelemetry's (<https://opentelemetry.io/docs/specs/semconv/system/system-metrics/>): base
//! units, utilization as a ratio 0..1. Percentages are made at the edges: settings, reports, the `system_metrics` table.

pub mod catalog;
mod cost;
mod headline;
mod labels;
mod process;
mod sample;
mod snapshot;

pub use cost::CycleCost;
pub use headline::{Headline, ROOT};
pub use labels::{Labels, name_matches};
pub use process::{ProcessTime, ProcessTimes};
pub use sample::{Sample, Series};
pub use snapshot::{Diagnostic, Host, Snapshot};
