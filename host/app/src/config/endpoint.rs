//! Addresses of servers, and the certificates that checkpost trusts there.

use std::path::Path;

use checkpost_notify::http::Url;
use checkpost_notify::secret::Guarded;
use checkpost_notify::tls::Trust;

use super::error::ConfigError;
use super::origin::Sourced;
use super::paths::absolute;
use super::secret::{Context, guarded};
use super::section::Section;

/// A URL that may be a secret. One in the file itself is validated here; a secret one when it is used.
pub(super) fn url(
    table: &Section<'_>,
    key: &str,
    context: &Context<'_>,
) -> Result<Option<Sourced<Guarded>>, ConfigError> {
    let Some(url) = guarded(table, key, context)? else { return Ok(None) };
    if let Guarded::Plain(text) = &url.value
        && let Err(why) = Url::parse(text)
    {
        return Err(ConfigError::line(url.origin, format!("{}: {why}", table.key(key))));
    }
    Ok(Some(url))
}

/// `ca_file` and `accept_invalid_certificates` of a table.
pub(super) fn trust(table: &Section<'_>, context: &Context<'_>) -> Result<Trust, ConfigError> {
    Ok(Trust {
        ca_file: table.text("ca_file")?.map(|file| absolute(context.base_dir, Path::new(&file.value))),
        accept_invalid_certificates: table.flag("accept_invalid_certificates", false)?,
    })
}
