//! The configuration as `config show` prints it.

use toml::{Table, Value};

use super::*;

/// The example file with every key uncommented.
fn example() -> String {
    let example = include_str!("../../../../../checkpost.example.toml");
    let uncommented =
        example.lines().map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line));
    uncommented.collect::<Vec<_>>().join("\n")
}

fn shown(site: &Site, variables: &[(&str, &str)]) -> String {
    show(&site.load(variables)).unwrap()
}

/// The output for a file.
fn shown_of(toml: &str) -> String {
    shown(&Site::new(&[("checkpost.toml", toml)]), &[])
}

/// The line of a key below a heading.
fn line<'a>(shown: &'a str, heading: &str, key: &str) -> &'a str {
    let (_, section) = shown.split_once(heading).unwrap_or_else(|| panic!("no {heading} in {shown}"));
    let section = section.split("\n[").next().unwrap();
    section
        .lines()
        .find(|line| line.starts_with(&format!("{key} =")))
        .unwrap_or_else(|| panic!("no {key} in {section}"))
}

/// The paths of all keys of a document. The path of a table in a list has its name.
fn paths(table: &Table, prefix: &str, paths: &mut Vec<String>) {
    for (key, value) in table {
        let path = format!("{prefix}{key}");
        match value {
            Value::Table(table) => self::paths(table, &format!("{path}."), paths),
            Value::Array(items) if items.iter().all(Value::is_table) && !items.is_empty() => {
                for item in items.iter().filter_map(Value::as_table) {
                    let name = item.get("name").map(Value::to_string).unwrap_or_default();
                    self::paths(item, &format!("{path}[{name}]."), paths);
                }
            }
            _ => paths.push(path),
        }
    }
}

#[test]
fn example_is_shown_with_every_key() {
    let site = Site::new(&[("checkpost.toml", &example()), ("checks.d/x", "")]);
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    paths(&example().parse().unwrap(), "", &mut expected);
    paths(&shown(&site, &[]).parse().unwrap(), "", &mut found);
    assert!(expected.len() > 60, "{expected:?}");
    expected.retain(|path| !found.contains(path));
    assert_eq!(expected, [""; 0]);
}

#[test]
fn configuration_without_a_file_is_shown_with_every_key() {
    let shown = shown(&Site::new(&[("checks.d/x", "")]), &[]);
    let mut expected = Vec::new();
    let example = example();
    let (top, _) = example.split_once("[[").unwrap();
    paths(&top.parse().unwrap(), "", &mut expected);
    for path in expected.iter().filter(|path| !path.starts_with("alert.flapping.")) {
        let key = path.rsplit('.').next().unwrap();
        let is_shown = |line: &str| line.starts_with(&format!("{key} = ")) || line == format!("# {key} is not set");
        assert!(shown.lines().any(is_shown), "{path} is not in {shown}");
    }
}

#[test]
fn shown_configuration_means_the_same_in_any_directory() {
    let files = [example(), String::new(), COMPLETE.to_owned()];
    for file in &files {
        let site = Site::new(&[("checkpost.toml", file), ("checks.d/x", "")]);
        let config = site.load(&[("LOG_LEVEL", "WARN"), ("CPU_THRESHOLD", "33.5")]);
        // An operator would fill in the redacted values.
        let shown = show(&config).unwrap().replace("(redacted)", "https://example.org");
        let elsewhere = Site::new(&[("checkpost.toml", &shown)]);
        let again = elsewhere.load(&[]);
        assert_eq!(again.database.value, config.database.value);
        assert_eq!((&again.checks_dir.value, &again.cache_dir), (&config.checks_dir.value, &config.cache_dir));
        assert_eq!(
            (again.timeout, again.wasi, again.pin_policy.required),
            (config.timeout, config.wasi, config.pin_policy.required)
        );
        assert_eq!((&again.log.file, again.log.level.value), (&config.log.file, config.log.level.value));
        assert_eq!((again.log.max_bytes, again.log.keep), (config.log.max_bytes, config.log.keep));
        assert_eq!((&again.allowance, &again.ceiling), (&config.allowance, &config.ceiling));
        assert_eq!((&again.compile, &again.collect), (&config.compile, &config.collect));
        assert_eq!(format!("{:?}", again.suppression), format!("{:?}", config.suppression));
        // Commands run in the directory of the file.
        let routes = |config: &Config| format!("{:?}", config.routes).replace(config.base_dir.to_str().unwrap(), "DIR");
        assert_eq!(routes(&again), routes(&config));
        assert_eq!((&again.export, &again.alerting), (&config.export, &config.alerting));
        let instances = |checks: &[ConfiguredCheck]| {
            checks.iter().map(|check| (check.instance.clone(), check.alerting.clone())).collect::<Vec<_>>()
        };
        assert_eq!(instances(&again.checks), instances(&config.checks));
        assert_eq!(instances(&again.disabled), instances(&config.disabled));
        assert_eq!(
            again.claimed_modules.iter().collect::<std::collections::BTreeSet<_>>(),
            config.claimed_modules.iter().collect()
        );
    }
}

