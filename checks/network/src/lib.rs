//! The `network` check: traffic, errors and drops of each interface.

use std::fmt::Write;

use checkpost_sdk::{
    Check, Input, Joint, Limits, Need, Quantity, Reading, Verdict, check, is_among, missing, only_with, settings,
};

/// Bytes since boot: says which interfaces there are, also when there is no rate yet.
const IO: &str = "system.network.io";
/// Bytes a second, made by the host from two cycles of one boot.
const IO_RATE: &str = "checkpost.network.io.rate";
/// Errors a second, likewise.
const ERRORS_RATE: &str = "checkpost.network.errors.rate";
/// Dropped packets a second, likewise.
const DROPPED_RATE: &str = "checkpost.network.packet.dropped.rate";

const INTERFACE: &str = "network.interface.name";
const DIRECTION: &str = "network.io.direction";

settings! {
    /// Warns of interfaces that carry too much, or lose packets.
    pub struct Network {
        /// Only these interfaces; `*` stands for any text. Empty: every one that is measured.
        interfaces: Vec<String> = [];
        /// Received traffic above which it is a warning. Not set: none is too much.
        receive_limit: Option<f64>, unit "By/s", minimum 0.0;
        /// Received traffic above which a warning is critical. Not set: never.
        receive_critical: Option<f64>, unit "By/s", minimum 0.0;
        /// Sent traffic above which it is a warning. Not set: none is too much.
        transmit_limit: Option<f64>, unit "By/s", minimum 0.0;
        /// Sent traffic above which a warning is critical. Not set: never.
        transmit_critical: Option<f64>, unit "By/s", minimum 0.0;
        /// Errors a second, in either direction, above which it is a warning.
        errors_per_second: f64 = 1.0, unit "1/s", minimum 0.0;
        /// Dropped packets a second, in either direction, above which it is a warning.
        drops_per_second: f64 = 100.0, unit "1/s", minimum 0.0;
        /// Share of its limit down to which every reading of a raised interface must come. Not set: all of it.
        clear: Option<f64>, unit "%", range 0.0..=100.0;
    }
}

/// What is looked at on each interface.
struct Watched {
    metric: &'static str,
    direction: &'static str,
    /// In messages, and as the name of the measure.
    name: &'static str,
    /// The headline when it is too high.
    title: &'static str,
    limits: Option<Limits>,
}

impl Network {
    fn watched(&self) -> [Watched; 6] {
        let limits = |threshold: f64, critical| Limits::clearing_at_share(threshold, critical, self.clear);
        let receive = self.receive_limit.map(|limit| limits(limit, self.receive_critical));
        let transmit = self.transmit_limit.map(|limit| limits(limit, self.transmit_critical));
        let errors = Some(limits(self.errors_per_second, None));
        let drops = Some(limits(self.drops_per_second, None));
        let watched = |metric, direction, name, title, limits| Watched { metric, direction, name, title, limits };
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
        // Two directions each, next to each other: the readings are sorted by labels.
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
    let mut joint = Joint::on(interface, "Network", input.previous(interface));
    let mut traffic = String::new();
    for Watched { metric, direction, name, title, limits } in watched {
        let labels = [(INTERFACE, interface), (DIRECTION, direction)];
        let Some(value) = input.samples.find_with(metric, &labels) else { continue };
        let is_bytes = *metric == IO_RATE;
        let unit = if is_bytes { "By/s" } else { "1/s" };
        if is_bytes {
            let arrow = if *direction == "receive" { "↓" } else { " ↑" };
            // Writing to a string cannot fail.
            let _ = write!(traffic, "{arrow} {}", Quantity::new(value, unit));
        }
        joint.hold(&Reading { name, value, unit, title, limits: *limits });
    }
    joint.verdict(if traffic.is_empty() { "no rate yet" } else { &traffic })
}

check!(Network);

#[cfg(test)]
mod tests;
