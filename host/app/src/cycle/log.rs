//! What a cycle writes to the log.

use checkpost_model::check::{Evaluation, Status};
use checkpost_model::metric::{Headline, Snapshot};

/// How many verdicts of one evaluation the log spells out.
const LOGGED_VERDICTS: usize = 20;

pub(super) fn measured(snapshot: &Snapshot, headline: &Headline) {
    let percent = |value: Option<f64>| value.map_or("n/a".to_owned(), |value| format!("{value:.1}%"));
    tracing::debug!(
        "Metrics collected: CPU={}, Memory={}, Disk={}",
        percent(headline.cpu_percent),
        percent(headline.memory_percent),
        percent(headline.disk_percent)
    );
    for diagnostic in &snapshot.diagnostics {
        tracing::warn!("{}: {}", diagnostic.source, diagnostic.message);
    }
}

pub(super) fn evaluation(evaluation: &Evaluation) {
    let check = &evaluation.instance;
    match &evaluation.outcome {
        Ok(verdicts) => {
            let raised = || verdicts.iter().filter(|verdict| verdict.status != Status::Ok);
            for verdict in raised().take(LOGGED_VERDICTS) {
                match verdict.status {
                    Status::Critical => tracing::error!("CRITICAL: {check}: {}", verdict.message),
                    _ => tracing::warn!("{check}: {}", verdict.message),
                }
            }
            if let more @ 1.. = raised().count().saturating_sub(LOGGED_VERDICTS) {
                tracing::warn!("{check}: and {more} more; see the notifications");
            }
            let duration_us = evaluation.duration.as_micros() as u64;
            tracing::debug!(fuel = evaluation.fuel, duration_us, "Check {check}: {}", evaluation.status().level());
        }
        Err(failure) => {
            tracing::error!("Check {check} could not judge: {failure}");
            for line in failure.stderr.lines() {
                tracing::error!("Check {check} wrote: {line}");
            }
        }
    }
}
