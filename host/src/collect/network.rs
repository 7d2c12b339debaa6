//! Network counters since boot, by interface.

#[cfg(target_os = "linux")]
use std::path::Path;

#[cfg(target_os = "linux")]
use procfs::FromBufRead;

use crate::clean;
use crate::metric::{Snapshot, name_matches};

/// What is no physical interface: loopback, and the ends that containers and virtual machines are plugged into. Their
/// traffic is counted again on the interface that it leaves the host by.
const VIRTUAL: [&str; 12] = [
    "lo",
    "lo0",
    "Loopback Pseudo-Interface*",
    "veth*",
    "docker*",
    "br-*",
    "cali*",
    "cni*",
    "flannel*",
    "virbr*",
    "ifb*",
    "dummy*",
];

/// One interface.
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) receive: Counters,
    pub(super) transmit: Counters,
}

/// Since the interface came up, in one direction.
pub(super) struct Counters {
    pub(super) bytes: u64,
    pub(super) packets: u64,
    pub(super) errors: u64,
    /// `None` where the system does not say.
    pub(super) dropped: Option<u64>,
}

/// Adds the counters of the wanted interfaces, and the bytes of all of them, loopback too, with the meaning of
/// `psutil.net_io_counters()`.
pub(super) fn push(interfaces: &[Interface], wanted: Option<&[String]>, snapshot: &mut Snapshot) {
    for interface in interfaces.iter().filter(|interface| is_wanted(&interface.name, wanted)) {
        let name = clean::owned(&interface.name);
        for (direction, counters) in [("receive", &interface.receive), ("transmit", &interface.transmit)] {
            let mut push = |metric: &'static str, value: u64| {
                let labels = [("network.interface.name", name.as_str()), ("network.io.direction", direction)];
                snapshot.push(metric, labels, value as f64);
            };
            push("system.network.io", counters.bytes);
            push("system.network.packet.count", counters.packets);
            push("system.network.errors", counters.errors);
            if let Some(dropped) = counters.dropped {
                push("system.network.packet.dropped", dropped);
            }
        }
    }
    for pattern in wanted.into_iter().flatten() {
        if !interfaces.iter().any(|interface| name_matches(pattern, &interface.name)) {
            snapshot.diagnose("network", format!("no interface is called '{}'", clean::owned(pattern)));
        }
    }
    // A host whose interfaces cannot be seen has sent an unknown number of bytes, not none.
    if !interfaces.is_empty() {
        let total = |bytes: fn(&Interface) -> u64| interfaces.iter().map(|interface| bytes(interface) as f64).sum();
        let mut push = |direction, value| {
            snapshot.push("checkpost.network.total", [("network.io.direction", direction)], value);
        };
        push("receive", total(|interface| interface.receive.bytes));
        push("transmit", total(|interface| interface.transmit.bytes));
    }
}

/// An explicit list wins entirely: it may name what is left out by default.
fn is_wanted(name: &str, wanted: Option<&[String]>) -> bool {
    match wanted {
        Some(patterns) => patterns.iter().any(|pattern| name_matches(pattern, name)),
        None => !VIRTUAL.iter().any(|pattern| name_matches(pattern, name)),
    }
}

/// Reads `net/dev` below `proc`.
#[cfg(target_os = "linux")]
pub(super) fn collect(proc: &Path, wanted: Option<&[String]>, snapshot: &mut Snapshot) {
    let path = proc.join("net/dev");
    let cannot_read = |why: &dyn std::fmt::Display| format!("cannot read {}: {why}", path.display());
    match std::fs::read(&path) {
        Ok(text) => match parse(&text) {
            Ok(interfaces) => push(&interfaces, wanted, snapshot),
            Err(error) => snapshot.diagnose("network", cannot_read(&error)),
        },
        Err(error) => snapshot.diagnose("network", cannot_read(&error)),
    }
}