/// Values other than the defaults, names that need quotes, entries of every kind.
const COMPLETE: &str = r#"
    grants = ["hw.*"]
    wasi = "deny"
    [limits]
    fuel = 7
    ceiling = { fuel = 70 }
    [collect]
    disks = []
    [alert]
    for = "2h 30m"
    repeat_interval = "never"
    flapping = false
    on_unknown = "keep"
    notify = "every-run"
    [[check]]
    name = "mine"
    module = 'checks/my "own".wasm'
    owner = "alice"
    enabled = false
    limits = { fuel = 50 }
    [check.alert]
    stale_after = "never"
    flapping = { window = 10 }
    [check.settings]
    "a key" = "a\tb\u202e\\ \" '"
    numbers = [1, 2.5, -3e300]
    none = []
    flag = true
    [[check]]
    name = "network"
    enabled = false
    [[check]]
    name = "disk"
    grants = []
    [check.alert.flapping]
    high = 0.5
    [[maintenance]]
    name = "nightly"
    match = ['check=disk subject=~"/var.*"']
    start = "22:00"
    [[inhibit]]
    when = ["level=critical"]
    hide = ["level=warning"]
    [smtp]
    server = "mail.example.org"
    username = "checkpost"
    password = { env = "SMTP_PASSWORD" }
    from = "checkpost@example.org"
    [[route]]
    name = "mail"
    email = { to = ["ops@example.org"] }
    [route.template]
    body = """
{{ title }}
"""
    [[route]]
    name = "hook"
    [route.webhook]
    url = { env = "HOOK" }
    [route.webhook.headers]
    X-Token = { file = "/etc/checkpost/token" }
"#;

#[test]
fn value_is_shown_with_its_origin() {
    let toml = "timeout_seconds = 5\n[log]\nlevel = \"ERROR\"\n[[check]]\nname = \"cpu\"\n[check.settings]\nclear = 1\nthreshold = 2\n";
    let site = Site::new(&[("checkpost.toml", toml), (".env", "\nMEMORY_THRESHOLD=7\nDATABASE_URL=sqlite:///a.db\n")]);
    let shown = shown(&site, &[("LOG_LEVEL", "DEBUG"), ("CPU_THRESHOLD", "9")]);
    let database = site.path("a.db").display().to_string();
    for (heading, key, expected) in [
        ("# Effective", "timeout_seconds", "timeout_seconds = 5  # checkpost.toml:1"),
        ("# Effective", "wasi", "wasi = \"stub\"  # built-in default"),
        ("# Effective", "database_url", &format!("database_url = \"sqlite:///{database}\"  # .env:3")),
        ("[log]", "level", "level = \"DEBUG\"  # environment variable LOG_LEVEL"),
        ("[log]", "keep", "keep = 5  # built-in default"),
        ("[[check]]", "name", "name = \"cpu\"  # checkpost.toml:5"),
        ("[[check]]", "module", "module = \"cpu\"  # built-in default"),
        ("[check.settings]", "clear", "clear = 1  # checkpost.toml:7"),
        ("[check.settings]", "threshold", "threshold = 9  # environment variable CPU_THRESHOLD"),
    ] {
        assert_eq!(line(&shown, heading, key), expected);
    }
    let (_, memory) = shown.split_once("name = \"memory\"  # built-in default").unwrap();
    assert_eq!(line(memory, "[check.settings]", "threshold"), "threshold = 7  # .env:2");
}

