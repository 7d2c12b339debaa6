//! Text that would steer a terminal, a page, a query or a parser: it is shown and stored, and nothing obeys it.

use serde_json::Value;

use super::{HostileSite, LIMITS, hostile_site};
use crate::support::guest::{Guest, data, words};
use crate::support::{Output, check};

/// A new line, a color, a window title, a reversed line, markup, a query, performance data, a null and a tab.
const HOSTILE: &str = "a\nb\r\x1b[31m\x1b]0;t\x07\u{9b}2J\u{202e}rtl\u{2066}\u{2028}\u{200b}<script>alert('x')</script>\
    '; DROP TABLE runs; --\" | 'p'=1;2;3 \\ \0\t\u{7f}%s {} $(id) end";

/// The same text as it is shown.
const SHOWN: &str = "a\\u{a}b\\u{d}\\u{1b}[31m\\u{1b}]0;t\\u{7}\\u{9b}2J\\u{202e}rtl\\u{2066}\\u{2028}\
    \\u{200b}<script>alert('x')</script>'; DROP TABLE runs; --\" | 'p'=1;2;3 \\ \\u{0}\\u{9}\\u{7f}%s {} $(id) end";

/// Address and length of the hostile text in the guest's memory.
const TEXT: [u32; 2] = [8192, HOSTILE.len() as u32];

/// A guest that returns the hostile text wherever text goes: throughout its description, its needs and its verdict.
fn hostile() -> String {
    let [at, length] = TEXT;
    let labels = words(4608, &[at, length, at, length]);
    let description = words(1024, &[at, length, at, length, at, length, 4096, 1, 4608, 1]);
    // The default of the setting is a text, too.
    let setting = words(4096, &[at, length, at, length, 1, 0, 2, 0, at, length, 4608, 1]);
    let needs = words(2048, &[0, 4352, 1]) + &words(4352, &[at, length, 4608, 1, 60]);
    let verdict = words(3136, &[2, at, length, at, length, at, length, 4864, 1, 4608, 1]);
    let measure = words(4864, &[at, length, 0, 0, at, length, 1, 0, 0, 0, 1, 0, 0, 0]);
    data(at, HOSTILE) + &labels + &description + &setting + &needs + &verdict + &measure
}

/// A guest that gives the hostile text as its error, at this address: 2048 for needs, 3072 for evaluate.
fn refusing(at: u32) -> String {
    words(at, &[1, TEXT[0], TEXT[1]]) + &data(TEXT[0], HOSTILE)
}

fn site() -> HostileSite {
    let site = hostile_site(LIMITS);
    for (name, fields) in [("hostile", hostile()), ("needs", refusing(2048)), ("evaluate", refusing(3072))] {
        site.write(&format!("checks.d/{name}.wasm"), Guest::with(&fields).wasm());
    }
    site
}

/// Whether a character steers what shows it. Not the host's own function, which is under test.
fn steers(character: char) -> bool {
    character.is_control()
        || ('\u{200b}'..='\u{200f}').contains(&character)
        || ('\u{2028}'..='\u{202e}').contains(&character)
        || ('\u{2060}'..='\u{206f}').contains(&character)
        || ('\u{e0000}'..='\u{e007f}').contains(&character)
}

fn assert_plain(what: &str, text: &str) {
    let steering: Vec<char> = text.chars().filter(|character| *character != '\n' && steers(*character)).collect();
    assert!(steering.is_empty(), "{what} contains {steering:?}:\n{text}");
}

fn assert_all_plain(what: &str, output: &Output) {
    assert_plain(what, &output.stdout);
    assert_plain(what, &output.stderr);
}

#[test]
fn reports_and_log_obey_no_guest() {
    let site = site();
    for format in ["text", "json", "nagios"] {
        // With the exit code of a plugin, which is 2: the guest returns critical.
        let output = site.execute(&["run", "--format", format], if format == "nagios" { 2 } else { 0 });
        assert_all_plain(format, &output);
        match format {
            "json" => assert_json(&output.stdout),
            "nagios" => assert_nagios(&output.stdout),
            _ => assert!(output.stdout.contains("\\u{1b}[31m"), "{}", output.stdout),
        }
    }
    let log = site.log();
    assert_plain("log", &log);
    for line in log.lines() {
        assert!(line.starts_with("20") && line.contains(" | "), "each event is one line: {line}");
    }
    assert!(log.contains(SHOWN), "{log}");
}

