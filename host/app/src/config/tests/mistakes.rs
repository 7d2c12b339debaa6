//! Mistakes and their messages, one fixture each.

use std::fs;

use super::{Site, assert_refused};
use crate::config::Flags;

const MODULE_RULE: &str = "module must be a built-in check (cpu, memory, disk, network, load, swap, pressure, disk-io, temperature, gpu, process, uptime, threshold) or a path, which contains '/' or ends in .wasm";
const NAME_RULE: &str = "must be 1 to 64 of the characters a-z, A-Z, 0-9, '-', '_' and '.'";
const SETTING_RULE: &str = "must be true or false, a finite number, a string, a list of numbers or a list of strings";

/// The text of a file, and the error after `DIR/checkpost.toml:`.
#[test]
fn mistake_in_the_file_is_one_line_with_origin_value_and_remedy() {
    let setting = |value: &str| format!("[[check]]\nname = \"cpu\"\n[check.settings]\nx = {value}\n");
    let long = "x".repeat(200);
    let cases: Vec<(String, String)> = [
        ("a = 1", "1: unknown key 'a': allowed keys are database_url, checks_dir, cache_dir, timeout_seconds, interval, require_lock, found_bytes_per_day, max_modules, grants, wasi, log, limits, compile, collect, export, alert, maintenance, inhibit, check, smtp, route, heartbeat"),
        ("[log]\nlevle = 1\na = 2", "2: unknown key 'log.levle': allowed keys are file, level, max_bytes, keep"),
        ("[collect]\n\"a\\nb\" = 1", "2: unknown key 'collect.a\\u{a}b': allowed keys are store, interfaces, disks, processes, top_processes"),
        ("[export]\nfile = 1", "2: unknown key 'export.file': allowed keys are textfile"),
        ("[export]\ntextfile = \"\"", "2: export.textfile is \"\": must be a string that is not empty"),
        ("[limits]\nram = 1", "2: unknown key 'limits.ram': allowed keys are fuel, evaluation_ms, memory_bytes, memory_grows, stack_bytes, history_points, verdicts, text_bytes, output_bytes, stored_bytes, module_bytes, ceiling"),
        ("[[check]]\nname = \"cpu\"\nthreshold = 5", "3: unknown key 'check.threshold': allowed keys are name, module, enabled, channel, owner, limits, grants, alert, settings"),
        ("max_modules = 0", "1: max_modules is 0: must be a whole number from 1 to 10000"),
        ("max_modules = 10001", "1: max_modules is 10001: must be a whole number from 1 to 10000"),
        ("timeout_seconds = 0", "1: timeout_seconds is 0: must be a whole number from 1 to 3600"),
        ("timeout_seconds = 3601", "1: timeout_seconds is 3601: must be a whole number from 1 to 3600"),
        ("timeout_seconds = -1", "1: timeout_seconds is -1: must be a whole number from 1 to 3600"),
        ("timeout_seconds = 1.5", "1: timeout_seconds is 1.5: must be a whole number from 1 to 3600"),
        ("timeout_seconds = \"1m\"", "1: timeout_seconds is \"1m\": must be a whole number from 1 to 3600"),
        ("timeout_seconds = 99999999999999999999", "1: timeout_seconds is 99999999999999999999: must be a whole number from 1 to 3600"),
        ("interval = \"0s\"", "1: interval is \"0s\": must be a duration from \"1s\" to \"366d\", such as \"5m\""),
        ("interval = 300", "1: interval is 300: must be a duration from \"1s\" to \"366d\", such as \"5m\""),
        ("require_lock = \"yes\"", "1: require_lock is \"yes\": must be true or false"),
        ("[log]\nmax_bytes = 65535", "2: log.max_bytes is 65535: must be a whole number from 65536 to 1073741824"),
        ("[log]\nkeep = 101", "2: log.keep is 101: must be a whole number from 0 to 100"),
        ("[log]\nlevel = \"LOUD\"", "2: log.level is \"LOUD\": must be TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("[log]\nfile = \" \"", "2: log.file is \" \": must be a string that is not empty"),
        ("log = 3", "1: log is a number: must be a table: [log]"),
        ("[limits]\nfuel = 0", "2: limits.fuel is 0: must be a whole number from 1 to 100000000000"),
        ("[limits]\nmemory_bytes = 1073741825", "2: limits.memory_bytes is 1073741825: must be a whole number from 1 to 1073741824"),
        ("[collect]\ninterfaces = \"eth0\"", "2: collect.interfaces is \"eth0\": must be a list of interface names or prefixes, such as \"eth0\" or \"wl*\""),
        ("[collect]\ninterfaces = [\"*0\"]", "2: collect.interfaces is [\"*0\"]: must be a list of interface names or prefixes, such as \"eth0\" or \"wl*\""),
        ("[collect]\nstore = [\"\"]", "2: collect.store is [\"\"]: must be a list of metric names or prefixes, such as \"system.uptime\" or \"system.*\""),
        ("[collect]\ndisks = [1]", "2: collect.disks is [1]: must be a list of disk names or prefixes, such as \"sda\" or \"nvme*\""),
        ("[collect]\nprocesses = [\"\"]", "2: collect.processes is [\"\"]: must be a list of process names, such as \"sshd\", in which \"*\" stands for any text"),
        ("[collect]\ntop_processes = 101", "2: collect.top_processes is 101: must be a whole number from 0 to 100"),
        ("[alert]\nfor = 5", "2: alert.for is 5: must be a duration such as \"5m\", or \"0s\""),
        ("[alert]\nrepeat_interval = \"0s\"", "2: alert.repeat_interval is \"0s\": must be a duration such as \"4h\", or \"never\""),
        ("[alert]\nstale_after = \"soon\"", "2: alert.stale_after is \"soon\": must be a duration such as \"4h\", or \"never\""),
        ("[alert]\nflapping = true", "2: alert.flapping is true: must be false, or a table of window, high and low"),
        ("[alert.flapping]\nwindow = 65", "2: alert.flapping.window is 65: must be a whole number from 2 to 64"),
        ("[alert.flapping]\nhigh = 0.2\nlow = 0.3", "3: alert.flapping.low is 0.3: must be a number from 0 to 0.2"),
        ("[alert]\non_unknown = \"panic\"", "2: alert.on_unknown is \"panic\": must be \"keep\", \"notify\" or \"ignore\""),
        ("[[check]]\nname = \"cpu\"\n[check.alert]\nnotify = \"always\"", "4: check.alert.notify is \"always\": must be \"changes\" or \"every-run\""),
        ("database_url = 5", "1: database_url is 5: must be a string that is not empty"),
        ("\ndatabase_url = \"mysql://me:hunter2@db/x\"", "2: database_url is \"mysql://…\": only sqlite:///PATH is supported (three slashes and a relative path, or four and an absolute one)"),
        ("checks_dir = \"nowhere\"", "1: checks_dir is \"DIR/nowhere\": does not exist"),
        ("checks_dir = \"checkpost.toml\"", "1: checks_dir is \"DIR/checkpost.toml\": must be a directory"),
        ("check = 1", "1: check is a number: must be a list of tables, each headed [[check]]"),
        ("route = [\"hunter2\"]", "1: route is a list: must be a list of tables, each headed [[route]]"),
        ("[check]\nname = \"cpu\"", "1: check is a table: must be a list of tables, each headed [[check]]"),
        ("\n[[check]]\nenabled = true", "2: this [[check]] has no name"),
        ("[[check]]\nname = \"a b\"", "2: check.name is \"a b\": NAME"),
        ("[[check]]\nname = \"cpu\"\nchannel = \"#ops\"", "3: check.channel is \"#ops\": NAME"),
        ("[[check]]\nname = \"cpu\"\nenabled = \"no\"", "3: check.enabled is \"no\": must be true or false"),
        ("[[check]]\nname = \"mine\"", "2: check 'mine' has no module: MODULE"),
        ("[[check]]\nname = \"mine\"\nmodule = \"cpus\"", "3: check.module is \"cpus\": MODULE"),
        ("[[check]]\nname = \"cpu\"\n[[check]]\nname = \"cpu\"", "4: check 'cpu' is already defined at DIR/checkpost.toml:2; names must be unique"),
        ("[[check]]\nname = \"cpu\"\nsettings = 1", "3: check.settings is a number: must be a table: [check.settings]"),
        ("a = ", "1:5: not valid TOML: string values must be quoted, expected literal string"),
        ("[log]\nkeep = 1\nkeep = 2", "3:1: not valid TOML: duplicate key"),
        ("log = {", "1:8: not valid TOML: unclosed inline table, expected `}`"),
    ]
    .map(|(text, message)| (text.to_owned(), message.replace("MODULE", MODULE_RULE).replace("NAME", NAME_RULE)))
    .into_iter()
    .chain([
        (format!("[[check]]\nname = \"{long}\""), format!("2: check.name is \"{}…: {NAME_RULE}", &long[..78])),
        (setting("9007199254740993"), "4: setting 'x' of check 'cpu' is 9007199254740993: an integer must be from -9007199254740992 to 9007199254740992".to_owned()),
    ])
    .chain(
        [
            ("nan", "nan"),
            ("-inf", "-inf"),
            ("1e999", "1e999"),
            ("1979-05-27", "the date 1979-05-27"),
            ("{ y = 1 }", "a table"),
            ("[1, \"a\"]", "[1, \"a\"]"),
            ("[true]", "[true]"),
            ("[[1]]", "[[1]]"),
            ("[1, inf]", "[1, inf]"),
        ]
        .map(|(value, shown)| (setting(value), format!("4: setting 'x' of check 'cpu' is {shown}: {SETTING_RULE}"))),
    )
    .collect();
    for (text, expected) in cases {
        assert_refused(&text, &expected);
    }
}

