//! The document of one cycle, `checkpost.cycle/1`: what was measured, judged, decided and announced.
//!
//! ```text
//! model, alerting ──▶ CycleRecord ──▶ store writes it, report renders it; replay, pages and fleets read it
//! ```
//!
//! There is no second form of a cycle. A [`CycleRecord`] owns all of its data, and JSON brings it back as it was; only what a
//! failed check wrote to its standard error, which is for the log, is left out. It holds what deriving its verdicts again
//! needs: the snapshot, and for each instance the digest of its module, its settings and its [`EvaluationInputs`]; past
//! readings are in the records of earlier cycles. Of suppression it has the reasons, not the silences themselves.

mod alerts;
mod cycle;
mod inputs;
#[cfg(test)]
mod tests;

pub use cycle::{CycleRecord, Schema, StoredCycle, Threshold};
pub use inputs::EvaluationInputs;
