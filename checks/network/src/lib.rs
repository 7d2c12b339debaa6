//! The `network` check: traffic, errors and drops of each interface.

use std::fmt::Write;

use checkpost_sdk::{
    Check, CombinedVerdict, Input, Need, Quantity, Reading, Thresholds, Verdict, check, is_among, missing, only_with,
    settings,
};

/// Bytes since boot. Lists the interfaces even in the first cycle, which has no rates.
const IO: &str = "system.network.io";
/// Bytes per second. The host derives all rates from two cycles of one boot.
const IO_RATE: &str = "checkpost.network.io.rate";
/// Errors per second.
const ERRORS_RATE: &str = "checkpost.network.errors.rate";
/// Dropped packets per second.
const DROPPED_RATE: &str = "checkpost.network.packet.dropped.rate";

const INTERFACE: &str = "network.interface.name";
const DIRECTION: &str = "network.io.direction";

settings! {
    /// Warns of interfaces with too much traffic, with errors or with dropped packets.
    pub struct Network {
        /// Interfaces to watch; `*` matches any text. If empty, all measured interfaces.
        interfaces: Vec<String> = [];
        /// Received traffic above which the status is warning. Off by default.
        receive_limit: Option<f64>, unit "By/s", minimum 0.0;
        /// Received traffic above which a warning becomes critical. Off by default.
        receive_critical: Option<f64>, unit "By/s", minimum 0.0;
        /// Sent traffic above which the status is warning. Off by default.
        transmit_limit: Option<f64>, unit "By/s", minimum 0.0;
        /// Sent traffic above which a warning becomes critical. Off by default.
        transmit_critical: Option<f64>, unit "By/s", minimum 0.0;
        /// Errors per second, in either direction, above which the status is warning.
        errors_per_second: f64 = 1.0, unit "1/s", minimum 0.0;
        /// Dropped packets per second, in either direction, above which the status is warning.
        drops_per_second: f64 = 100.0, unit "1/s", minimum 0.0;
        /// Share of its threshold to which every reading of a raised interface must fall before the interface clears.
        /// Defaults to 100.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

/// A reading to judge on each interface.
struct Watched {
    metric: &'static str,
    direction: &'static str,
    /// Name of the measure, also used in messages.
    name: &'static str,
    /// Title of the verdict when the reading is too high.
    title: &'static str,
    thresholds: Option<Thresholds>,
}

impl Network {
    fn watched(&self) -> [Watched; 6] {
        let thresholds = |threshold: f64, critical| Thresholds::clearing_at_share(threshold, critical, self.clear);
        let receive = self.receive_limit.map(|limit| thresholds(limit, self.receive_critical));
        let transmit = self.transmit_limit.map(|limit| thresholds(limit, self.transmit_critical));
        let errors = Some(thresholds(self.errors_per_second, None));
        let drops = Some(thresholds(self.drops_per_second, None));
        let watched =
            |metric, direction, name, title, thresholds| Watched { metric, direction, name, title, thresholds };
        [
            watched(IO_RATE, "receive", "receive", "High network traffic", receive),
            watched(IO_RATE, "transmit", "transmit", "High network traffic", transmit),
            watched(ERRORS_RATE, "receive", "receive_errors", "Network errors", errors),
            watched(ERRORS_RATE, "transmit", "transmit_errors", "Network errors", errors),
            watched(DROPPED_RATE, "receive", "receive_drops", "Dropped packets", drops),
            watched(DROPPED_RATE, "transmit", "transmit_drops", "Dropped packets", drops),
        ]
    }
}

impl Check for Network {
    const NAME: &'static str = "network";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Traffic, errors and drops of each network interface";

    fn needs(&self) -> Result<Vec<Need>, String> {
        only_with("receive_critical", self.receive_critical, "receive_limit", self.receive_limit)?;
        only_with("transmit_critical", self.transmit_critical, "transmit_limit", self.transmit_limit)?;
        Ok([IO, IO_RATE, ERRORS_RATE, DROPPED_RATE].map(Need::current).into())
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let mut interfaces: Vec<_> = input.samples.named(IO).iter().filter_map(|io| io.label(INTERFACE)).collect();
        // Readings are sorted by labels, so both directions of an interface are adjacent.
        interfaces.dedup();
        let watched = self.watched();
        let mut verdicts: Vec<_> = interfaces
            .iter()
            .filter(|interface| is_among(&self.interfaces, interface))
            .map(|interface| judge(interface, &watched, input))
            .collect();
        verdicts.extend(missing(&self.interfaces, "interface", |name| interfaces.contains(&name)));
        Ok(verdicts)
    }
}

fn judge(interface: &str, watched: &[Watched], input: &Input) -> Verdict {
    let mut combined = CombinedVerdict::new(interface, "Network", input.previous(interface));
    let mut traffic = String::new();
    for Watched { metric, direction, name, title, thresholds } in watched {
        let labels = [(INTERFACE, interface), (DIRECTION, direction)];
        let Some(value) = input.samples.find_with(metric, &labels) else { continue };
        let is_bytes = *metric == IO_RATE;
        let unit = if is_bytes { "By/s" } else { "1/s" };
        if is_bytes {
            let arrow = if *direction == "receive" { "↓" } else { " ↑" };
            // Writing to a string cannot fail.
            let _ = write!(traffic, "{arrow} {}", Quantity::new(value, unit));
        }
        combined.judge(&Reading { name, value, unit, title, thresholds: *thresholds });
    }
    combined.finish(if traffic.is_empty() { "no rate yet" } else { &traffic })
}

check!(Network);

#[cfg(test)]
mod tests;
