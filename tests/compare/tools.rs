//! Comparison with `df`, `free` and `ip`.

use std::process::Command;

use serde_json::Value;

use super::{EVERYTHING, Figures, MIB, NONE, Row, Scope, assert_agreement, collected, same};
use crate::support::{Site, skip};

/// The output of a tool; `None` where the tool is missing or does not know one of the options.
fn output_of(tool: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(tool).args(arguments).env("LC_ALL", "C").output();
    let output = output.ok().filter(|output| output.status.success() || !output.stdout.is_empty());
    let Some(output) = output else {
        skip(&format!("there is no `{tool} {}`", arguments.join(" ")));
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Compares one source only, which opens no window.
fn assert_tool_agrees(
    source: &str,
    table: &[Row],
    tool: &str,
    arguments: &[&str],
    understand: impl Fn(&str) -> Figures,
) {
    if output_of(tool, arguments).is_none() {
        return;
    }
    let site = Site::with_config(EVERYTHING);
    let ours = || collected(&site, &["--source", source]);
    assert_agreement(table, ours, || understand(&output_of(tool, arguments).unwrap()));
}

#[test]
fn df_agrees() {
    let table = [
        same("system.filesystem.limit").of(Scope::Some),
        // Other tests write and delete files between two readings.
        same("system.filesystem.usage").of(Scope::Some).within(16.0 * MIB),
        // Rounded up to a whole percent.
        same("system.filesystem.utilization").of(Scope::Some).within(0.01),
        same("checkpost.filesystem.inodes.limit").of(Scope::Some),
        same("checkpost.filesystem.inodes.usage").of(Scope::Some).within(1_000.0),
        same("checkpost.filesystem.inodes.utilization").of(Scope::Some).within(0.01),
    ];
    let columns = "--output=size,used,avail,pcent,itotal,iused,iavail,ipcent,source,fstype,target";
    assert_tool_agrees("filesystem", &table, "df", &["-B1", columns], |text| {
        let mut figures = Figures::default();
        text.lines().skip(1).for_each(|line| filesystem(line, &mut figures));
        figures
    });
}

/// Parses a line of `df`. A filesystem without inodes has `-` there, or 0 of 0.
fn filesystem(line: &str, figures: &mut Figures) {
    let words: Vec<_> = line.split_whitespace().collect();
    // A name with a blank makes more words; this test skips such lines.
    let [.., device, fs_type, mount_point] = words[..] else { return };
    if words.len() != 11 {
        return;
    }
    let number = |at: usize| words[at].trim_end_matches('%').parse::<f64>().ok();
    let about =
        [("system.device", device), ("system.filesystem.mountpoint", mount_point), ("system.filesystem.type", fs_type)];
    let names = [("system.filesystem", 0), ("checkpost.filesystem.inodes", 4)];
    for (names, at) in names.into_iter().filter(|(_, at)| number(*at).is_some_and(|limit| limit > 0.0)) {
        figures.add(&format!("{names}.limit"), about, number(at).unwrap());
        for (state, at) in [("used", at + 1), ("free", at + 2)] {
            let labels = [about[0], about[1], ("system.filesystem.state", state), about[2]];
            figures.add(&format!("{names}.usage"), labels, number(at).unwrap());
        }
        if let Some(percent) = number(at + 3) {
            figures.add(&format!("{names}.utilization"), about, percent / 100.0);
        }
    }
}

#[test]
fn free_agrees() {
    let table = [
        same("system.memory.limit"),
        same("system.linux.memory.available").within(16.0 * MIB),
        same("system.memory.usage").within(16.0 * MIB),
        same("system.paging.usage").within(16.0 * MIB),
    ];
    assert_tool_agrees("memory", &table, "free", &["-b", "-w"], |text| {
        let mut figures = Figures::default();
        let mut lines = text.lines().skip(1);
        let mut row = || -> Vec<f64> {
            let words = lines.next().unwrap().split_whitespace().skip(1);
            words.map(|word| word.parse().unwrap()).collect()
        };
        // total, used, free, shared, buffers, cache, available. The meaning of `used` changed in version 4.
        let memory = row();
        figures.add("system.memory.limit", NONE, memory[0]);
        figures.add("system.linux.memory.available", NONE, memory[6]);
        let used = memory[0] - memory[6];
        for (state, bytes) in [("used", used), ("free", memory[2]), ("buffers", memory[4]), ("cached", memory[5])] {
            figures.add("system.memory.usage", [("system.memory.state", state)], bytes);
        }
        let swap = row();
        for (state, bytes) in [("used", swap[1]), ("free", swap[2])].into_iter().filter(|_| swap[0] > 0.0) {
            figures.add("system.paging.usage", [("system.paging.state", state)], bytes);
        }
        figures
    });
}

#[test]
fn ip_agrees() {
    let metrics = ["system.network.io", "system.network.packet.count", "system.network.errors"];
    let table = [metrics[0], metrics[1], metrics[2], "system.network.packet.dropped"].map(same);
    assert_tool_agrees("network", &table, "ip", &["-s", "-s", "-j", "link"], |text| {
        let mut figures = Figures::default();
        let links: Value = serde_json::from_str(text).unwrap();
        for link in links.as_array().unwrap() {
            for (direction, key) in [("receive", "rx"), ("transmit", "tx")] {
                let counters = &link["stats64"][key];
                let value = |key: &str| counters[key].as_f64().unwrap_or_default();
                let labels =
                    [("network.interface.name", link["ifname"].as_str().unwrap()), ("network.io.direction", direction)];
                for (metric, key) in metrics.into_iter().zip(["bytes", "packets", "errors"]) {
                    figures.add(metric, labels, value(key));
                }
                // /proc/net/dev shows the sum of the two.
                figures.add("system.network.packet.dropped", labels, value("dropped") + value("missed_errors"));
            }
        }
        figures
    });
}
