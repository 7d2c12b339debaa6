//! The `network` check: traffic, errors and drops of each interface.

mod rate;

use std::fmt::Write;

use checkpost_sdk::{Check, Input, Limits, Measure, Need, Status, Verdict, check, is_pattern, matches, settings};

use rate::Rate;

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
struct Reading {
    metric: &'static str,
    direction: &'static str,
    /// In messages, and as the name of the measure.
    name: &'static str,
    /// The headline when it is too high.
    title: &'static str,
    limits: Option<Limits>,
}

impl Network {
    fn readings(&self) -> [Reading; 6] {
        let limits = |threshold: f64, critical| Limits {
            threshold,
            critical,
            clear: self.clear.map(|percent| threshold * percent / 100.0),
        };
        let receive = self.receive_limit.map(|limit| limits(limit, self.receive_critical));
        let transmit = self.transmit_limit.map(|limit| limits(limit, self.transmit_critical));
        let errors = Some(limits(self.errors_per_second, None));
        let drops = Some(limits(self.drops_per_second, None));
        let reading = |metric, direction, name, title, limits| Reading { metric, direction, name, title, limits };
        [
            reading(IO_RATE, "receive", "receive", "High network traffic", receive),
            reading(IO_RATE, "transmit", "transmit", "High network traffic", transmit),
            reading(ERRORS_RATE, "receive", "receive_errors", "Network errors", errors),
            reading(ERRORS_RATE, "transmit", "transmit_errors", "Network errors", errors),
            reading(DROPPED_RATE, "receive", "receive_drops", "Dropped packets", drops),
            reading(DROPPED_RATE, "transmit", "transmit_drops", "Dropped packets", drops),
        ]
    }

    fn watches(&self, interface: &str) -> bool {
        self.interfaces.is_empty() || self.interfaces.iter().any(|pattern| matches(pattern, interface))
    }
}

impl Check for Network {
    const NAME: &'static str = "network";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Traffic, errors and drops of each network interface";

    fn needs(&self) -> Result<Vec<Need>, String> {
        for (name, critical, limit) in [
            ("receive", self.receive_critical, self.receive_limit),
            ("transmit", self.transmit_critical, self.transmit_limit),
        ] {
            if let (Some(critical), None) = (critical, limit) {
                return Err(format!("{name}_critical is {critical}, allowed is that only with a {name}_limit"));
            }
        }
        Ok([IO, IO_RATE, ERRORS_RATE, DROPPED_RATE].map(Need::current).into())
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        let mut interfaces: Vec<_> = input.samples.named(IO).iter().filter_map(|io| io.label(INTERFACE)).collect();
        // Two directions each, next to each other: the readings are sorted by labels.
        interfaces.dedup();
        let readings = self.readings();
        let watched = interfaces.iter().filter(|interface| self.watches(interface));
        let mut verdicts: Vec<_> = watched.map(|interface| judge(interface, &readings, input)).collect();
        for name in &self.interfaces {
            // An interface that was asked for by name must not go unnoticed when it is gone.
            let told = || verdicts.iter().any(|verdict| verdict.subject == *name);
            if !is_pattern(name) && !told() {
                let message = format!("no reading of the interface {name}");
                verdicts.push(Verdict::new(Status::Unknown, "Interface not found", message).subject(name));
            }
        }
        Ok(verdicts)
    }
}

fn judge(interface: &str, readings: &[Reading], input: &Input) -> Verdict {
    let previous = input.previous(interface);
    let (mut worst, mut title) = (Status::Ok, "Network");
    let (mut traffic, mut alerts) = (String::new(), String::new());
    let mut measures = Vec::with_capacity(readings.len());
    for reading in readings {
        let labels = [(INTERFACE, interface), (DIRECTION, reading.direction)];
        let Some(per_second) = input.samples.find_with(reading.metric, &labels) else { continue };
        let is_bytes = reading.metric == IO_RATE;
        let rate = Rate { per_second, is_bytes };
        let mut measure = Measure::new(reading.name, per_second, if is_bytes { "By/s" } else { "1/s" });
        if is_bytes {
            // Writing to a string cannot fail.
            let _ = write!(traffic, " {} {rate}", if reading.direction == "receive" { "↓" } else { "↑" });
        }
        if let Some(limits) = &reading.limits {
            measure = measure.limits(limits);
            let status = limits.status(per_second, previous);
            if status != Status::Ok {
                alert(&mut alerts, reading, rate, limits);
            }
            if status > worst {
                (worst, title) = (status, reading.title);
            }
        }
        measures.push(measure);
    }
    let message = match (alerts.as_str(), traffic.as_str()) {
        ("", "") => format!("{interface}: no rate yet"),
        ("", traffic) => format!("{interface}:{traffic}"),
        (alerts, _) => format!("{interface}:{alerts}"),
    };
    let mut verdict = Verdict::new(worst, title, message).subject(interface);
    verdict.measures = measures;
    verdict
}

/// Adds ` receive 12.0 MB/s (limit: 10.0 MB/s)`.
fn alert(alerts: &mut String, reading: &Reading, rate: Rate, limits: &Limits) {
    let of = |per_second| Rate { per_second, ..rate };
    let (comma, name) = (if alerts.is_empty() { "" } else { "," }, reading.name.replace('_', " "));
    let _ = write!(alerts, "{comma} {name} {rate} (limit: {}", of(limits.threshold));
    // Else a message with a reading below its limit would look wrong.
    if let Some(clear) = limits.clear.filter(|_| rate.per_second <= limits.threshold) {
        let _ = write!(alerts, ", clears at {}", of(clear));
    }
    alerts.push(')');
}

check!(Network);

#[cfg(test)]
mod tests;
