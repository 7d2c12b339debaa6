//! Files, directories and damage at the path of the database.

use std::fs;

use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

use super::*;

fn error_of(result: Result<Store, StoreError>) -> String {
    let error = result.unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

/// A database with one cycle in it, closed.
fn filled(directory: &TempDir) -> PathBuf {
    let path = directory.path().join("automation.db");
    Store::open(&path).unwrap().save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
    path
}

#[test]
fn first_open_creates_directories_and_the_second_finds_the_data() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("a/b/automation.db");
    let mut store = Store::open(&path).unwrap();
    store.save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
    drop(store);
    assert_eq!(count(&Store::open(&path).unwrap(), "runs"), 1);
    let files: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(files.len(), 1, "the -wal and -shm files go with the last connection");
}

#[test]
fn durability_settings_are_in_force() {
    let directory = tempdir().unwrap();
    let store = Store::open(&filled(&directory)).unwrap();
    let pragma = |name: &str| -> String {
        store.conn.query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), (), |row| row.get(0)).unwrap()
    };
    assert_eq!(pragma("journal_mode"), "wal");
    assert_eq!(pragma("synchronous"), "2");
    assert_eq!(pragma("foreign_keys"), "1");
    assert_eq!(store.conn.query_row("PRAGMA busy_timeout", (), |row| row.get::<_, i64>(0)).unwrap(), 5000);
}

#[test]
fn reader_creates_no_file() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("data/automation.db");
    assert_eq!(
        error_of(Store::open_existing(&path)),
        format!("no database at {} yet: run `checkpost run` first", path.display())
    );
    assert!(!path.parent().unwrap().exists());

    let empty = directory.path().join("empty.db");
    fs::write(&empty, b"").unwrap();
    assert!(matches!(Store::open_existing(&empty), Err(StoreError::Missing { .. })));
    assert_eq!(fs::metadata(&empty).unwrap().len(), 0);
}

#[test]
fn reader_reads_and_cannot_write() {
    let directory = tempdir().unwrap();
    let mut store = Store::open_existing(&filled(&directory)).unwrap();
    assert_eq!(store.metrics(None, 10).unwrap().len(), 1);
    assert_eq!(store.check().unwrap().runs, 1);
    let error = store.save_cycle(&cycle("2025-01-01T00:05:00Z")).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
}

#[test]
fn empty_file_becomes_a_database() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("automation.db");
    fs::write(&path, b"").unwrap();
    Store::open(&path).unwrap().save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
}

#[test]
fn directory_is_refused() {
    let directory = tempdir().unwrap();
    for result in [Store::open(directory.path()), Store::open_existing(directory.path())] {
        assert_eq!(
            error_of(result),
            format!(
                "the database {} is a directory: set DATABASE_URL to a file, such as sqlite:///./data/automation.db",
                directory.path().display()
            )
        );
    }
}

#[cfg(unix)]
#[test]
fn device_is_refused() {
    assert!(error_of(Store::open(Path::new("/dev/null"))).contains("/dev/null is not a regular file"));
}

#[test]
fn parent_that_is_a_file_is_named() {
    let directory = tempdir().unwrap();
    fs::write(directory.path().join("data"), b"").unwrap();
    let error = error_of(Store::open(&directory.path().join("data/automation.db")));
    assert!(error.starts_with("cannot create the directory ") && error.contains("/data for the database"), "{error}");
}

#[test]
fn file_of_another_format_is_refused_and_unchanged() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("automation.db");
    for bytes in [b"hi".to_vec(), b"notes to self\n".repeat(500)] {
        fs::write(&path, &bytes).unwrap();
        for result in [Store::open(&path), Store::open_existing(&path)] {
            assert!(error_of(result).contains("automation.db is not a SQLite database: move it away"));
        }
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn database_of_another_program_is_refused_and_unchanged() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("automation.db");
    let script = Connection::open(&path).unwrap();
    script.execute_batch("CREATE TABLE system_metrics (id INTEGER PRIMARY KEY, cpu_percent FLOAT)").unwrap();
    drop(script);
    let before = fs::read(&path).unwrap();
    for result in [Store::open(&path), Store::open_existing(&path)] {
        assert_eq!(
            error_of(result),
            format!(
                "{} was not made by checkpost (tables: system_metrics): move it away, \
                 or set DATABASE_URL to another file",
                path.display()
            )
        );
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn database_of_another_program_without_tables_is_refused() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("automation.db");
    Connection::open(&path).unwrap().execute_batch("PRAGMA application_id = 7; PRAGMA user_version = 3").unwrap();
    assert!(error_of(Store::open(&path)).contains("(application id 7, version 3)"));
}

#[test]
fn newer_schema_is_refused() {
    let directory = tempdir().unwrap();
    let path = filled(&directory);
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 7").unwrap();
    for result in [Store::open(&path), Store::open_existing(&path)] {
        assert_eq!(
            error_of(result),
            format!(
                "{} was made by a newer checkpost (schema 7, this one knows {SCHEMA_VERSION}): upgrade checkpost",
                path.display()
            )
        );
    }
}

#[test]
fn damage_is_found_and_reported_in_one_line() {
    let directory = tempdir().unwrap();
    let path = filled(&directory);
    let page_of_samples: u32 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'samples'", (), |row| row.get(0))
        .unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[(page_of_samples as usize - 1) * 4096..][..4096].fill(0x55);
    fs::write(&path, &bytes).unwrap();
    let store = Store::open(&path).unwrap();
    let error = store.check().unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    let error = error.to_string();
    assert!(error.contains("restore a backup") && !error.contains('\n'), "{error}");

    bytes[100..4096].fill(0x55);
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Corrupt { .. })));
}

#[test]
fn truncated_file_is_corrupt() {
    let directory = tempdir().unwrap();
    let path = filled(&directory);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = Store::open_existing(&path).and_then(|store| store.check().map(drop)).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}
