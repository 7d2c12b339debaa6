//! A check that misbehaves in the way its setting `mode` names: one mode for each promise of the host.

use std::hint::black_box;
use std::process::abort;

use checkpost_sdk::{Check, Input, Measure, Need, Status, Verdict, check, settings};

settings! {
    /// Misbehaves.
    pub struct Misbehave {
        /// How to misbehave.
        mode: String = "ok", choices &[
            "ok", "trap", "error", "nan", "huge-text", "many-verdicts", "loop", "recurse", "memory",
            "duplicate-subject", "duplicate-measure", "flood", "control-text", "ten-verdicts", "long-text", "report", "many-needs", "silent-error", "needs-error", "needs-trap", "needs-loop",
        ];
    }
}

impl Check for Misbehave {
    const NAME: &'static str = "misbehave";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Misbehaves in the way that it is told";

    fn needs(&self) -> Result<Vec<Need>, String> {
        match self.mode.as_str() {
            "needs-error" => Err(r#"mode is "needs-error", allowed is anything else"#.to_owned()),
            "needs-trap" => abort(),
            "needs-loop" => spin(),
            "many-needs" => Ok((0..1_001).map(|number| Need::current("system.*").window(number)).collect()),
            "report" => Ok(vec![
                Need::current("*"),
                Need::current("system.memory.utilization").window(3_600),
                Need::current("checkpost.network.total").window(3_600),
            ]),
            _ => Ok(vec![Need::current("system.cpu.utilization")]),
        }
    }

    fn evaluate(&self, input: &Input) -> Result<Vec<Verdict>, String> {
        match self.mode.as_str() {
            "trap" => abort(),
            "error" => Err("this is the reason why it cannot judge".to_owned()),
            "silent-error" => Err(String::new()),
            "nan" => Ok(vec![ok("fine").measure(Measure::new("used", f64::NAN, "%"))]),
            "huge-text" => Ok(vec![ok(&"x".repeat(1 << 20))]),
            "many-verdicts" => Ok((0..100_000).map(|number| ok("fine").subject(number.to_string())).collect()),
            // Each verdict is within the limits; together they would fill a disk in a week.
            "flood" => Ok((0..900).map(|number| ok(&"x".repeat(4000)).subject(number.to_string())).collect()),
            "duplicate-measure" => {
                Ok(vec![ok("fine").measure(Measure::new("used", 1.0, "%")).measure(Measure::new("used", 2.0, "%"))])
            }
            "loop" => spin(),
            "recurse" => Ok(vec![ok(&recurse(u64::MAX - input.time_ms).to_string())]),
            "memory" => hoard(),
            "duplicate-subject" => Ok(vec![ok("first").subject("twice"), ok("second").subject("twice")]),
            "ten-verdicts" => Ok((0..10).map(|number| ok("fine").subject(number.to_string())).collect()),
            "long-text" => Ok(vec![ok(&"x".repeat(1_000))]),
            "report" => Ok(vec![ok(&report(input))]),
            "control-text" => Ok(vec![control_text()]),
            _ => Ok(vec![ok("fine")]),
        }
    }
}

check!(Misbehave);

fn ok(message: &str) -> Verdict {
    Verdict::new(Status::Ok, "Misbehave", message)
}

/// Never ends and never calls the host.
fn spin() -> ! {
    loop {
        black_box(());
    }
}

/// Not a tail call, and not optimizable into a loop: it uses up the stack, not the memory.
fn recurse(depth: u64) -> u64 {
    if depth == 0 { 0 } else { recurse(depth - 1).rotate_left(7) ^ depth }
}

/// Allocates memory until no more is granted.
fn hoard() -> ! {
    loop {
        black_box(Vec::<u8>::with_capacity(1 << 20).leak());
    }
}

/// Lists the input: the names of the readings, and the number of points of each past series.
fn report(input: &Input) -> String {
    let mut names: Vec<&str> = input.samples.iter().map(|sample| sample.name.as_str()).collect();
    names.dedup();
    let series = |series: &checkpost_sdk::Series| {
        let in_order = series.points.windows(2).all(|pair| pair[0].time_ms < pair[1].time_ms);
        let past = series.points.iter().all(|point| point.time_ms < input.time_ms);
        format!("{}: {}{}", series.name, series.points.len(), if in_order && past { "" } else { " in disorder" })
    };
    let history: Vec<String> = input.history.iter().map(series).collect();
    format!("now {}; past {}", names.join(" "), history.join(" "))
}

/// Text that must not reach a terminal, a log or a page unescaped: a new line, a color, a tag, letters that run
/// backwards.
fn control_text() -> Verdict {
    let hostile = "first\nsecond \x1b[31mred <b>bold</b> \u{202e}backwards\0";
    Verdict::new(Status::Warning, hostile, hostile)
        .subject(hostile)
        .measure(Measure::new("used\n%", 1.0, "%\n"))
        .attribute("run\nbook", hostile)
}
