//! Guests whose runtimes import WASI: the interfaces exist, lead nowhere, and return the same in every run.

use std::fs;

use serde_json::Value;

use crate::support::{Site, assert_built_in_judged, check, guest_file};

/// A site whose check `probe` runs in this mode.
fn site(mode: &str, config: &str) -> Site {
    let module = guest_file("wasi-probe");
    Site::with_config(&format!(
        "{config}\n[[check]]\nname = \"probe\"\nmodule = {module:?}\n[check.settings]\nmode = \"{mode}\"\n"
    ))
}

fn probe(site: &Site) -> Value {
    let report = site.run_json();
    assert_built_in_judged(&report);
    check(&report, "probe").clone()
}

/// The message of the probe's verdict on a subject.
fn message_of<'a>(evaluation: &'a Value, subject: &str) -> &'a str {
    let mut verdicts = evaluation["verdicts"].as_array().unwrap().iter();
    let verdict = verdicts.find(|verdict| verdict["subject"] == subject).unwrap_or_else(|| panic!("{evaluation:#}"));
    verdict["message"].as_str().unwrap()
}

#[test]
fn wasi_shows_nothing_to_a_guest_that_tries_everything() {
    let site = site("look", "");
    let mut run = site.checkpost(&["run", "--format", "json"]);
    let output = run.env("SECRET", "hunter2").write_stdin("hunter2").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let seen = check(&report, "probe");
    for (subject, expected) in [
        ("environment", "[]"),
        ("arguments", "[]"),
        ("directory", "None"),
        ("stdin", "Err(\"closed\")"),
        ("stdout", "Ok(())"),
        ("stderr", "Ok(())"),
        ("terminals", "(false, false, false)"),
        ("files", "0"),
        ("sleep", "2 ready after 0 ns"),
    ] {
        assert_eq!(message_of(seen, subject), expected, "{subject}");
    }
    for (subject, error) in
        [("tcp", "access-denied"), ("udp", "access-denied"), ("names", "permanent-resolver-failure")]
    {
        assert!(message_of(seen, subject).starts_with("Err(") && message_of(seen, subject).contains(error), "{seen:#}");
    }
    // Its output goes only to the log, and there only when the check fails.
    assert!(!String::from_utf8_lossy(&output.stderr).contains("a line of the probe"));
    assert!(!site.log().contains("a line of the probe"));
}

#[test]
fn wasi_clock_stands_at_the_time_of_the_cycle() {
    let site = site("look", "");
    let seen = probe(&site);
    let (seconds, nanoseconds) = message_of(&seen, "time").split_once('.').unwrap();
    let time_ms = seconds.parse::<i64>().unwrap() * 1_000 + nanoseconds.parse::<i64>().unwrap() / 1_000_000;
    assert_eq!(time_ms, site.value::<i64>("SELECT started_at_ms FROM runs"));
}

/// Some runtimes, such as that of Go, end themselves when a clock is at zero.
#[test]
fn wasi_clocks_stand_at_a_fixed_time_while_a_check_describes_itself() {
    let probe = guest_file("wasi-probe");
    let inspected = Site::new().execute(&["check", "inspect", probe.to_str().unwrap(), "--format", "json"], 0).stdout;
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    let year_2000 = "946684800.000000000 s, 946684800000000000 ns";
    assert_eq!(inspected["settings"][0]["attributes"]["seen"], year_2000, "describe: {inspected:#}");
    assert_eq!(inspected["needs"][0]["labels"]["seen"], year_2000, "needs: {inspected:#}");
}

#[test]
fn wasi_random_numbers_are_the_same_in_every_run() {
    let site = site("look", "");
    let numbers = |seen: &Value| {
        ["random", "random number", "insecure random", "seed"].map(|subject| message_of(seen, subject).to_owned())
    };
    let first = probe(&site);
    let second = probe(&site);
    assert_eq!(numbers(&first), numbers(&second));
    assert_ne!(message_of(&first, "random"), "[0, 0, 0, 0, 0, 0, 0, 0]");
    assert_ne!(message_of(&first, "time"), message_of(&second, "time"), "a message that depends on the input changes");
}

#[test]
fn wasi_may_be_denied_by_the_operator() {
    let evaluation = probe(&site("look", "wasi = \"deny\""));
    assert_eq!(evaluation["reason"], "denied_import", "{evaluation:#}");
    let detail = evaluation["detail"].as_str().unwrap();
    assert!(detail.contains("wasi:cli/environment@0.2"), "{detail}");
}

