//! How often runs come, and whom it is told that they come.

use super::*;
use crate::tls::Trust;

#[test]
fn how_often_runs_come_may_be_said() {
    let interval = |text: &str| Place::new(&[("checkpost.toml", text)]).load(&[]).interval;
    assert_eq!(interval(""), None);
    assert_eq!(interval("interval = \"1h 30m\""), Some(Duration::from_secs(5_400)));
}

#[test]
fn whom_to_ping_is_read_with_its_defaults() {
    let heartbeat =
        |text: &str| Place::new(&[("checkpost.toml", text)]).load(&[("PING", "https://b.example/2")]).heartbeat;
    assert_eq!(heartbeat(""), None);
    let plain = heartbeat("[heartbeat]\nurl = \"https://a.example/ping/1\"\n").unwrap();
    assert_eq!(plain.address().unwrap().as_str(), "https://a.example/ping/1");
    assert_eq!((plain.timeout, plain.trust), (Duration::from_secs(5), Trust::default()));
    let secret = heartbeat("[heartbeat]\nurl = { env = \"PING\" }\ntimeout_seconds = 60\n").unwrap();
    assert_eq!(
        (secret.address().unwrap().as_str().as_str(), secret.timeout),
        ("https://b.example/2", Duration::from_secs(60))
    );
}

#[test]
fn whom_to_ping_is_refused_without_showing_it() {
    for (text, error) in [
        (
            "[heartbeat]",
            "1: [heartbeat] has no url: give it one, such as url = \"https://hc-ping.com/UUID\", { env = \"PING_URL\" } or { file = \"PATH\" }",
        ),
        ("heartbeat = \"https://hunter2\"", "1: heartbeat is a string: must be a table: [heartbeat]"),
        ("[heartbeat]\nurl = \"ftp://hunter2\"", "2: heartbeat.url: an address begins with https:// or http://"),
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
            "2: unknown key 'heartbeat.uri': allowed here are url, timeout_seconds, ca_file, accept_invalid_certificates",
        ),
    ] {
        let place = Place::new(&[("checkpost.toml", text)]);
        assert_eq!(place.error(&Flags::default(), &[]), format!("DIR/checkpost.toml:{error}"), "{text}");
    }
}
