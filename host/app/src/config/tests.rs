//! The configuration as a whole: which source wins, and what is refused with which message.
#![allow(clippy::unwrap_used)]

mod allowance;
mod display;
mod heartbeat;
mod mistakes;
mod receivers;
mod routes;
mod site;
mod suppression;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::Level;

use checkpost_alerting::alert::{Flapping, OnUnknown, Rule};
use checkpost_model::check::{Allowance, Limits, ModuleSource, SettingValue};
use checkpost_sandbox::{CompileLimits, WasiPolicy};

use super::*;
use site::{Site, VAR, assert_refused};

fn check<'a>(config: &'a Config, name: &str) -> &'a ConfiguredCheck {
    config.checks.iter().find(|check| check.instance.name == name).unwrap()
}

fn names(config: &Config) -> Vec<&str> {
    config.checks.iter().map(|check| check.instance.name.as_str()).collect()
}

#[test]
fn configuration_without_a_file_has_the_defaults() {
    let site = Site::new(&[]);
    let config = site.load(&[]);
    assert_eq!(config.file, None);
    assert_eq!(config.base_dir, site.path("").components().as_path());
    assert_eq!(config.database, Sourced::default_of(site.path("data/automation.db")));
    assert_eq!(config.checks_dir, Sourced::default_of(site.path("checks.d")));
    assert_eq!(config.cache_dir, site.path("data/cache"));
    assert_eq!(config.timeout, Duration::from_secs(60));
    assert_eq!(config.log.file, site.path("logs/automation.log"));
    assert_eq!((config.log.level.value, config.log.max_bytes, config.log.keep), (Level::INFO, 5_242_880, 5));
    assert_eq!(config.allowance, Allowance::default());
    assert_eq!((config.wasi, &config.compile), (WasiPolicy::Stub, &CompileLimits::default()));
    assert_eq!(config.collect, CollectConfig::default());
    assert_eq!(names(&config), ["cpu", "memory", "disk", "network"]);
    let cpu = check(&config, "cpu");
    assert_eq!(cpu.instance.module, ModuleSource::Builtin("cpu"));
    assert_eq!(cpu.instance.channel, "system_monitoring");
    assert_eq!((&cpu.origin, cpu.instance.settings.is_empty()), (&Origin::Default, true));
}

