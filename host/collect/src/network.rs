//! Network counters since boot, by interface.

#[cfg(target_os = "linux")]
use procfs::FromBufRead;

use checkpost_model::clean;
use checkpost_model::metric::{Snapshot, name_matches};

#[cfg(target_os = "linux")]
use crate::roots::Roots;

/// Interfaces that are not physical: loopback, and the interfaces of containers and virtual machines. The interface over
/// which their traffic leaves the host counts it again.
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
    /// Whether the system reports hardware behind the interface.
    pub(super) has_device: bool,
    pub(super) receive: Counters,
    pub(super) transmit: Counters,
}

/// Counters of one direction since the interface came up.
pub(super) struct Counters {
    pub(super) bytes: u64,
    pub(super) packets: u64,
    pub(super) errors: u64,
    /// `None` if the system does not count them.
    pub(super) dropped: Option<u64>,
}

/// Adds the counters of the wanted interfaces, the sum of the bytes of the physical ones among them, and the sum of the bytes
/// of all interfaces, including loopback, as in `psutil.net_io_counters()`. Returns the names of the physical interfaces.
pub(super) fn push(interfaces: &[Interface], wanted: Option<&[String]>, snapshot: &mut Snapshot) -> Vec<String> {
    let measured: Vec<_> = interfaces.iter().filter(|interface| is_wanted(&interface.name, wanted)).collect();
    for interface in &measured {
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
            snapshot.diagnose("network", format!("no interface matches '{}'", clean::owned(pattern)));
        }
    }
    let physical = physical(&measured, wanted.is_some());
    push_sum("checkpost.network.physical", &physical, snapshot);
    push_sum("checkpost.network.total", &interfaces.iter().collect::<Vec<_>>(), snapshot);
    physical.iter().map(|interface| clean::owned(&interface.name)).collect()
}

/// The interfaces with a device, over which the traffic of bridges, bonds, VLANs and tunnels goes as well. All measured
/// interfaces count as physical if none has a device, as in a container, or if the operator named the interfaces.
fn physical<'a>(measured: &[&'a Interface], is_explicit: bool) -> Vec<&'a Interface> {
    let with_device: Vec<_> = measured.iter().copied().filter(|interface| interface.has_device).collect();
    if is_explicit || with_device.is_empty() { measured.to_vec() } else { with_device }
}

/// Adds sums over interfaces. Without any visible interface the sums are unknown, not 0.
fn push_sum(metric: &'static str, interfaces: &[&Interface], snapshot: &mut Snapshot) {
    if interfaces.is_empty() {
        return;
    }
    let sum = |bytes: fn(&Interface) -> u64| interfaces.iter().map(|interface| bytes(interface) as f64).sum();
    snapshot.push(metric, [("network.io.direction", "receive")], sum(|interface| interface.receive.bytes));
    snapshot.push(metric, [("network.io.direction", "transmit")], sum(|interface| interface.transmit.bytes));
}

/// An explicit list replaces the default entirely, so that it may name virtual interfaces.
fn is_wanted(name: &str, wanted: Option<&[String]>) -> bool {
    match wanted {
        Some(patterns) => patterns.iter().any(|pattern| name_matches(pattern, name)),
        None => !VIRTUAL.iter().any(|pattern| name_matches(pattern, name)),
    }
}

/// Reads `net/dev` below `/proc`. Returns the names of the physical interfaces.
#[cfg(target_os = "linux")]
pub(super) fn collect(roots: &Roots, wanted: Option<&[String]>, snapshot: &mut Snapshot) -> Vec<String> {
    let path = roots.proc.join("net/dev");
    let read = std::fs::read(&path).map_err(procfs::ProcError::from).and_then(|text| parse(&text));
    match read {
        Ok(mut interfaces) => {
            let class = roots.sys.join("class/net");
            for interface in &mut interfaces {
                interface.has_device = class.join(&interface.name).join("device").exists();
            }
            push(&interfaces, wanted, snapshot)
        }
        Err(error) => {
            snapshot.diagnose("network", format!("cannot read {}: {error}", path.display()));
            Vec::new()
        }
    }
}

#[cfg(target_os = "linux")]
fn parse(dev: &[u8]) -> Result<Vec<Interface>, procfs::ProcError> {
    // A name may contain any byte but `/`, `:` and blanks, so that it may not be UTF-8.
    let text = String::from_utf8_lossy(dev);
    let status = procfs::net::InterfaceDeviceStatus::from_buf_read(text.as_bytes())?;
    let interface = |status: procfs::net::DeviceStatus| Interface {
        name: status.name,
        has_device: false,
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

    use checkpost_model::metric::{Host, Labels};

    use super::*;

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
    fn explicit_list_replaces_the_default_entirely() {
        let snapshot = measured(&dev(&ALL), Some(&["lo", "veth*"]));
        assert_eq!(names(&snapshot), BTreeSet::from(["lo", "veth1a2b"]));
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn interface_that_is_named_and_absent_is_a_diagnostic() {
        let snapshot = measured(&dev(&["eth0"]), Some(&["eth0", "eth9"]));
        assert_eq!(snapshot.diagnostics.len(), 1);
        assert_eq!(snapshot.diagnostics[0].message, "no interface matches 'eth9'");
    }

    #[test]
    fn counters_have_a_direction() {
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
    fn total_is_over_all_interfaces_also_with_an_explicit_list() {
        for wanted in [None, Some(["eth0"].as_slice())] {
            let snapshot = measured(&dev(&["lo", "eth0", "veth1"]), wanted);
            let total = |direction| {
                snapshot.value("checkpost.network.total", &Labels::from([("network.io.direction", direction)]))
            };
            assert_eq!((total("receive"), total("transmit")), (Some(3000.0), Some(6000.0)));
        }
    }

    #[test]
    fn traffic_of_bonds_and_tunnels_is_not_counted_twice() {
        let mut interfaces = parse(&dev(&["lo", "eth0", "eth1", "bond0", "wg0", "eth0.100"])).unwrap();
        for interface in &mut interfaces {
            interface.has_device = matches!(interface.name.as_str(), "eth0" | "eth1");
        }
        let sum = |wanted: Option<&[String]>| {
            let mut snapshot = Snapshot::new(jiff::Timestamp::UNIX_EPOCH, Host::example("boot-1"));
            let mut physical = push(&interfaces, wanted, &mut snapshot);
            physical.sort();
            let labels = Labels::from([("network.io.direction", "receive")]);
            (physical.join(" "), snapshot.value("checkpost.network.physical", &labels))
        };
        assert_eq!(sum(None), ("eth0 eth1".to_owned(), Some(2000.0)));
        assert_eq!(sum(Some(&["wg0".to_owned()])), ("wg0".to_owned(), Some(1000.0)));
    }

    #[test]
    fn host_without_interfaces_has_no_total() {
        assert_eq!(measured(HEADER.as_bytes(), None).samples, []);
    }

    #[test]
    fn hostile_name_is_cleaned_and_the_others_are_read() {
        let mut text = dev(&["eth0"]);
        text.extend(b"  \x1b[31m\xff: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
        let snapshot = measured(&text, None);
        assert_eq!(names(&snapshot), BTreeSet::from(["eth0", "\\u{1b}[31m\u{fffd}"]));
    }

    #[test]
    fn truncated_file_is_an_error() {
        assert!(parse(format!("{HEADER}  eth0: 1000 10").as_bytes()).is_err());
    }
}
