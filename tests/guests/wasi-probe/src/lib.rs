//! A check that tries everything WASI offers and reports what it can see: one verdict for each attempt.

use checkpost_sdk::{Check, Input, Need, Setting, Settings, Status, Value, Verdict, check, settings};
use wasip2::cli::{environment, exit, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout};
use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::filesystem::preopens;
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::{OutputStream, StreamError};
use wasip2::random::{insecure, insecure_seed, random};
use wasip2::sockets::network::IpAddressFamily;
use wasip2::sockets::{instance_network, ip_name_lookup, tcp_create_socket, udp_create_socket};

settings! {
    /// What a probe does.
    pub struct Task {
        /// What to do.
        mode: String = "look", choices &["look", "exit", "complain", "hoard", "sleep-forever", "random"];
    }
}

/// Tries what WASI offers.
pub struct Probe(Task);

/// The description, and the needs, contain the clocks, because a check has no other way to report what it saw there.
impl Settings for Probe {
    fn describe() -> Vec<Setting> {
        let mut settings = Task::describe();
        settings[0].attributes.push(("seen".to_owned(), clocks()));
        settings
    }

    fn parse(settings: Vec<(String, Value)>) -> Result<Self, String> {
        Task::parse(settings).map(Self)
    }
}

impl Check for Probe {
    const NAME: &'static str = "wasi-probe";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Reports what it can see of the world";

    fn needs(&self) -> Result<Vec<Need>, String> {
        Ok(vec![Need::current("system.uptime").label("seen", &clocks())])
    }

    fn evaluate(&self, _input: &Input) -> Result<Vec<Verdict>, String> {
        match self.0.mode.as_str() {
            "exit" => exit::exit(Err(())),
            "complain" => complain(),
            "hoard" => hoard(),
            "sleep-forever" => sleep_forever(),
            "random" => drop(random::get_random_bytes(1 << 40)),
            _ => {}
        }
        Ok(look())
    }
}

/// The wall clock in seconds, and the monotonic clock in nanoseconds.
fn clocks() -> String {
    let wall = wall_clock::now();
    format!("{}.{:09} s, {} ns", wall.seconds, wall.nanoseconds, monotonic_clock::now())
}

/// What each part of WASI shows.
fn look() -> Vec<Verdict> {
    let mut seen_all = Vec::new();
    let mut see = |subject: &str, what: String| seen_all.push(Verdict::new(Status::Ok, "seen", what).subject(subject));
    see("environment", format!("{:?}", environment::get_environment()));
    see("arguments", format!("{:?}", environment::get_arguments()));
    see("directory", format!("{:?}", environment::initial_cwd()));
    see("stdin", format!("{:?}", stdin::get_stdin().blocking_read(64).map_err(closed)));
    see("stdout", format!("{:?}", written(&stdout::get_stdout())));
    see("stderr", format!("{:?}", written(&stderr::get_stderr())));
    let terminals = (
        terminal_stdin::get_terminal_stdin().is_some(),
        terminal_stdout::get_terminal_stdout().is_some(),
        terminal_stderr::get_terminal_stderr().is_some(),
    );
    see("terminals", format!("{terminals:?}"));
    see("files", format!("{}", preopens::get_directories().len()));
    let family = IpAddressFamily::Ipv4;
    see("tcp", format!("{:?}", tcp_create_socket::create_tcp_socket(family).map(|_| ())));
    see("udp", format!("{:?}", udp_create_socket::create_udp_socket(family).map(|_| ())));
    see("names", format!("{:?}", look_up("localhost")));
    let now = wall_clock::now();
    see("time", format!("{}.{:09}", now.seconds, now.nanoseconds));
    let before = monotonic_clock::now();
    let hour = monotonic_clock::subscribe_duration(3_600_000_000_000);
    let later = monotonic_clock::subscribe_instant(before + 3_600_000_000_000);
    hour.block();
    let ready = poll(&[&hour, &later]).len();
    see("sleep", format!("{ready} ready after {} ns", monotonic_clock::now() - before));
    see("random", format!("{:x?}", random::get_random_bytes(8)));
    see("random number", format!("{:x}", random::get_random_u64()));
    see("insecure random", format!("{:x}", insecure::get_insecure_random_u64()));
    see("seed", format!("{:?}", insecure_seed::insecure_seed()));
    seen_all
}

fn closed(error: StreamError) -> &'static str {
    match error {
        StreamError::Closed => "closed",
        StreamError::LastOperationFailed(_) => "failed",
    }
}

fn written(stream: &OutputStream) -> Result<(), &'static str> {
    stream.blocking_write_and_flush(b"a line of the probe\n").map_err(closed)
}

fn look_up(name: &str) -> Result<Option<String>, String> {
    let network = instance_network::instance_network();
    let stream = ip_name_lookup::resolve_addresses(&network, name).map_err(|error| format!("{error:?}"))?;
    stream.subscribe().block();
    stream.resolve_next_address().map(|found| found.map(|a| format!("{a:?}"))).map_err(|error| format!("{error:?}"))
}

/// Writes far more to standard error than anybody wants to read, and a last line that matters.
fn complain() -> ! {
    let stream = stderr::get_stderr();
    for _ in 0..1_000 {
        let _ = stream.blocking_write_and_flush(&[b'x'; 1_000]);
        let _ = stream.blocking_write_and_flush(b"\n");
    }
    let _ = stream.blocking_write_and_flush(b"\x1b[31mthe last line\n");
    panic!()
}

/// Opens handles of the host until the host refuses.
fn hoard() -> ! {
    let mut handles: Vec<Pollable> = Vec::new();
    loop {
        handles.push(monotonic_clock::subscribe_duration(u64::MAX));
    }
}

/// Waits without doing anything that costs fuel, except asking to wait.
fn sleep_forever() -> ! {
    loop {
        monotonic_clock::subscribe_duration(u64::MAX).block();
    }
}

check!(Probe);