#[test]
fn file_sets_every_key() {
    let site = Site::new(&[(
        "checkpost.toml",
        r#"
            database_url = "sqlite:///db/../db/a.db"
            checks_dir = "mine"
            cache_dir = "../cache"
            timeout_seconds = 3600
            [log]
            file = "/var/log/a.log"
            level = "critical"
            max_bytes = 65_536
            keep = 0
            [limits]
            fuel = 1
            evaluation_ms = 2
            memory_bytes = 3
            verdicts = 4
            text_bytes = 5
            module_bytes = 6
            output_bytes = 7
            stored_bytes = 8
            [collect]
            interfaces = ["eth0", "wl*"]
            disks = []
            store = ["system.*"]
            processes = ["*sh"]
            top_processes = 0
            [alert]
            for = "5m"
            repeat_interval = "never"
            flapping = false
            on_unknown = "keep"
            [export]
            textfile = "../export/checkpost.prom"
            [[check]]
            name = "logs"
            module = "./odd/../logs.wasm"
            channel = "log_analysis"
            alert = { for = "10m", flapping = { window = 10 }, stale_after = "1m", notify = "every-run" }
            [check.settings]
            strict = true
            ratio = 0.5
            count = 0x10
            text = ""
            numbers = [1, 2.5]
            texts = ["a", "b"]
            nothing = []
        "#,
    )]);
    fs::create_dir(site.path("mine")).unwrap();
    let config = site.load(&[]);
    let file = site.path("checkpost.toml");
    let at = |line| Origin::File { path: file.clone(), line };
    assert_eq!(config.file, Some(file.clone()));
    assert_eq!(config.database, Sourced::new(site.path("db/a.db"), at(2)));
    assert_eq!(config.checks_dir, Sourced::new(site.path("mine"), at(3)));
    assert_eq!(config.cache_dir, site.path("").parent().unwrap().join("cache"));
    assert_eq!(config.timeout, Duration::from_secs(3_600));
    assert_eq!(config.log.file, Path::new("/var/log/a.log"));
    assert_eq!((config.log.level.value, config.log.max_bytes, config.log.keep), (Level::ERROR, 65_536, 0));
    let limits = Limits {
        fuel: 1,
        evaluation: Duration::from_millis(2),
        memory_bytes: 3,
        verdicts: 4,
        text_bytes: 5,
        module_bytes: 6,
        output_bytes: 7,
        stored_bytes: 8,
        ..Limits::DEFAULT
    };
    assert_eq!(config.allowance.limits, limits);
    let collect = CollectConfig {
        store: vec!["system.*".to_owned()],
        interfaces: Some(vec!["eth0".to_owned(), "wl*".to_owned()]),
        disks: Some(vec![]),
        processes: vec!["*sh".to_owned()],
        top_processes: 0,
    };
    assert_eq!(config.collect, collect);
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let rule = Rule {
        pending_for: minutes(5),
        repeat_interval: None,
        flapping: None,
        on_unknown: OnUnknown::Keep,
        ..Rule::default()
    };
    assert_eq!(config.alerting, Alerting { rule: rule.clone(), notify: Notify::Changes });
    assert_eq!(check(&config, "cpu").alerting, config.alerting);
    let rule_of_logs = Rule {
        pending_for: minutes(10),
        flapping: Some(Flapping { window: 10, ..Flapping::default() }),
        stale_after: Some(minutes(1)),
        ..rule
    };
    assert_eq!(check(&config, "logs").alerting, Alerting { rule: rule_of_logs, notify: Notify::EveryRun });
    assert_eq!(config.export.textfile, Some(site.path("").parent().unwrap().join("export/checkpost.prom")));
    assert_eq!(names(&config), ["cpu", "memory", "disk", "network", "logs"]);
    let logs = check(&config, "logs");
    assert_eq!(logs.origin, at(34));
    assert_eq!(logs.instance.module, ModuleSource::File(site.path("logs.wasm")));
    assert_eq!(logs.instance.channel, "log_analysis");
    let settings = [
        ("strict", SettingValue::Flag(true), 39),
        ("ratio", SettingValue::Number(0.5), 40),
        ("count", SettingValue::Number(16.0), 41),
        ("text", SettingValue::Text(String::new()), 42),
        ("numbers", SettingValue::Numbers(vec![1.0, 2.5]), 43),
        ("texts", SettingValue::Texts(vec!["a".to_owned(), "b".to_owned()]), 44),
        ("nothing", SettingValue::Texts(vec![]), 45),
    ];
    assert_eq!(logs.instance.settings.len(), settings.len());
    for (name, value, line) in settings {
        assert_eq!(logs.instance.settings[name], value);
        assert_eq!(logs.setting_origin(name), &at(line));
    }
    assert_eq!(config.claimed_modules, [site.path("logs.wasm")]);
}