#[cfg(target_os = "linux")]
fn parse(dev: &[u8]) -> Result<Vec<Interface>, procfs::ProcError> {
    // An interface may be called anything but `/`, `:` and blanks: one name must not cost the others.
    let text = String::from_utf8_lossy(dev);
    let status = procfs::net::InterfaceDeviceStatus::from_buf_read(text.as_bytes())?;
    let interface = |status: procfs::net::DeviceStatus| Interface {
        name: status.name,
        receive: Counters {
            bytes: status.recv_bytes,
            packets: status.recv_packets,
            errors: status.recv_errs,
            dropped: Some(status.recv_drop),
        },
        transmit: Counters {
            bytes: status.sent_bytes,
            packets: status.sent_packets,
            errors: status.sent_errs,
            dropped: Some(status.sent_drop),
        },
    };
    Ok(status.0.into_values().map(interface).collect())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;
    use crate::metric::Host;
    use crate::metric::Labels;

    const HEADER: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
";

    fn dev(names: &[&str]) -> Vec<u8> {
        let line = |name: &&str| format!("{name:>6}: 1000 10 3 4 0 0 0 0 2000 20 5 6 0 0 0 0\n");
        format!("{HEADER}{}", names.iter().map(line).collect::<String>()).into_bytes()
    }

    fn measured(dev: &[u8], wanted: Option<&[&str]>) -> Snapshot {
        let wanted = wanted.map(|names| names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
        let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
        push(&parse(dev).unwrap(), wanted.as_deref(), &mut snapshot);
        snapshot
    }

    fn names(snapshot: &Snapshot) -> BTreeSet<&str> {
        snapshot.samples.iter().filter_map(|sample| sample.labels.get("network.interface.name")).collect()
    }

    const ALL: [&str; 11] =
        ["lo", "eth0", "wlp3s0", "veth1a2b", "docker0", "br-5f2e", "cali77", "virbr0", "cni0", "flannel.1", "bond0"];

    #[test]
    fn physical_interfaces_are_the_default() {
        assert_eq!(names(&measured(&dev(&ALL), None)), BTreeSet::from(["eth0", "wlp3s0", "bond0"]));
    }

    #[test]
    fn an_explicit_list_wins_entirely() {
        let snapshot = measured(&dev(&ALL), Some(&["lo", "veth*"]));
        assert_eq!(names(&snapshot), BTreeSet::from(["lo", "veth1a2b"]));
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn an_interface_that_is_asked_for_and_not_there_is_a_diagnostic() {
        let snapshot = measured(&dev(&["eth0"]), Some(&["eth0", "eth9"]));
        assert_eq!(snapshot.diagnostics.len(), 1);
        assert_eq!(snapshot.diagnostics[0].message, "no interface is called 'eth9'");
    }

    #[test]
    fn counters_are_told_apart_by_direction() {
        let snapshot = measured(&dev(&["eth0"]), None);
        let value = |name: &str, direction| {
            snapshot
                .value(name, &Labels::from([("network.interface.name", "eth0"), ("network.io.direction", direction)]))
                .unwrap()
        };
        let both = |name| (value(name, "receive"), value(name, "transmit"));
        assert_eq!(both("system.network.io"), (1000.0, 2000.0));
        assert_eq!(both("system.network.packet.count"), (10.0, 20.0));
        assert_eq!(both("system.network.errors"), (3.0, 5.0));
        assert_eq!(both("system.network.packet.dropped"), (4.0, 6.0));
    }

    #[test]
    fn the_total_is_over_all_interfaces_whatever_is_asked_for() {
        for wanted in [None, Some(["eth0"].as_slice())] {
            let snapshot = measured(&dev(&["lo", "eth0", "veth1"]), wanted);
            let total = |way| snapshot.value("checkpost.network.total", &Labels::from([("network.io.direction", way)]));
            assert_eq!((total("receive"), total("transmit")), (Some(3000.0), Some(6000.0)));
        }
    }

    #[test]
    fn a_host_without_interfaces_has_no_total() {
        assert_eq!(measured(HEADER.as_bytes(), None).samples, []);
    }

    #[test]
    fn a_hostile_name_costs_nobody_and_is_printable() {
        let mut text = dev(&["eth0"]);
        text.extend(b"  \x1b[31m\xff: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
        let snapshot = measured(&text, None);
        assert_eq!(names(&snapshot), BTreeSet::from(["eth0", "\\u{1b}[31m\u{fffd}"]));
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        assert!(parse(format!("{HEADER}  eth0: 1000 10").as_bytes()).is_err());
    }
}