#[test]
fn grants_of_an_instance_without_its_own_have_the_origin_of_those_of_all() {
    let shown = shown_of("grants = [\"hw.*\"]\n[[check]]\nname = \"disk\"\ngrants = [\"system.*\"]\n");
    assert_eq!(line(&shown, "name = \"cpu\"", "grants"), "grants = [\"hw.*\"]  # checkpost.toml:1");
    assert_eq!(line(&shown, "name = \"disk\"", "grants"), "grants = [\"system.*\"]  # checkpost.toml:4");
    let shown = shown_of("");
    assert_eq!(line(&shown, "name = \"cpu\"", "grants"), "grants = [\"*\"]  # built-in default");
}

#[test]
fn control_characters_are_escaped() {
    let shown =
        shown_of("[[check]]\nname = \"cpu\"\n[check.settings]\n\"a\\u001b\" = [\"\\u202e\\u009b\\U000e0041\\n\"]\n");
    assert!(shown.contains(r#""a\u001b" = ["\u202e\u009b\U000e0041\n"]"#), "{shown}");
    assert!(!shown.chars().any(|character| character != '\n' && checkpost_model::clean::is_control(character)));
}

#[test]
fn defaults_of_a_table_are_shown_with_it() {
    let site = Site::new(&[("checkpost.toml", COMPLETE)]);
    let shown = shown(&site, &[]);
    for (heading, key, expected) in [
        ("[[maintenance]]", "start", "start = \"22:00\"  # checkpost.toml:"),
        ("[[maintenance]]", "end", "end = \"24:00\"  # built-in default"),
        ("[[maintenance]]", "time_zone", "time_zone = \"UTC\"  # built-in default"),
        ("[smtp]", "port", "port = 587  # built-in default"),
        ("[smtp]", "tls", "tls = \"starttls\"  # built-in default"),
        ("[smtp]", "timeout", "timeout = \"30s\"  # built-in default"),
        ("[smtp]", "password", "password = { env = \"SMTP_PASSWORD\" }  # checkpost.toml:"),
        ("[route.webhook]", "url", "url = { env = \"HOOK\" }  # checkpost.toml:"),
        ("[route.webhook.headers]", "X-Token", "X-Token = { file = \"/etc/checkpost/token\" }  # checkpost.toml:"),
        ("[route.template]", "body", "body = \"{{ title }}\\n\"  # checkpost.toml:"),
    ] {
        assert!(line(&shown, heading, key).starts_with(expected), "{}", line(&shown, heading, key));
    }
}

#[test]
fn secret_is_never_shown() {
    let toml = r#"
        [smtp]
        server = "mail.example.org"
        username = "checkpost"
        password = { env = "PASSWORD" }
        from = "checkpost@example.org"
        [[route]]
        name = "mail"
        [route.email]
        to = ["ops@example.org"]
        [[route]]
        name = "hook"
        [route.webhook]
        url = "https://hooks.example.org/hunter2"
        headers = { X-Token = "hunter2" }
        hmac_secret = { env = "PASSWORD" }
        [[route]]
        name = "page"
        command = { argv = ["/usr/bin/page", "--token", "hunter2"] }
    "#;
    let site = Site::new(&[("checkpost.toml", toml)]);
    let shown = shown(&site, &[("PASSWORD", "hunter2")]);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(line(&shown, "[route.webhook]", "url").starts_with("url = \"(redacted)\"  # checkpost.toml:14"));
    assert!(line(&shown, "[route.webhook]", "hmac_secret").starts_with("hmac_secret = { env = \"PASSWORD\" }"));
    let debugged = format!("{:?}", site.load(&[("PASSWORD", "hunter2")]));
    assert!(!debugged.contains("X-Token =") && !debugged.contains("https://"), "the text of the file is in {debugged}");
}