#[test]
fn environment_wins_over_dotenv_and_dotenv_over_the_file() {
    let site = Site::new(&[
        (
            "checkpost.toml",
            "database_url = \"sqlite:///file.db\"\n[log]\nlevel = \"ERROR\"\n[[check]]\nname = \"cpu\"\n\
             settings = { threshold = 10, critical = 99 }\n[[check]]\nname = \"disk\"\nsettings = { threshold = 11 }",
        ),
        (".env", "CPU_THRESHOLD=20\nMEMORY_THRESHOLD=21\nDATABASE_URL=sqlite:///dotenv.db\nLOG_LEVEL=bogus\nOTHER=x\n"),
    ]);
    let config = site.load(&[("CPU_THRESHOLD", " 30.5 "), ("LOG_LEVEL", "warning")]);
    let threshold = |name| check(&config, name).instance.settings["threshold"].clone();
    let origin = |name| check(&config, name).setting_origin("threshold").clone();
    assert_eq!(threshold("cpu"), SettingValue::Number(30.5));
    assert_eq!(origin("cpu"), Origin::Environment("CPU_THRESHOLD"));
    assert_eq!(check(&config, "cpu").instance.settings["critical"], SettingValue::Number(99.0));
    assert_eq!(threshold("memory"), SettingValue::Number(21.0));
    assert_eq!(origin("memory"), Origin::DotEnv { path: site.path(".env"), line: 2 });
    assert_eq!(threshold("disk"), SettingValue::Number(11.0));
    assert_eq!(origin("disk"), Origin::File { path: site.path("checkpost.toml"), line: 9 });
    assert_eq!(config.log.level.value, Level::WARN);
    assert_eq!(config.database.value, site.path("dotenv.db"));
    assert_eq!(config.cache_dir, site.path("cache"));
    assert_eq!(config.checks_dir.origin, Origin::Default);
}

#[test]
fn threshold_may_be_0_or_100_and_log_levels_have_the_names_of_python() {
    let site = Site::new(&[]);
    for value in ["0", "100", "97", "0.01"] {
        assert_eq!(names(&site.load(&[("CPU_THRESHOLD", value)])).len(), 4, "{value}");
    }
    for (name, level) in [
        ("trace", Level::TRACE),
        ("Debug", Level::DEBUG),
        ("INFO", Level::INFO),
        ("WARN", Level::WARN),
        ("WARNING", Level::WARN),
        ("ERROR", Level::ERROR),
        ("CRITICAL", Level::ERROR),
    ] {
        assert_eq!(site.load(&[("LOG_LEVEL", name)]).log.level.value, level);
    }
}

#[test]
fn named_file_wins_over_the_usual_ones() {
    let text = |seconds| format!("timeout_seconds = {seconds}");
    let site = Site::new(&[
        ("flag/a.toml", &text(1)),
        ("variable/b.toml", &text(2)),
        ("checkpost.toml", &text(3)),
        ("etc/checkpost.toml", &text(4)),
    ]);
    let flags = Flags { config: Some("flag/a.toml".into()), checks: None };
    let variable = [("CHECKPOST_CONFIG", "variable/b.toml")];
    let seen = |config: Config| (config.timeout.as_secs(), config.base_dir, config.file.unwrap());
    let expected = |seconds, dir, file| (seconds, site.path(dir), site.path(dir).join(file));

    assert_eq!(seen(site.load_with(&flags, &variable).unwrap()), expected(1, "flag", "a.toml"));
    assert_eq!(seen(site.load(&variable)), expected(2, "variable", "b.toml"));
    assert_eq!(seen(site.load(&[])).0, 3);
    fs::remove_file(site.path("checkpost.toml")).unwrap();
    assert_eq!(seen(site.load(&[])), expected(4, "etc", "checkpost.toml"));
    fs::remove_file(site.path("etc/checkpost.toml")).unwrap();
    assert_eq!(site.load(&[]).file, None);
}

#[test]
fn relative_paths_start_from_the_file_and_those_of_flags_from_the_working_directory() {
    let site = Site::new(&[
        ("conf/checkpost.toml", "checks_dir = \"a\""),
        ("conf/.env", "LOG_LEVEL=DEBUG"),
        ("conf/a/x", ""),
        ("conf/b/x", ""),
        ("c/x", ""),
    ]);
    let mut flags = Flags { config: Some("conf/checkpost.toml".into()), checks: None };
    let config = site.load_with(&flags, &[]).unwrap();
    assert_eq!(config.database.value, site.path("conf/data/automation.db"));
    assert_eq!(config.log.level.value, Level::DEBUG);
    assert_eq!(config.checks_dir.value, site.path("conf/a"));
    let variable = [("CHECKPOST_CHECKS", "b")];
    assert_eq!(site.load_with(&flags, &variable).unwrap().checks_dir.value, site.path("conf/b"));
    flags.checks = Some("c".into());
    let checks_dir = site.load_with(&flags, &variable).unwrap().checks_dir;
    assert_eq!(checks_dir, Sourced::new(site.path("c"), Origin::Flag("--checks")));
}

