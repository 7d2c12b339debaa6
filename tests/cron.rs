//! What cron does to a program: no environment, another directory, overlapping runs, runs that hang.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;

use crate::support::{BUILT_IN, Said, Site, checkpost};

#[test]
fn it_works_from_the_root_directory_without_an_environment() {
    let site = Site::with_config("database_url = \"sqlite:///./db/my.db\"\n");
    let mut command = checkpost();
    command.env_clear().current_dir("/").args(["run", "--config"]).arg(site.path("checkpost.toml"));
    Said::of(&mut command, 0);
    for file in ["db/my.db", "db/cache/key", "logs/automation.log"] {
        assert!(site.path(file).exists(), "{file} lies beside the configuration");
    }
}

/// In which nothing is wrong, whatever this machine does.
const CALM: &str = "[[check]]\nname = \"cpu\"\nenabled = false\n[[check]]\nname = \"network\"\nenabled = false\n\
                    [[check]]\nname = \"disk\"\n[check.settings]\nthreshold = 100\n";

#[test]
fn quiet_prints_nothing_while_nothing_is_wrong() {
    let site = Site::with_config(CALM);
    let said = site.says(&["run", "--quiet"], 0);
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", ""));
    assert_eq!(site.count("runs"), 1);
}

#[test]
fn quiet_speaks_when_something_is_wrong_and_when_it_is_over_and_not_in_every_run() {
    let site = Site::with_config(CALM);
    let run = |threshold| {
        let mut command = site.checkpost(&["run", "--quiet"]);
        Said::of(command.env("MEMORY_THRESHOLD", threshold), 0).stdout
    };
    let said = run("0.01");
    assert!(said.contains("WARNING memory"), "{said}");
    assert_eq!(run("0.01"), "", "people know");
    let said = run("99.9");
    assert!(said.contains("memory: Resolved: High memory usage"), "{said}");
    assert_eq!(run("99.9"), "");
}

#[test]
fn a_run_that_overlaps_another_one_is_skipped() {
    let site = Site::new();
    std::fs::create_dir(site.path("data")).unwrap();
    let other = File::create(site.path("data/automation.db.lock")).unwrap();
    other.lock().unwrap();
    let said = site.says(&["run"], 0);
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains("skipped: another run is at work on"), "{}", said.stderr);
    assert!(site.log().contains("| WARNING | Run skipped"), "{}", site.log());
    assert_eq!(site.says(&["run", "--quiet"], 0).stderr, "");
    let said = site.says(&["run", "--format", "nagios"], 3);
    assert!(said.stdout.starts_with("CHECKPOST UNKNOWN - skipped"), "{}", said.stdout);
    assert!(site.is_empty());
    drop(other);
    site.says(&["run"], 0);
    assert_eq!(site.count("runs"), 1);
}

#[test]
fn two_runs_at_once_are_both_done_or_skipped() {
    let site = Site::new();
    site.says(&["db", "migrate"], 0);
    let runs = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..4).map(|_| scope.spawn(|| site.says(&["run"], 0))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).filter(|said| !said.stdout.is_empty()).count()
    });
    assert!(runs >= 1);
    assert_eq!(site.count("runs"), runs as i64);
    assert_eq!(site.count("system_metrics"), runs as i64);
}

#[test]
fn a_run_that_hangs_is_given_up_and_stores_nothing() {
    let site = Site::new();
    // Compiled before, so that it is the database that the run waits for.
    site.says(&["run"], 0);
    site.write("checkpost.toml", "timeout_seconds = 1\n");
    // Another program holds the database for longer than the deadline.
    let database = site.database();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let said = site.says(&["run"], 1);
    assert!(said.error().contains("did not end within 1 s (timeout_seconds)"), "{}", said.stderr);
    let said = site.says(&["run", "--exit-status"], 3);
    assert!(said.error().contains("timeout_seconds"), "{}", said.stderr);
    let said = site.says(&["run", "--format", "nagios"], 3);
    assert!(said.stdout.starts_with("CHECKPOST UNKNOWN - the run did not end"), "{}", said.stdout);
    database.execute_batch("ROLLBACK").unwrap();
    assert_eq!(site.count("runs"), 1);
    site.write("checkpost.toml", "");
    site.says(&["run"], 0);
}

#[test]
fn a_run_that_hangs_on_its_log_is_given_up() {
    let site = Site::with_config("timeout_seconds = 1\n");
    std::fs::create_dir(site.path("logs")).unwrap();
    // A pipe that nobody reads: opening it waits.
    assert!(std::process::Command::new("mkfifo").arg(site.path("logs/automation.log")).status().unwrap().success());
    let said = site.says(&["run"], 1);
    assert!(said.error().contains("did not end within 1 s"), "{}", said.stderr);
}

