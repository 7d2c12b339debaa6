//! Module files whose names could be taken for others: each is refused by name, never compiled, and shown so that the
//! difference is seen.

use std::fs;

use super::hostile_site;
use crate::support::guest::Guest;
use crate::support::{assert_whole, check, listed};

#[test]
fn names_that_imitate_others_are_refused_spelled_out_and_never_compiled() {
    let site = hostile_site("");
    // No other test has this module, so that it is not in the cache that tests share.
    let wasm = Guest::with("(func (export \"names\"))").wasm();
    let imitations = [
        ("cpu ", "cpu\\u{20}.wasm", "has white space at an end"),
        ("cpu\u{200b}", "cpu\\u{200b}.wasm", "contains \\u{200b}, which cannot be seen"),
        ("\u{202e}upc", "\\u{202e}upc.wasm", "contains \\u{202e}, which cannot be seen"),
        ("\u{441}pu", "\\u{441}pu.wasm", "can be taken for 'cpu'"),
        ("checks directory", "checks\\u{20}directory.wasm", "can be taken for 'checks directory'"),
    ];
    for (name, _, _) in imitations {
        site.write(&format!("checks.d/{name}.wasm"), &wasm);
    }
    let report = site.run_json();
    assert_whole(&site, &report);
    for (_, shown, why) in imitations {
        let refused = check(&report, shown);
        assert_eq!(
            (&refused["status"], &refused["reason"]),
            (&"unknown".into(), &"refused_name".into()),
            "{refused:#}"
        );
        assert!(refused["detail"].as_str().unwrap().ends_with(why), "{refused:#}");
        assert_eq!(listed(&site, shown)["reason"], "refused_name");
        let notified = format!("notifications WHERE check_name = '{shown}' AND message LIKE '%rename it%'");
        assert_eq!(site.count(&notified), 1);
    }
    let digest = listed(&site, imitations[0].1)["digest"].as_str().unwrap().to_owned();
    let cached = fs::read_dir(site.cache())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(&digest));
    assert_eq!(cached.count(), 0, "nothing of it is compiled");
}

#[test]
fn names_next_to_those_of_others_are_judged() {
    let site = hostile_site("");
    for name in ["cpu", "load", "my cpu", "checks-directory", "디스크"] {
        site.write(&format!("checks.d/{name}.wasm"), Guest::with("").wasm());
    }
    let report = site.run_json();
    for name in ["cpu.wasm", "load", "my cpu", "checks-directory", "디스크"] {
        assert_eq!(check(&report, name)["status"], "ok", "{report:#}");
    }
}

#[test]
fn refused_file_is_not_pinned() {
    let site = hostile_site("");
    site.write("checks.d/cpu .wasm", Guest::with("").wasm());
    let output = site.execute(&["check", "lock"], 1).stdout;
    assert!(output.contains("cpu .wasm: refused_name: the file name cpu\\u{20}.wasm has white space"), "{output}");
    assert!(output.contains("0 modules pinned"), "{output}");
}
