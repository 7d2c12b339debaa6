//! Checks that return so much that others would be hidden, forgotten or not stored: crowds of subjects, new ones in every
//! run, and numbers that are long to write. Everybody else's alert is seen, and the database stays small.

use serde_json::{Value, json};

use super::{HostileSite, LIMITS, hostile_site};
use crate::support::guest::{Guest, data, words};
use crate::support::servers::{Endpoint, Smtp, SmtpOptions};
use crate::support::{Site, assert_built_in_judged, check};

/// What a cycle may add to the database, whatever the found modules return.
const CYCLE_BYTES: i64 = 300 << 10;

/// Where the verdicts are in the guest's memory, and the subjects, 20 bytes each.
const VERDICTS: u32 = 1 << 16;
const SUBJECTS: u32 = 3 << 16;

/// A guest that returns so many critical verdicts, each about a subject with a number.
fn crowd(subjects: u32) -> String {
    let verdict = |number: u32| [2, SUBJECTS + 20 * number, 20, 64, 4, 80, 11, 0, 0, 0, 0];
    let names: Vec<u8> = (0..subjects).flat_map(|number| format!("subject {number:012}").into_bytes()).collect();
    "(memory (export \"memory\") 8)\n".to_owned()
        + &words(3076, &[VERDICTS, subjects])
        + &words(VERDICTS, &(0..subjects).flat_map(verdict).collect::<Vec<_>>())
        + &data(SUBJECTS, names)
}

/// A [`crowd`] with other subjects in every run: their first 16 characters are the time.
fn churn(subjects: u32) -> String {
    let digits = |shift: u32| {
        format!(
            "(i64.or (i64.and (i64.shr_u (local.get 0) (i64.const {shift})) (i64.const 0x0f0f0f0f0f0f0f0f))
                     (i64.const 0x3030303030303030))"
        )
    };
    let evaluate = format!(
        "(func (export \"evaluate\") (param i64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
           (local $at i32) (local.set $at (i32.const {SUBJECTS}))
           (loop $next
             (i64.store (local.get $at) {})
             (i64.store offset=8 (local.get $at) {})
             (local.set $at (i32.add (local.get $at) (i32.const 20)))
             (br_if $next (i32.lt_u (local.get $at) (i32.const {}))))
           (i32.const 3072))",
        digits(0),
        digits(4),
        SUBJECTS + 20 * subjects
    );
    crowd(subjects) + &evaluate
}