fn assert_json(text: &str) {
    let report: Value = serde_json::from_str(text).unwrap();
    let verdict = &check(&report, "hostile")["verdicts"][0];
    for field in ["subject", "title", "message"] {
        assert_eq!(verdict[field], SHOWN);
    }
    assert_eq!(verdict["attributes"][SHOWN], SHOWN);
    assert_eq!(verdict["measures"][0]["name"], SHOWN);
    assert_eq!(verdict["measures"][0]["unit"], SHOWN);
    assert_eq!(check(&report, "needs")["detail"], SHOWN);
    assert_eq!(check(&report, "evaluate")["detail"], SHOWN);
}

/// Asserts one status line with its performance data, then one line for each finding.
fn assert_nagios(text: &str) {
    let mut lines = text.lines();
    let status = lines.next().unwrap();
    assert!(status.starts_with("CHECKPOST CRITICAL - "), "{status}");
    let (_, performance) = status.split_once(" | ").unwrap();
    assert!(!performance.contains('|'), "{performance}");
    assert!(performance.contains("''p''_1;2;3"), "quotes are doubled: {performance}");
    for line in lines {
        assert!(!line.contains('|') && (line.starts_with('[') || line.starts_with("note: ")), "{line}");
    }
}

#[test]
fn database_keeps_the_text_and_its_tables() {
    let site = site();
    site.execute(&["run"], 0);
    assert_eq!(site.count("runs"), 1);
    let kept: String = site.value("SELECT title FROM notifications WHERE check_name = 'hostile'");
    assert!(kept.contains(SHOWN), "{kept}");
    let subject: String = site.value("SELECT subject FROM notifications WHERE check_name = 'hostile'");
    assert_eq!(subject, SHOWN);
    for format in ["text", "json"] {
        assert_all_plain("notifications", &site.execute(&["notifications", "--format", format], 0));
    }
}

#[test]
fn inspecting_a_hostile_module_is_safe() {
    let site = site();
    for format in ["text", "json"] {
        assert_all_plain("list", &site.execute(&["check", "list", "--format", format], 0));
        for module in ["hostile", "needs", "evaluate"] {
            let file = format!("checks.d/{module}.wasm");
            assert_all_plain(&file, &site.execute(&["check", "inspect", &file, "--format", format], 0));
        }
    }
    let inspected = site.execute(&["check", "inspect", "checks.d/hostile.wasm", "--format", "json"], 0).stdout;
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    for text in [
        "/name",
        "/version",
        "/summary",
        "/settings/0/name",
        "/settings/0/summary",
        "/settings/0/default",
        "/needs/0/metric",
    ] {
        assert_eq!(inspected.pointer(text).unwrap(), SHOWN, "{text}");
    }
    assert_eq!(inspected["attributes"][SHOWN], SHOWN);
    assert_eq!(inspected["needs"][0]["labels"][SHOWN], SHOWN);
}

#[test]
fn check_without_a_name_is_invalid() {
    super::assert_outcomes_of_fields([
        ("nameless", words(1024, &[0, 0]), super::Unknown("invalid_output", "without a name")),
        ("versionless", words(1032, &[0, 0]), super::Judged),
    ]);
}

#[cfg(unix)]
#[test]
fn file_names_are_escaped_too() {
    let site = hostile_site(LIMITS);
    let name = "x\n\u{1b}[31m\u{202e}'; DROP TABLE runs; -- | <b>";
    // Refused by its name, and one that is read.
    site.write(&format!("checks.d/{name}.wasm"), "not a module");
    site.write("checks.d/'; DROP TABLE runs; -- | <b>.wasm", Guest::with(&data(3136, [2])).wasm());
    for format in ["text", "json", "nagios"] {
        let output = site.execute(&["run", "--format", format], if format == "nagios" { 2 } else { 0 });
        assert_all_plain(format, &output);
    }
    for format in ["text", "json"] {
        assert_all_plain("list", &site.execute(&["check", "list", "--format", format], 0));
    }
    assert_plain("log", &site.log());
    assert_eq!(site.count("runs"), 3);
}
