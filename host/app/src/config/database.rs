//! `DATABASE_URL`, as SQLAlchemy writes it. `store` opens the file.

use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::origin::Sourced;

/// The default database.
pub(super) const DEFAULT_URL: &str = "sqlite:///./data/automation.db";

/// The path in a URL: `sqlite:///relative/path` or `sqlite:////absolute/path`.
pub(super) fn database_path(url: Sourced<String>, key: &str) -> Result<Sourced<PathBuf>, ConfigError> {
    match path_of(&url.value) {
        Ok(path) => Ok(Sourced::new(path.to_owned(), url.origin)),
        Err(why) => Err(ConfigError::value(url.origin, key, format!("{:?}", without_secrets(&url.value)), why)),
    }
}

fn path_of(url: &str) -> Result<&Path, &'static str> {
    const IN_MEMORY: &str = "a database in memory would forget every run; name a file: sqlite:///PATH";
    let Some(path) = url.strip_prefix("sqlite:///") else {
        return Err(match url {
            "sqlite:" | "sqlite:/" | "sqlite://" => IN_MEMORY,
            _ => "only sqlite:///PATH is supported (three slashes and a relative path, or four and an absolute one)",
        });
    };
    match path {
        "" | ":memory:" => Err(IN_MEMORY),
        _ if path.contains('?') => Err("options after '?' are not supported; remove them"),
        _ if path.ends_with('/') => Err("must name a file, not a directory"),
        _ => Ok(Path::new(path)),
    }
}

/// The URL without passwords: user and password come after `://`, keys in the options after `?`.
fn without_secrets(url: &str) -> String {
    match (url.strip_prefix("sqlite:///"), url.split_once("://")) {
        (Some(path), _) => match path.split_once('?') {
            Some((path, _)) => format!("sqlite:///{path}?…"),
            None => url.to_owned(),
        },
        (None, Some((_, ""))) => url.to_owned(),
        (None, Some((scheme, _))) if !scheme.contains(['@', ':']) => format!("{scheme}://…"),
        _ if url.contains(['@', ':']) => "…".to_owned(),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::Origin;

    fn parse(url: &str) -> Result<PathBuf, String> {
        let url = Sourced::new(url.to_owned(), Origin::Environment("DATABASE_URL"));
        database_path(url, "DATABASE_URL").map(|path| path.value).map_err(|error| error.to_string())
    }

    #[test]
    fn url_with_three_slashes_is_relative_and_with_four_absolute() {
        assert_eq!(parse("sqlite:///./data/automation.db"), Ok("./data/automation.db".into()));
        assert_eq!(parse("sqlite:////var/lib/a.db"), Ok("/var/lib/a.db".into()));
    }

    #[test]
    fn database_in_memory_is_refused_with_the_reason() {
        for url in ["sqlite://", "sqlite:///", "sqlite:///:memory:"] {
            assert_eq!(
                parse(url),
                Err(format!(
                    "environment variable DATABASE_URL is \"{url}\": a database in memory would forget every run; name a file: \
                     sqlite:///PATH"
                ))
            );
        }
    }

    #[test]
    fn password_in_a_url_is_never_shown() {
        for (url, shown) in [
            ("mysql://user:hunter2@host/db", "mysql://…"),
            ("sqlite://user:hunter2@host/db", "sqlite://…"),
            ("sqlite:///a.db?key=hunter2", "sqlite:///a.db?…"),
            ("sqlite+pysqlcipher://:hunter2@/a.db", "sqlite+pysqlcipher://…"),
            ("user:hunter2@host/db", "…"),
            ("x:hunter2://host", "…"),
            ("mysql:hunter2@host", "…"),
        ] {
            let message = parse(url).unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
            assert!(message.starts_with(&format!("environment variable DATABASE_URL is \"{shown}\": ")), "{message}");
        }
    }

    #[test]
    fn directory_or_bare_path_is_refused() {
        assert!(parse("sqlite:///data/").unwrap_err().ends_with("must name a file, not a directory"));
        assert!(parse("data/a.db").unwrap_err().contains("is \"data/a.db\": only sqlite:///PATH is supported"));
    }
}