#[test]
fn imports_outside_wasi_are_denied() {
    let wants = |import: &str| format!("(component (import \"{import}\" (instance (export \"get\" (func)))))");
    for import in ["wasi:http/outgoing-handler@0.2.0", "wasi:keyvalue/store@0.2.0", "wasi:cli/nonsense@0.2.0", "a:b/c"]
    {
        let site = Site::new();
        site.write("checks.d/probe.wasm", wat::parse_str(wants(import)).unwrap());
        let evaluation = probe(&site);
        assert_eq!(evaluation["reason"], "denied_import", "{import}: {evaluation:#}");
        assert!(evaluation["detail"].as_str().unwrap().contains(import), "{evaluation:#}");
    }
}

/// The C library calls WASI preview 1, which the adapter translates.
#[test]
fn older_wasi_leads_nowhere_either() {
    let module = guest_file("c-stdio");
    let site =
        Site::with_config(&format!("[[check]]\nname = \"probe\"\nmodule = {module:?}\ngrants = [\"system.cpu.*\"]\n"));
    let evaluation = probe(&site);
    assert_eq!(evaluation["reason"], "guest_error", "{evaluation:#}");
    let log = site.log();
    assert!(log.contains("Check probe wrote: 0 readings, none of a filesystem\n"), "{log}");
}

#[test]
fn older_wasi_may_be_denied_by_the_operator() {
    let module = guest_file("c-stdio");
    let config = format!("wasi = \"deny\"\n[[check]]\nname = \"probe\"\nmodule = {module:?}\n");
    let evaluation = probe(&Site::with_config(&config));
    assert_eq!(evaluation["reason"], "denied_import", "{evaluation:#}");
    assert!(evaluation["detail"].as_str().unwrap().contains("wasi:cli/stderr@0.2"), "{evaluation:#}");
}

#[test]
fn imports_of_a_core_module_are_denied_by_name() {
    for (import, detail) in [
        ("env.get", "wants to import env.get"),
        ("wasi_snapshot_preview1.nonsense", "wants to import wasi_snapshot_preview1.nonsense"),
        ("wasi_unstable.fd_write", "wants to import wasi_unstable.fd_write"),
    ] {
        let (module, name) = import.split_once('.').unwrap();
        // One import that the adapter serves, and one that nobody does, in a module with the type of a check.
        let imports = format!(
            "(module (import \"wasi_snapshot_preview1\" \"fd_close\" (func (param i32) (result i32)))
                (import \"{module}\" \"{name}\" (func)))"
        );
        let typed = fs::read(guest_file("misbehave")).unwrap();
        let sections = wasm_sections(&typed).filter(|(id, _)| *id == 0).flat_map(|(_, section)| section.to_vec());
        let site = Site::new();
        site.write(
            "checks.d/probe.wasm",
            wat::parse_str(imports).unwrap().into_iter().chain(sections).collect::<Vec<u8>>(),
        );
        let evaluation = probe(&site);
        assert_eq!(evaluation["reason"], "denied_import", "{import}: {evaluation:#}");
        assert_eq!(evaluation["detail"], detail);
    }
}

/// The sections of a module, with their headers.
fn wasm_sections(module: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = &module[8..];
    std::iter::from_fn(move || {
        let (id, mut size, mut head) = (*rest.first()?, 0_usize, 1);
        loop {
            size |= usize::from(rest[head] & 0x7f) << (7 * (head - 1));
            head += 1;
            if rest[head - 1] < 0x80 {
                break;
            }
        }
        let (section, after) = rest.split_at(head + size);
        rest = after;
        Some((id, section))
    })
}

#[test]
fn guest_that_exits_ends_nobody_else() {
    let evaluation = probe(&site("exit", ""));
    assert_eq!((&evaluation["reason"], &evaluation["detail"]), (&"trap".into(), &"exited with status 1".into()));
}

#[test]
fn standard_error_of_a_failing_guest_is_logged_from_its_end() {
    let site = site("complain", "");
    assert_eq!(probe(&site)["reason"], "trap");
    let log = site.log();
    assert!(log.contains("Check probe wrote: \\u{1b}[31mthe last line\n"), "{log}");
    let kept = log.matches("Check probe wrote: xxx").count();
    assert!((1..=5).contains(&kept), "only the end is logged: {kept}");
}

#[test]
fn handles_and_random_bytes_are_bounded() {
    let evaluation = probe(&site("hoard", ""));
    assert_eq!(evaluation["reason"], "memory_limit", "{evaluation:#}");
    let evaluation = probe(&site("random", ""));
    assert_eq!(evaluation["reason"], "trap", "{evaluation:#}");
}

#[test]
fn sleeping_takes_no_time_and_uses_up_fuel() {
    let evaluation = probe(&site("sleep-forever", "[limits]\nfuel = 100000\n"));
    assert_eq!(evaluation["reason"], "out_of_fuel", "{evaluation:#}");
}
