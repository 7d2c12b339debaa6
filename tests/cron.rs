//! Runs under cron: no environment, another directory, overlapping runs, hung runs.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Output, Site, checkpost, without_built_in_checks};

#[test]
fn run_works_from_the_root_directory_without_an_environment() {
    let site = Site::with_config("database_url = \"sqlite:///./db/my.db\"\n");
    let mut command = checkpost();
    command.env_clear().current_dir("/").args(["run", "--config"]).arg(site.path("checkpost.toml"));
    Output::of(&mut command, 0);
    for file in ["db/my.db", "db/cache/key", "logs/automation.log"] {
        assert!(site.path(file).exists(), "{file} is next to the configuration");
    }
}

/// A configuration in which nothing is wrong, whatever this machine does.
const CALM: &str = "[[check]]\nname = \"cpu\"\nenabled = false\n[[check]]\nname = \"network\"\nenabled = false\n\
                    [[check]]\nname = \"disk\"\n[check.settings]\nthreshold = 100\n";

#[test]
fn quiet_run_prints_nothing_while_nothing_is_wrong() {
    let site = Site::with_config(CALM);
    let output = site.execute(&["run", "--quiet"], 0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    assert_eq!(site.count("runs"), 1);
}

#[test]
fn quiet_run_prints_an_alert_and_its_recovery_once_each() {
    let site = Site::with_config(CALM);
    let run = |threshold| {
        let mut command = site.checkpost(&["run", "--quiet"]);
        Output::of(command.env("MEMORY_THRESHOLD", threshold), 0).stdout
    };
    let output = run("0.01");
    assert!(output.contains("WARNING memory"), "{output}");
    assert_eq!(run("0.01"), "", "already announced");
    let output = run("99.9");
    assert!(output.contains("memory: Resolved: High memory usage"), "{output}");
    assert_eq!(run("99.9"), "");
}

#[test]
fn overlapping_run_is_skipped() {
    let site = Site::new();
    std::fs::create_dir(site.path("data")).unwrap();
    let other = File::create(site.path("data/automation.db.lock")).unwrap();
    other.lock().unwrap();
    let output = site.execute(&["run"], 0);
    assert_eq!(output.stdout, "");
    assert!(output.stderr.contains("skipped: another run is at work on"), "{}", output.stderr);
    assert!(site.log().contains("| WARNING | Run skipped"), "{}", site.log());
    assert_eq!(site.execute(&["run", "--quiet"], 0).stderr, "");
    let output = site.execute(&["run", "--format", "nagios"], 3);
    assert!(output.stdout.starts_with("CHECKPOST UNKNOWN - skipped"), "{}", output.stdout);
    assert!(site.is_empty());
    drop(other);
    site.execute(&["run"], 0);
    assert_eq!(site.count("runs"), 1);
}

#[test]
fn concurrent_runs_are_each_stored_or_skipped() {
    let site = Site::new();
    site.execute(&["db", "migrate"], 0);
    let runs = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..4).map(|_| scope.spawn(|| site.execute(&["run"], 0))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).filter(|output| !output.stdout.is_empty()).count()
    });
    assert!(runs >= 1);
    assert_eq!(site.count("runs"), runs as i64);
    assert_eq!(site.count("system_metrics"), runs as i64);
}

#[test]
fn hung_run_is_ended_at_its_deadline_and_stores_nothing() {
    let site = Site::new();
    // Compile first, so that the run waits for the database only.
    site.execute(&["run"], 0);
    site.write("checkpost.toml", "timeout_seconds = 1\n");
    // Another program locks the database for longer than the deadline.
    let database = site.database();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let output = site.execute(&["run"], 1);
    assert!(output.error().contains("did not end within 1 s (timeout_seconds)"), "{}", output.stderr);
    let output = site.execute(&["run", "--exit-status"], 3);
    assert!(output.error().contains("timeout_seconds"), "{}", output.stderr);
    let output = site.execute(&["run", "--format", "nagios"], 3);
    assert!(output.stdout.starts_with("CHECKPOST UNKNOWN - the run did not end"), "{}", output.stdout);
    database.execute_batch("ROLLBACK").unwrap();
    assert_eq!(site.count("runs"), 1);
    site.write("checkpost.toml", "");
    site.execute(&["run"], 0);
}