/// A variable, its value and the error, once in the environment and once in `.env`.
#[test]
fn mistake_in_a_variable_is_one_line_with_origin_value_and_remedy() {
    let levels = "TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL";
    for (name, value, expected) in [
        ("CPU_THRESHOLD", "abc", "\"abc\": must be a number from 0 to 100"),
        ("CPU_THRESHOLD", "-5", "\"-5\": must be a number from 0 to 100"),
        ("MEMORY_THRESHOLD", "150", "\"150\": must be a number from 0 to 100"),
        ("DISK_THRESHOLD", "NaN", "\"NaN\": must be a number from 0 to 100"),
        ("DISK_THRESHOLD", "inf", "\"inf\": must be a number from 0 to 100"),
        ("DISK_THRESHOLD", "80%", "\"80%\": must be a number from 0 to 100, without the '%'"),
        ("CPU_THRESHOLD", "", "empty: remove it or set it to a number from 0 to 100"),
        ("LOG_LEVEL", "", &format!("empty: remove it or set it to {levels}")),
        ("LOG_LEVEL", "loud", &format!("\"loud\": must be {levels}")),
        ("DATABASE_URL", "", "empty: remove it or set it to sqlite:///PATH"),
        (
            "DATABASE_URL",
            "sqlite:///:memory:",
            "\"sqlite:///:memory:\": a database in memory would forget every run; name a file: sqlite:///PATH",
        ),
        (
            "DATABASE_URL",
            "mysql://x",
            "\"mysql://…\": only sqlite:///PATH is supported (three slashes and a relative path, or four and an absolute one)",
        ),
        ("CHECKPOST_CHECKS", "", "empty: remove it or set it to the path of a directory"),
        ("CHECKPOST_CHECKS", "nowhere", "\"DIR/nowhere\": does not exist"),
    ] {
        let error = Site::new(&[]).error(&Flags::default(), &[(name, value)]);
        assert_eq!(error, format!("environment variable {name} is {expected}"));
        let dotenv = format!("# shared\n{name}={value}\n");
        let error = Site::new(&[(".env", &dotenv)]).error(&Flags::default(), &[]);
        assert_eq!(error, format!("DIR/.env:2: {name} is {expected}"));
    }
}

