//! psutil, which the script that checkpost replaces was made with; see `peer.py`.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::{EVERYTHING, Figures, MIB, Row, Scope, assert_agreement, collected, prepared, same};
use crate::support::{python, root};

const TABLE: &[Row] = &[
    // proc(5): idle and iowait may fall.
    same("system.cpu.time").within(0.05),
    same("checkpost.cpu.core.time").within(0.05),
    same("system.cpu.logical.count"),
    same("checkpost.boot.time"),
    same("checkpost.load_1m").within(0.01),
    same("checkpost.load_5m").within(0.01),
    same("checkpost.load_15m").within(0.01),
    // psutil does not know where there is no utmp.
    same("checkpost.user.count").of(Scope::Any),
    same("system.memory.limit"),
    // Other tests take and give it back between two readings.
    same("system.linux.memory.available").within(16.0 * MIB),
    same("system.memory.usage").within(16.0 * MIB),
    // Rounded to a tenth of a per cent.
    same("system.memory.utilization").within(0.005),
    same("system.paging.usage").within(16.0 * MIB),
    same("system.paging.utilization").within(0.05),
    same("system.paging.operations"),
    // It has filesystems of the kernel's own, and each as often as it is mounted.
    same("system.filesystem.limit").of(Scope::Some),
    // Other tests write and delete between two readings.
    same("system.filesystem.usage").of(Scope::Some).within(16.0 * MIB),
    // Rounded to a tenth of a per cent.
    same("system.filesystem.utilization").of(Scope::Some).within(0.001),
    same("system.disk.io"),
    same("system.disk.operations"),
    same("system.disk.operation_time"),
    same("system.disk.io_time"),
    same("system.network.io"),
    same("system.network.packet.count"),
    same("system.network.errors"),
    same("system.network.packet.dropped"),
    // Other tests start processes; checkpost is one itself. psutil does not tell of a state that no process is in.
    same("system.process.count").of(Scope::Some).within(4.0),
    // checkpost tells of the hundred that have the most. Other tests compile.
    same("process.memory.usage").of(Scope::Some).within(MIB),
    // The process that is known. Its age is by the clock, and starts at a whole second.
    same("process.watched.count"),
    same("process.watched.memory.usage"),
    same("process.watched.open_file_descriptor.count"),
    same("process.watched.uptime").within(1.1),
];

/// A Python that answers a line with what psutil says.
struct Psutil {
    child: Child,
    ask: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Psutil {
    /// With a process of this name beside it.
    fn start(known: &str) -> Option<Self> {
        let mut python = Command::new(python("psutil")?);
        let script = root().join("tests/compare/peer.py");
        let mut child = python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut psutil = Self { ask: child.stdin.take(), child, answers };
        psutil.say(known);
        Some(psutil)
    }

    fn say(&mut self, line: &str) {
        self.ask.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn figures(&mut self) -> Figures {
        self.say("");
        Figures::of_samples(&serde_json::from_str(&self.answers.next().unwrap().unwrap()).unwrap())
    }
}

impl Drop for Psutil {
    fn drop(&mut self) {
        // It ends, and its own child with it, when nobody asks any more.
        self.ask = None;
        self.child.wait().ok();
    }
}

#[test]
fn psutil_says_the_same() {
    let known = format!("known{}", std::process::id());
    let Some(mut psutil) = Psutil::start(&known) else { return };
    let site = prepared(EVERYTHING);
    assert_agreement(TABLE, || collected(&site, &["--process", &known]), || psutil.figures());
}
