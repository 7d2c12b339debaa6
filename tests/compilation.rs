//! Compilation of other people's modules: in a separate process, within limits, and once.

use crate::support::guest::section;
use crate::support::{Site, assert_built_in_judged, check, guest_file};

/// Some 70 KB that cost a compiler a minute and gigabytes: every local may change in every one of the nested loops.
fn costly_to_compile() -> Vec<u8> {
    const LOCALS: usize = 2_000;
    const LOOPS: usize = 2_000;
    let mut body = String::new();
    for index in 0..LOOPS {
        body += &format!("(loop (local.set {0} (i64.add (local.get {0}) (i64.const 1))) ", index % LOCALS);
    }
    for index in 0..LOOPS {
        body += &format!("(br_if 0 (i64.eqz (local.get {}))))", index % LOCALS);
    }
    let locals = "i64 ".repeat(LOCALS);
    wat::parse_str(format!("(component (core module (func (local {locals}) {body})))")).unwrap()
}

#[test]
fn costly_module_is_put_into_quarantine() {
    // The wall time suffices on a slow machine, so that the CPU time is what ends the compilation.
    let site = Site::with_config("timeout_seconds = 600\n[compile]\ncpu_seconds = 1\nwall_seconds = 300\n");
    site.run_json();
    site.write("checks.d/costly.wasm", costly_to_compile());
    let first = site.run_json();
    let costly = check(&first, "costly");
    assert_eq!(costly["reason"], "compile_limit", "{costly:#}");
    assert_built_in_judged(&first);
    assert_eq!(site.count("runs"), 2);

    let second = site.run_json();
    let detail = check(&second, "costly")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("in quarantine as "), "{detail}");
    assert!(site.execute(&["check", "list", "--format", "json"], 0).stdout.contains("in quarantine as "));

    let digest = detail.rsplit(' ').next().unwrap();
    assert_eq!(site.execute(&["check", "release", digest], 0).stdout, "released 1 module\n");
    site.execute(&["check", "release", digest], 1).error();
    site.execute(&["check", "release", "../../etc"], 2);
}

#[test]
fn module_within_the_limits_is_compiled_once() {
    let site = Site::new();
    site.drop_guest("misbehave", "fine");
    for _ in 0..2 {
        assert_eq!(check(&site.run_json(), "fine")["status"], "ok");
    }
    let compiled = std::fs::read_dir(site.path("data/cache")).unwrap().count();
    // Five modules, the description of each, and the key.
    assert_eq!(compiled, 11);
}