#[test]
fn unreadable_file_is_named() {
    let site = Site::new(&[("dir/x", "")]);
    let config = |path: &str| Flags { config: Some(path.into()), checks: None };
    let checks = |path: &str| Flags { config: None, checks: Some(path.into()) };
    let variable = |path| [("CHECKPOST_CONFIG", path)];
    let none = Flags::default();
    assert_eq!(site.error(&config("no.toml"), &[]), "--config is \"no.toml\": does not exist");
    assert_eq!(site.error(&config("dir"), &[]), "--config is \"dir\": must be a file, but is a directory");
    assert_eq!(site.error(&checks("no"), &[]), "--checks is \"DIR/no\": does not exist");
    assert_eq!(
        site.error(&none, &variable("no.toml")),
        "environment variable CHECKPOST_CONFIG is \"no.toml\": does not exist"
    );
    assert_eq!(
        site.error(&none, &variable("")),
        "environment variable CHECKPOST_CONFIG is empty: remove it or set it to the path of a file"
    );
    fs::create_dir(site.path(".env")).unwrap();
    assert!(site.error(&none, &[]).starts_with("cannot read DIR/.env: "));
    fs::create_dir(site.path("checkpost.toml")).unwrap();
    assert!(site.error(&none, &[]).starts_with("cannot read DIR/checkpost.toml: "));
}

#[test]
fn file_that_is_not_utf8_is_refused_with_its_line() {
    let site = Site::new(&[]);
    fs::write(site.path("checkpost.toml"), b"# a\n# \xff\n").unwrap();
    let error = site.error(&Flags::default(), &[]);
    assert_eq!(error, "DIR/checkpost.toml:2: not valid UTF-8: save the file as UTF-8");
}

#[test]
#[cfg(unix)]
fn variable_that_is_not_utf8_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    use std::path::Path;

    use crate::config::resolve::load_with_system_file;
    use crate::config::variables::Environment;

    let site = Site::new(&[]);
    let value = std::ffi::OsString::from_vec(b"8\xff".to_vec());
    let environment = Environment::from([("CPU_THRESHOLD".to_owned(), value)]);
    let error =
        load_with_system_file(&Flags::default(), &environment, site.0.path(), Path::new("/nowhere")).unwrap_err();
    assert_eq!(error.to_string(), "environment variable CPU_THRESHOLD is \"8\\xFF\": must be UTF-8");
}