/// A guest that returns so many verdicts with so many measures each, of the number that takes the most digits.
fn measures(verdicts: u32, each: u32) -> String {
    let (list, names) = (4 << 16, 48 << 16);
    let verdict = |number: u32| [0, SUBJECTS + 20 * number, 20, 64, 4, 80, 11, list, each, 0, 0];
    let number = (-5e-324_f64).to_bits();
    let [low, high] = [number as u32, (number >> 32) as u32];
    let measure = |index: u32| [names + 6 * index, 6, low, high, 64, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let text: Vec<u8> = (0..each).flat_map(|index| format!("{index:06}").into_bytes()).collect();
    let subjects: Vec<u8> = (0..verdicts).flat_map(|number| format!("subject {number:012}").into_bytes()).collect();
    "(memory (export \"memory\") 64)\n".to_owned()
        + &words(3076, &[VERDICTS, verdicts])
        + &words(VERDICTS, &(0..verdicts).flat_map(verdict).collect::<Vec<_>>())
        + &data(SUBJECTS, subjects)
        + &words(list, &(0..each).flat_map(measure).collect::<Vec<_>>())
        + &data(names, text)
}

/// A site with these guests in the checks directory, in which `memory` warns.
fn site(config: &str, guests: &[(&str, String)]) -> HostileSite {
    let memory = "[[check]]\nname = \"memory\"\n[check.settings]\nthreshold = 0.001\ncritical = 100\n";
    let site = hostile_site(&format!("{LIMITS}{config}{memory}"));
    for (name, fields) in guests {
        site.write(&format!("checks.d/{name}.wasm"), Guest::with(fields).wasm());
    }
    site
}

fn database_bytes(site: &Site) -> i64 {
    site.value("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
}

/// Runs a cycle and asserts what it adds to the database.
fn run_small(site: &Site) -> Value {
    let before = if site.path("data/automation.db").exists() { database_bytes(site) } else { 0 };
    let report = site.run_json();
    let added = database_bytes(site) - before;
    // An empty database has its schema, 150 KiB, besides.
    assert!(added <= CYCLE_BYTES + if before == 0 { 200 << 10 } else { 0 }, "the cycle added {added} bytes");
    assert_built_in_judged(&report);
    report
}

/// A site with two crowds that an operator declared: each has a hundred alerts, and one for the rest.
fn site_with_declared_crowds(config: &str) -> HostileSite {
    let entry = |name: &str| format!("[[check]]\nname = \"{name}\"\nmodule = \"./crowd.wasm\"\n");
    let site = site(&(config.to_owned() + &entry("aaa") + &entry("bbb")), &[]);
    site.write("crowd.wasm", Guest::with(&crowd(1_000)).wasm());
    site
}

#[test]
fn crowd_hides_nobody_in_a_mail() {
    let Some(smtp) = Smtp::start(&SmtpOptions::default()) else { return };
    let config = format!(
        "[smtp]\nserver = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"checkpost@example.org\"\n\
         [[route]]\nname = \"ops\"\n[route.email]\nto = [\"ops@example.org\"]\n",
        smtp.port()
    );
    let site = site_with_declared_crowds(&config);
    site.run_json();
    let mail = &smtp.mails(1)[0];
    let text = mail["text"].as_str().unwrap();
    let plain = text.split("Content-Type: text/html").next().unwrap().replace("=\r\n", "").replace("=\n", "");
    for part in [
        "CRITICAL",
        "memory =C2=B7 raised",
        "aaa too many subjects =C2=B7 raised",
        "bbb subject 000000000000",
        "more of aaa and ",
        "more of bbb; see",
    ] {
        assert!(plain.contains(part), "{part}: {plain}");
    }
}

#[test]
fn crowd_hides_nobody_in_slack_or_in_a_template() {
    let Some(endpoint) = Endpoint::start() else { return };
    let config = format!(
        "[[route]]\nname = \"chat\"\n[route.slack]\nurl = {{ file = \"url\" }}\n\
         [[route]]\nname = \"own\"\n[route.webhook]\nurl = \"{}\"\n\
         body = '''{{% for item in items %}}{{{{ item.check }}}} {{{{ item.subject }}}}\n{{% endfor %}}and {{{{ omitted }}}}'''\n",
        endpoint.url("/own")
    );
    let site = site_with_declared_crowds(&config);
    site.write("url", endpoint.url("/chat"));
    site.run_json();
    for request in endpoint.requests(2) {
        let body = request["body"].as_str().unwrap();
        for part in ["memory", "bbb subject 000000000000", "too many subjects", "more of aaa and ", "more of bbb"] {
            assert!(body.contains(part), "{part}: {body}");
        }
        assert!(body.len() < 30_000, "{}", body.len());
    }
}

#[test]
fn crowd_hides_nobody_in_the_report_or_in_nagios() {
    let site = site("", &[("aaa", crowd(1_000)), ("bbb", crowd(400))]);
    let text = site.execute(&["run"], 0).stdout;
    for part in ["WARNING memory: ", "CRITICAL bbb subject", "more of aaa"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let nagios = nagios(&site);
    let (status, rest) = nagios.split_once('\n').unwrap();
    assert!(status.contains("Memory usage is"), "{status}");
    for part in ["[WARNING] memory: ", "[CRITICAL] bbb subject", "note: ", "more of aaa"] {
        assert!(rest.contains(part), "{part}: {rest}");
    }
    assert!(nagios.len() < 64 << 10, "{}", nagios.len());
}

#[test]
fn crowd_of_found_modules_hides_no_declared_one_and_adds_little() {
    let site = site("", &[]);
    let guest = Guest::with(&crowd(1)).wasm();
    for number in 0..300 {
        site.write(&format!("checks.d/found-{number:03}.wasm"), &guest);
    }
    for _ in 0..3 {
        let report = run_small(&site);
        assert_eq!(check(&report, "found-299")["status"], "critical");
    }
    let text = site.execute(&["run"], 0).stdout;
    assert!(text.contains("WARNING memory: ") && text.contains("other checks"), "{text}");
    assert_eq!(site.count("notifications WHERE check_name = 'memory'"), 1);
    let found = "SELECT count(*) FROM notifications WHERE check_name LIKE 'found-%'";
    let raised: i64 = site.database().query_row(found, [], |row| row.get(0)).unwrap();
    assert_eq!(raised, 300, "what one run has no room for is notified in the next");
}

#[test]
fn new_subjects_in_every_run_add_little() {
    let Some(endpoint) = Endpoint::start() else { return };
    let route = |name: &str| {
        format!(
            "[[route]]\nname = \"{name}\"\ngroup = {}\n[route.webhook]\nurl = \"{}\"\n",
            name == "all",
            endpoint.url("/")
        )
    };
    let guests = [("aaa", churn(1_000)), ("bbb", churn(900)), ("ccc", churn(500)), ("raid", crowd(2))];
    let site = site(&(route("all") + &route("single")), &guests);
    for _ in 0..5 {
        let report = run_small(&site);
        assert_eq!(check(&report, "raid")["status"], "critical", "{:#}", check(&report, "raid"));
        let flood = check(&report, "aaa");
        assert!(flood["reason"].is_null() || flood["reason"] == "output_limit", "{flood:#}");
    }
    let alerts = "alerts WHERE subject <> 'too many subjects' AND instance IN ('aaa', 'bbb', 'ccc')";
    assert!(site.count(alerts) <= 103, "{}", site.count(alerts));
    assert_eq!(site.count("alerts WHERE instance = 'checks directory' AND subject = 'too many subjects'"), 1);
    assert_eq!(site.count("notifications WHERE check_name = 'memory'"), 1);
    assert_eq!(site.count("notifications WHERE check_name = 'raid' AND subject = 'subject 000000000000'"), 1);
}

#[test]
fn declared_crowd_is_one_alert_beyond_a_hundred() {
    let entry = "[[check]]\nname = \"team\"\nmodule = \"./team.wasm\"\n";
    let site = site(entry, &[]);
    site.write("team.wasm", Guest::with(&crowd(1_000)).wasm());
    site.run_json();
    assert_eq!(site.count("notifications WHERE check_name = 'team' AND subject LIKE 'subject %'"), 100);
    let sql = "SELECT message FROM notifications WHERE check_name = 'team' AND subject = 'too many subjects'";
    let message: String = site.database().query_row(sql, [], |row| row.get(0)).unwrap();
    let expected = "900 more bad subjects have no alert of their own, the worst is CRITICAL: an instance has at most 1000 \
                    alerts, and 100 new ones an hour";
    assert_eq!(message, expected);
}

#[test]
fn subject_of_the_host_cannot_be_returned() {
    let own = data(8192, "too many subjects") + &words(3140, &[8192, 17]);
    let other = data(8192, "too many subject ") + &words(3140, &[8192, 17]);
    super::assert_outcomes_of_fields([
        ("own", own, super::Unknown("invalid_output", "'too many subjects'")),
        ("other", other, super::Judged),
    ]);
}

#[test]
fn numbers_that_are_long_to_write_cost_what_they_take() {
    let guests = [
        ("many", measures(1, 40_000)),
        ("within", measures(10, 64)),
        ("beyond", measures(1, 65)),
        ("full", measures(62, 64)),
    ];
    let site = site("", &guests);
    let report = run_small(&site);
    for (name, detail) in [
        ("many", json!("returned 40000 measures of a verdict, the limit is 64")),
        ("beyond", json!("returned 65 measures of a verdict, the limit is 64")),
        ("within", Value::Null),
    ] {
        assert_eq!(check(&report, name)["detail"], detail, "{name}");
    }
    let full = check(&report, "full");
    assert_eq!(full["reason"], "output_limit", "{full:#}");
    assert!(full["detail"].as_str().unwrap().ends_with("(limits.stored_bytes)"), "{full:#}");
    let nagios = nagios(&site);
    assert!(nagios.contains("'within subject 000000000000 000000'=0 "), "{nagios:.2000}");
    assert!(nagios.len() < 128 << 10, "{}", nagios.len());
}

#[test]
fn instances_of_a_module_share_its_limit() {
    let guest = Guest::with(&crowd(1_000)).wasm();
    let instance = |name: &str, limits: &str| {
        format!("[[check]]\nname = \"{name}\"\nmodule = \"./team.wasm\"\n[check.limits]\n{limits}\n")
    };
    let six: String = (0..6).map(|number| instance(&format!("team-{number}"), "")).collect();
    let seven = six.clone() + &instance("team-6", "");
    let generous = six.clone() + &instance("team-6", "stored_bytes = 300000");
    for (instances, refused) in [(six, 0), (seven, 1), (generous, 0)] {
        let site = site(&instances, &[]);
        site.write("team.wasm", &guest);
        let report = run_json(&site);
        let of_team = report["checks"].as_array().unwrap().iter().filter(|check| check["reason"] == "output_limit");
        let details: Vec<_> = of_team.map(|check| check["detail"].as_str().unwrap()).collect();
        assert_eq!(details.len(), refused, "{details:?}");
        let expected = "the instances of this module together return more than 262144 bytes (limits.stored_bytes)";
        assert!(details.iter().all(|detail| *detail == expected), "{details:?}");
    }
}

/// The output of a plugin. The exit code depends on how busy this machine is.
fn nagios(site: &Site) -> String {
    String::from_utf8(site.checkpost(&["run", "--format", "nagios"]).output().unwrap().stdout).unwrap()
}

fn run_json(site: &Site) -> Value {
    let report = site.run_json();
    assert_built_in_judged(&report);
    report
}
