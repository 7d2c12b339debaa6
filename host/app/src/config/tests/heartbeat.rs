//! `interval` and `[heartbeat]`.

use checkpost_notify::tls::Trust;

use super::*;

#[test]
fn interval_of_runs_can_be_configured() {
    let interval = |text: &str| Site::new(&[("checkpost.toml", text)]).load(&[]).interval;
    assert_eq!(interval(""), None);
    assert_eq!(interval("interval = \"1h 30m\""), Some(Duration::from_secs(5_400)));
}

#[test]
fn heartbeat_is_read_with_its_defaults() {
    let heartbeat =
        |text: &str| Site::new(&[("checkpost.toml", text)]).load(&[("PING", "https://b.example/2")]).heartbeat;
    assert_eq!(heartbeat(""), None);
    let plain = heartbeat("[heartbeat]\nurl = \"https://a.example/ping/1\"\n").unwrap();
    assert_eq!(plain.parsed_url().unwrap().expose(), "https://a.example/ping/1");
    assert_eq!((plain.timeout, plain.trust), (Duration::from_secs(5), Trust::default()));
    let secret = heartbeat("[heartbeat]\nurl = { env = \"PING\" }\ntimeout_seconds = 60\n").unwrap();
    assert_eq!(
        (secret.parsed_url().unwrap().expose().as_str(), secret.timeout),
        ("https://b.example/2", Duration::from_secs(60))
    );
}

#[test]
fn heartbeat_mistake_is_refused_without_showing_the_url() {
    for (text, error) in [
        (
            "[heartbeat]",
            "1: [heartbeat] has no url: add one, such as url = \"https://hc-ping.com/UUID\", { env = \"PING_URL\" } or { file = \"PATH\" }",
        ),
        ("heartbeat = \"https://hunter2\"", "1: heartbeat is a string: must be a table: [heartbeat]"),
        ("[heartbeat]\nurl = \"ftp://hunter2\"", "2: heartbeat.url: a URL must begin with https:// or http://"),
        (
            "[heartbeat]\nurl = { secret = \"hunter2\" }",
            "2: heartbeat.url is a table: must be a string, { env = \"NAME\" } or { file = \"PATH\" }",
        ),
        (
            "[heartbeat]\nurl = \"https://a/b\"\ntimeout_seconds = 61",
            "3: heartbeat.timeout_seconds is 61: must be a whole number from 1 to 60",
        ),
        (
            "[heartbeat]\nuri = 1",
            "2: unknown key 'heartbeat.uri': allowed keys are url, timeout_seconds, ca_file, accept_invalid_certificates",
        ),
    ] {
        assert_refused(text, error);
    }
}