#[test]
fn compilation_without_time_left_is_tried_again_in_the_next_run() {
    let site = Site::with_config("[compile]\nwall_seconds = 1\n");
    site.run_json();
    site.write("checks.d/costly.wasm", costly_to_compile());
    for _ in 0..2 {
        let report = site.run_json();
        assert_eq!(check(&report, "costly")["reason"], "deadline", "{report:#}");
        // The built-in checks still have their time.
        assert_built_in_judged(&report);
    }
    // But not for ever.
    let detail = check(&site.run_json(), "costly")["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("was not compiled within 1 s, in 3 runs; in quarantine as "), "{detail}");
}

#[test]
fn slow_modules_do_not_delay_the_compilation_of_others() {
    let site = Site::with_config("[compile]\nwall_seconds = 8\n");
    site.run_json();
    for name in ["a", "b", "c"] {
        // Each is a module of its own.
        let costly = [costly_to_compile(), section(0, format!("\x01{name}").as_bytes())].concat();
        site.write(&format!("checks.d/{name}.wasm"), costly);
    }
    site.drop_guest("misbehave", "fine");
    let report = site.run_json();
    assert_eq!(check(&report, "fine")["status"], "ok", "{report:#}");
    for name in ["a", "b", "c"] {
        assert_eq!(check(&report, name)["reason"], "deadline", "{report:#}");
    }
}

/// A machine without memory ends the process that compiles, before any other.
#[cfg(target_os = "linux")]
#[test]
fn compilation_that_is_killed_twice_is_put_into_quarantine() {
    let site = Site::with_config("timeout_seconds = 600\n[compile]\nwall_seconds = 300\ncpu_seconds = 300\n");
    site.run_json();
    site.write("checks.d/costly.wasm", costly_to_compile());
    let details = [(); 2].map(|()| {
        let mut run = std::process::Command::new(site.checkpost(&["run", "--format", "json"]).get_program())
            .args(["run", "--format", "json"])
            .env_clear()
            .current_dir(site.directory.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let compiler = child_of(run.id(), || run.try_wait().unwrap().is_none());
        let score = std::fs::read_to_string(format!("/proc/{compiler}/oom_score_adj")).unwrap();
        assert_eq!(score.trim(), "1000");
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(compiler as i32).unwrap(),
            rustix::process::Signal::KILL,
        )
        .unwrap();
        let report: serde_json::Value = serde_json::from_slice(&run.wait_with_output().unwrap().stdout).unwrap();
        let costly = check(&report, "costly");
        assert_eq!(costly["reason"], "compile_limit", "{costly:#}");
        costly["detail"].as_str().unwrap().to_owned()
    });
    assert!(details[0].starts_with("the compiler ended with signal: 9"), "{}", details[0]);
    assert!(details[1].contains(", in 2 runs; in quarantine as "), "{}", details[1]);
}

/// The process that `parent` has started, once it has limited itself.
#[cfg(target_os = "linux")]
fn child_of(parent: u32, is_running: impl FnMut() -> bool) -> u32 {
    let mut is_running = is_running;
    while is_running() {
        let children = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        let children: String =
            children.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok()).collect();
        let limited = |child: &u32| {
            std::fs::read_to_string(format!("/proc/{child}/oom_score_adj")).is_ok_and(|score| score.trim() == "1000")
        };
        if let Some(child) = children.split_whitespace().filter_map(|child| child.parse().ok()).find(limited) {
            return child;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("the run ended without compiling")
}

#[test]
fn small_machine_compiles_in_less_memory() {
    // Within 128 MiB, an SDK check compiles and a language runtime does not.
    let site = Site::with_config("[compile]\nmemory_bytes = 134217728\n");
    site.drop_guest("misbehave", "fine");
    site.drop_guest("python", "python");
    let report = site.run_json();
    assert_eq!(check(&report, "fine")["status"], "ok", "{report:#}");
    let python = check(&report, "python");
    assert_eq!(python["reason"], "compile_limit", "{python:#}");
    assert!(python["detail"].as_str().unwrap().contains("or 128 MiB of memory"), "{python:#}");
}

/// Bytes that say nothing new are not compiled again in every run, and are again once the engine is another.
#[test]
fn module_that_is_no_check_is_not_compiled_again() {
    let site = Site::new();
    site.write("checks.d/empty.wasm", wat::parse_str("(module (func (unreachable)))").unwrap());
    for _ in 0..2 {
        assert_eq!(check(&site.run_json(), "empty")["reason"], "contract_mismatch");
    }
    let refused = std::fs::read_dir(site.path("data/cache")).unwrap().flatten().find_map(|entry| {
        let path = entry.path();
        path.extension().is_some_and(|extension| extension == "refused").then_some(path)
    });
    // A damaged note is not believed.
    std::fs::write(refused.unwrap(), "nothing").unwrap();
    assert_eq!(check(&site.run_json(), "empty")["reason"], "contract_mismatch");
}

#[test]
fn copies_and_links_of_a_module_are_compiled_once() {
    let site = Site::new();
    site.run_json();
    let before = std::fs::read_dir(site.path("data/cache")).unwrap().count();
    site.drop_guest("misbehave", "fine");
    site.drop_guest("misbehave", "copy");
    std::fs::hard_link(site.path("checks.d/fine.wasm"), site.path("checks.d/link.wasm")).unwrap();
    let report = site.run_json();
    for name in ["fine", "copy", "link"] {
        assert_eq!(check(&report, name)["status"], "ok", "{report:#}");
    }
    // Machine code and answers of one module.
    assert_eq!(std::fs::read_dir(site.path("data/cache")).unwrap().count(), before + 2);
}

#[test]
fn packing_survives_whatever_a_module_says_about_its_types() {
    let site = Site::new();
    let module = std::fs::read(guest_file("trap-describe")).unwrap();
    let position = |needle: &[u8]| module.windows(needle.len()).position(|window| window == needle).unwrap();
    // The encoder panics on this one: an interface where a world is expected.
    let known = position(b"verdict\x03\0\x09\x01@") + b"verdict\x03\0\x09\x01@\0\0".len();
    let start = position(b"component-type:");
    for at in (start..module.len()).step_by(40).chain([known]) {
        let mut mutated = module.clone();
        mutated[at] ^= 1;
        site.write("mutated.wasm", &mutated);
        let packed = site.checkpost(&["check", "pack", "mutated.wasm", "-o", "packed.wasm"]).output().unwrap();
        let errors = String::from_utf8(packed.stderr).unwrap();
        match packed.status.code() {
            Some(0) => assert_eq!(errors, "", "{at}"),
            code => {
                assert_eq!((code, errors.lines().count()), (Some(1), 1), "{at}: {errors}");
                assert!(errors.starts_with("checkpost: error: cannot pack mutated.wasm: "), "{at}: {errors}");
            }
        }
        assert_ne!((at, packed.status.code()), (known, Some(0)));
    }
}