#[test]
fn log_that_is_no_file_is_a_warning_and_is_left_alone() {
    let site = Site::new();
    let log = site.path("logs/automation.log");
    let warning =
        |is: &str| format!("cannot write the log {}: is {is}, not a file", log.canonicalize().unwrap().display());
    site.write("logs/elsewhere", "");
    assert!(std::process::Command::new("mkfifo").arg(&log).status().unwrap().success());
    let stderr = site.execute(&["run"], 0).stderr;
    assert!(stderr.contains(&warning("a FIFO")), "{stderr}");
    std::fs::remove_file(&log).unwrap();
    std::os::unix::fs::symlink("elsewhere", &log).unwrap();
    let stderr = site.execute(&["run"], 0).stderr;
    assert!(stderr.contains("automation.log: is a symbolic link, not a file"), "{stderr}");
    assert_eq!(std::fs::read_to_string(site.path("logs/elsewhere")).unwrap(), "");
    assert_eq!(site.count("runs"), 2);
}

#[test]
fn run_lock_that_is_no_file_fails_the_run_without_waiting() {
    let site = Site::new();
    site.write("data/elsewhere", "");
    let lock = site.path("data/automation.db.lock");
    assert!(std::process::Command::new("mkfifo").arg(&lock).status().unwrap().success());
    assert!(site.execute(&["run"], 1).error().contains("is a FIFO, not a file"));
    std::fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink("elsewhere", &lock).unwrap();
    assert!(site.execute(&["run"], 1).error().contains("is a symbolic link, not a file"));
}

#[test]
fn killed_run_leaves_a_whole_cycle_or_none() {
    let site = Site::new();
    site.execute(&["run"], 0);
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
    site.execute(&["db", "check"], 0);
    let runs = site.count("runs");
    assert_eq!(site.count("system_metrics"), runs);
    assert_eq!(site.value::<i64>("SELECT count(DISTINCT run_id) FROM samples"), runs);
    assert_eq!(site.count("evaluations"), 4 * runs);
    // The first stored run raised the alert; the later ones knew that it was announced.
    assert_eq!(site.count("notifications WHERE check_name = 'memory'"), i64::from(runs > 1));
    assert_eq!(site.count("alerts WHERE instance = 'memory'"), i64::from(runs > 1));
    site.execute(&["run"], 0);
}

#[test]
fn run_lock_is_made_private() {
    let site = Site::new();
    site.write("data/automation.db.lock", "");
    site.execute(&["run"], 0);
    let mode = std::fs::metadata(site.path("data/automation.db.lock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// As on a full disk: this file of the kernel can be opened, and refuses every line.
#[cfg(target_os = "linux")]
#[test]
fn log_that_takes_no_line_prints_nothing_that_cron_would_mail() {
    let site = Site::with_config("[log]\nfile = \"/proc/self/oom_score_adj\"\nlevel = \"DEBUG\"\n");
    assert_eq!(site.execute(&["run"], 0).stderr, "");
}

#[test]
fn unwritable_log_is_a_warning() {
    let site = Site::with_config("[log]\nfile = \"checkpost.toml/automation.log\"\n");
    let output = site.execute(&["run"], 0);
    assert!(output.stderr.starts_with("checkpost: warning: cannot write the log "), "{}", output.stderr);
    assert_eq!(site.count("runs"), 1);
}

#[test]
fn log_has_the_lines_that_people_grep_for() {
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
fn exit_status_is_that_of_the_worst_check() {
    let site = Site::new();
    let exit = |memory: &str, arguments: &[&str], code| {
        let mut command = site.checkpost(arguments);
        command.env("CPU_THRESHOLD", "100").env("DISK_THRESHOLD", "100").env("MEMORY_THRESHOLD", memory);
        Output::of(&mut command, code)
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
    site.execute(&["run", "--format", "nagios", "--wrong"], 3);
    site.execute(&["run", "--wrong"], 2);
    site.execute(&["run", "--config", "/etc/nagios/x.toml", "--wrong"], 2);
    let not_utf8 = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff");
    Output::of(site.checkpost(&["run", "--wrong"]).arg::<&std::ffi::OsStr>(not_utf8), 2);
}

#[test]
fn run_without_enabled_checks_is_unknown() {
    let site = Site::with_config(&without_built_in_checks());
    let output = site.execute(&["run", "--format", "nagios"], 3);
    assert!(output.stdout.starts_with("CHECKPOST UNKNOWN - Nothing was judged"), "{}", output.stdout);
}

#[test]
fn closed_output_is_no_error_but_a_full_one_is() {
    let site = Site::new();
    let script = "\"$0\" run | true; exit ${PIPESTATUS[0]}";
    let mut command = assert_cmd::Command::new("bash");
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(site.directory.path());
    command.args(["-c", script, env!("CARGO_BIN_EXE_checkpost")]);
    command.assert().success();
    let mut command = assert_cmd::Command::new("bash");
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(site.directory.path());
    command.args(["-c", "\"$0\" run > /dev/full", env!("CARGO_BIN_EXE_checkpost")]);
    let output = Output::of(&mut command, 1);
    assert!(output.error().starts_with("cannot write to standard output"), "{}", output.stderr);
}
