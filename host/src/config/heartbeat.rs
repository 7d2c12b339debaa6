//! `[heartbeat]`: who is told that runs come.

use std::time::Duration;

use super::ConfigError;
use super::secret::Surroundings;
use super::section::Section;
use super::transport::{trust, url};
use crate::heartbeat::Heartbeat;

const KEYS: [&str; 4] = ["url", "timeout_seconds", "ca_file", "accept_invalid_certificates"];

pub(super) fn heartbeat(root: &Section<'_>, around: &Surroundings<'_>) -> Result<Option<Heartbeat>, ConfigError> {
    let Some(table) = root.section("heartbeat", &KEYS)? else { return Ok(None) };
    let Some(url) = url(&table, "url", around)? else {
        return Err(table.missing("url", "\"https://hc-ping.com/UUID\", { env = \"PING_URL\" } or { file = \"PATH\" }"));
    };
    let timeout = Duration::from_secs(table.whole("timeout_seconds", 1..=60, 5)?);
    Ok(Some(Heartbeat { url: url.value, timeout, trust: trust(&table, around)? }))
}