#[test]
fn a_run_that_is_killed_leaves_a_whole_cycle_or_none() {
    let site = Site::new();
    site.says(&["run"], 0);
    for round in 0..20 {
        let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_checkpost"))
            .env_clear()
            .env("MEMORY_THRESHOLD", "0.01")
            .current_dir(site.directory.path())
            .args(["run", "--quiet"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // From the first steps to after the commit: a run takes about 300 ms with its CPU window.
        std::thread::sleep(std::time::Duration::from_millis(round * 20));
        let _ = run.kill();
        run.wait().unwrap();
    }
    site.says(&["db", "check"], 0);
    let runs = site.count("runs");
    assert_eq!(site.count("system_metrics"), runs);
    assert_eq!(site.value::<i64>("SELECT count(DISTINCT run_id) FROM samples"), runs);
    assert_eq!(site.count("evaluations"), 4 * runs);
    // The first of them that was stored told it, and the others knew.
    assert_eq!(site.count("notifications WHERE check_name = 'memory'"), i64::from(runs > 1));
    assert_eq!(site.count("alerts WHERE instance = 'memory'"), i64::from(runs > 1));
    site.says(&["run"], 0);
}

#[test]
fn nobody_else_can_hold_the_lock() {
    let site = Site::new();
    site.write("data/automation.db.lock", "");
    site.says(&["run"], 0);
    let mode = std::fs::metadata(site.path("data/automation.db.lock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_log_on_a_full_disk_is_not_mailed_line_by_line() {
    let site = Site::with_config("[log]\nfile = \"/dev/full\"\nlevel = \"DEBUG\"\n");
    assert_eq!(site.says(&["run"], 0).stderr, "");
}

#[test]
fn a_log_that_cannot_be_written_is_a_warning() {
    let site = Site::with_config("[log]\nfile = \"checkpost.toml/automation.log\"\n");
    let said = site.says(&["run"], 0);
    assert!(said.stderr.starts_with("checkpost: warning: cannot write the log "), "{}", said.stderr);
    assert_eq!(site.count("runs"), 1);
}

#[test]
fn the_log_has_the_lines_that_people_grep_for() {
    let site = Site::new();
    let mut command = site.checkpost(&["run"]);
    command.env("LOG_LEVEL", "DEBUG").assert().success();
    let log = site.log();
    let line = log.lines().find(|line| line.contains("Metrics collected")).expect(&log);
    let (time, rest) = line.split_once(" | ").unwrap();
    assert_eq!(time.len(), "2025-10-27 14:20:01".len());
    assert!(rest.starts_with("DEBUG | Metrics collected: CPU="), "{line}");
    let site = Site::new();
    site.checkpost(&["run"]).env("LOG_LEVEL", "error").assert().success();
    assert!(site.log().lines().all(|line| line.contains("| ERROR |")), "{}", site.log());
}

#[test]
fn the_exit_status_is_the_worst_check() {
    let site = Site::new();
    let exit = |memory: &str, arguments: &[&str], code| {
        let mut command = site.checkpost(arguments);
        command.env("CPU_THRESHOLD", "100").env("DISK_THRESHOLD", "100").env("MEMORY_THRESHOLD", memory);
        Said::of(&mut command, code)
    };
    exit("100", &["run", "--exit-status"], 0);
    exit("0.01", &["run"], 0);
    exit("0.01", &["run", "--exit-status"], 1);
    let nagios = exit("0.01", &["run", "--format", "nagios"], 1);
    assert!(nagios.stdout.starts_with("CHECKPOST WARNING - 1 warning: Memory usage is "), "{}", nagios.stdout);
    exit("abc", &["run"], 2);
    exit("abc", &["run", "--exit-status"], 3);
    let nagios = exit("abc", &["run", "--format", "nagios"], 3);
    assert!(nagios.stdout.starts_with("CHECKPOST UNKNOWN - "), "{}", nagios.stdout);
    site.says(&["run", "--format", "nagios", "--wrong"], 3);
    site.says(&["run", "--wrong"], 2);
    site.says(&["run", "--config", "/etc/nagios/x.toml", "--wrong"], 2);
    let not_utf8 = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff");
    Said::of(site.checkpost(&["run", "--wrong"]).arg::<&std::ffi::OsStr>(not_utf8), 2);
}

#[test]
fn what_was_not_judged_is_not_ok() {
    let off = |name| format!("[[check]]\nname = \"{name}\"\nenabled = false\n");
    let site = Site::with_config(&BUILT_IN.map(off).concat());
    let said = site.says(&["run", "--format", "nagios"], 3);
    assert!(said.stdout.starts_with("CHECKPOST UNKNOWN - Nothing was judged"), "{}", said.stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_output_is() {
    let site = Site::new();
    let script = "\"$0\" run | true; exit ${PIPESTATUS[0]}";
    let mut command = assert_cmd::Command::new("bash");
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(site.directory.path());
    command.args(["-c", script, env!("CARGO_BIN_EXE_checkpost")]);
    command.assert().success();
    let mut command = assert_cmd::Command::new("bash");
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(site.directory.path());
    command.args(["-c", "\"$0\" run > /dev/full", env!("CARGO_BIN_EXE_checkpost")]);
    let said = Said::of(&mut command, 1);
    assert!(said.error().starts_with("cannot write to standard output"), "{}", said.stderr);
}

#[test]
fn the_cache_is_private() {
    let site = Site::new();
    site.says(&["run"], 0);
    let mode = std::fs::metadata(site.path("data/cache")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let mode = std::fs::metadata(site.path("data/cache/key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