#[test]
fn built_in_checks_come_first_and_can_be_changed_replaced_and_disabled() {
    let site = Site::new(&[(
        "checkpost.toml",
        r#"
            check = [
                { name = "root", module = "disk" },
                { name = "off", module = "off.wasm", enabled = false },
                { name = "network", enabled = false },
                { name = "memory", module = "/opt/memory.wasm" },
                { name = "again", module = "/opt/memory.wasm" },
                { name = "cpu", channel = "ops" },
            ]
        "#,
    )]);
    let config = site.load(&[("MEMORY_THRESHOLD", "7")]);
    assert_eq!(names(&config), ["cpu", "memory", "disk", "root", "again"]);
    assert_eq!(check(&config, "root").instance.module, ModuleSource::Builtin("disk"));
    assert_eq!(check(&config, "root").instance.settings.len(), 0);
    assert_eq!(check(&config, "cpu").instance.channel, "ops");
    assert_eq!(check(&config, "memory").instance.module, ModuleSource::File("/opt/memory.wasm".into()));
    assert_eq!(check(&config, "memory").instance.settings["threshold"], SettingValue::Number(7.0));
    assert_eq!(config.claimed_modules, [PathBuf::from("/opt/memory.wasm"), site.path("off.wasm")]);
}

#[test]
fn example_file_has_the_defaults_and_a_valid_value_for_every_key() {
    let example = include_str!("../../../../checkpost.example.toml");
    // A comment is "# text", a key "#key = …".
    let uncommented: Vec<_> = example
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .collect();
    let site = Site::new(&[("checkpost.toml", &uncommented.join("\n")), ("checks.d/x", "")]);
    let (config, default) = (site.load(&[]), Site::new(&[]).load(&[]));
    assert_eq!(config.allowance, default.allowance);
    assert_eq!((config.wasi, &config.compile), (default.wasi, &default.compile));
    assert_eq!(config.timeout, default.timeout);
    assert_eq!(
        (&config.collect.store, config.collect.top_processes),
        (&default.collect.store, default.collect.top_processes)
    );
    assert_eq!(config.alerting, default.alerting);
    assert_eq!(config.database.value, site.path("data/automation.db"));
    assert_eq!(config.checks_dir.value, site.path("checks.d"));
    assert_eq!(config.cache_dir, site.path("data/cache"));
    assert_eq!(config.log.file, site.path("logs/automation.log"));
    assert_eq!(
        (config.log.level.value, config.log.max_bytes, config.log.keep),
        (default.log.level.value, default.log.max_bytes, default.log.keep)
    );
    assert_eq!(names(&config), ["cpu", "memory", "disk", "process", "archive", "certificates"]);
    let routes: Vec<_> = config
        .routes
        .iter()
        .map(|configured| (configured.route.name.as_str(), configured.receiver.transport.name()))
        .collect();
    assert_eq!(routes, [("ops", "email"), ("chat", "slack"), ("incidents", "webhook"), ("pager", "command")]);

    let as_is = Site::new(&[("checkpost.toml", example)]).load(&[]);
    assert_eq!(names(&as_is), names(&default));
}

#[test]
fn documented_example_is_valid() {
    let document = include_str!("../../../../docs/reference/configuration.md");
    let (_, example) = document.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    // The checks directory of the example does not exist here.
    let example = example.replace("/etc/checkpost/checks.d", "checks.d");
    let config = Site::new(&[("checkpost.toml", &example), ("checks.d/x", "")]).load(&[]);
    assert_eq!(names(&config), ["cpu", "memory", "disk", "archive", "certificates"]);
    assert_eq!(
        config.routes.iter().map(|configured| configured.receiver.transport.name()).collect::<Vec<_>>(),
        ["email", "webhook"]
    );
}
