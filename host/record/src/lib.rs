//! The document of one cycle, `checkpost.cycle/1`: what was measured, judged, decided and announced.
//!
//! ```text
//! model, alerting ──▶ CycleRecord ──▶ store writes it, report renders it; replay, pages and fleets read it
//! ```
//!
//! There is no second form of a cycle. A [`CycleRecord`] owns all of its data, serializes to JSON and back without loss,
//! and holds what deriving its verdicts and notifications again needs: the snapshot, and for each instance its module's
//! digest, its settings and its [`EvaluationInputs`]. Past readings are in the records of earlier cycles.

mod alerts;
mod cycle;
mod inputs;
#[cfg(test)]
mod tests;

pub use cycle::{CycleRecord, Schema, StoredCycle, Threshold};
pub use inputs::EvaluationInputs;
