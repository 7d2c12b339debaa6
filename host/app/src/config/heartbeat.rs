//! `[heartbeat]`: the service that runs ping.

use std::time::Duration;

use checkpost_notify::heartbeat::Heartbeat;

use super::endpoint::{trust, url};
use super::error::ConfigError;
use super::secret::Context;
use super::section::Section;

const KEYS: [&str; 4] = ["url", "timeout_seconds", "ca_file", "accept_invalid_certificates"];

pub(super) fn heartbeat(root: &Section<'_>, context: &Context<'_>) -> Result<Option<Heartbeat>, ConfigError> {
    let Some(table) = root.section("heartbeat", &KEYS)? else { return Ok(None) };
    let Some(url) = url(&table, "url", context)? else {
        return Err(table.missing("url", "\"https://hc-ping.com/UUID\", { env = \"PING_URL\" } or { file = \"PATH\" }"));
    };
    let timeout = Duration::from_secs(table.integer("timeout_seconds", 1..=60, 5)?);
    Ok(Some(Heartbeat { url: url.value, timeout, trust: trust(&table, context)? }))
}
