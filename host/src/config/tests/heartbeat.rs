//! How often runs come, and whom it is told that they come.

use super::*;

#[test]
fn how_often_runs_come_may_be_said() {
    let interval = |text: &str| Place::new(&[("checkpost.toml", text)]).load(&[]).interval;
    assert_eq!(interval(""), None);
    assert_eq!(interval("interval = \"1h 30m\""), Some(Duration::from_secs(5_400)));
}
