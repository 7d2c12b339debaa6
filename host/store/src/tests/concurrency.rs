//! Several threads and processes on one database.

use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;

use tempfile::tempdir;

use super::*;

const CYCLES: usize = 10;

fn open_and_save(path: &Path) {
    for _ in 0..CYCLES {
        Store::open(path).unwrap().save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
    }
}

fn assert_all_saved(path: &Path, writers: usize) {
    let summary = Store::open_existing(path).unwrap().check().unwrap();
    assert_eq!(summary.runs, (writers * CYCLES) as i64);
}

#[test]
fn threads_create_one_database_and_save_into_it() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("automation.db");
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                open_and_save(&path);
            });
        }
    });
    assert_all_saved(&path, 8);
}

const PATH_VARIABLE: &str = "CHECKPOST_TEST_SAVE_INTO";

#[test]
fn processes_create_one_database_and_save_into_it() {
    // The test binary is its own second process.
    if let Some(path) = std::env::var_os(PATH_VARIABLE) {
        return open_and_save(Path::new(&path));
    }
    let directory = tempdir().unwrap();
    let path = directory.path().join("automation.db");
    let this = "tests::concurrency::processes_create_one_database_and_save_into_it";
    let children: Vec<_> = (0..6)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", this])
                .env(PATH_VARIABLE, &path)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_all_saved(&path, 6);
}

#[test]
fn lock_of_another_process_is_named_after_the_timeout() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("automation.db");
    let holder = Store::open(&path).unwrap();
    let mut store = Store::open(&path).unwrap();
    store.conn.busy_timeout(Duration::from_millis(10)).unwrap();
    holder.conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    assert!(error.to_string().contains("automation.db has been locked by another process"), "{error}");
    // Readers and writers do not block each other.
    assert_eq!(Store::open_existing(&path).unwrap().metrics(None, 10).unwrap(), []);
    holder.conn.execute_batch("ROLLBACK").unwrap();
    store.save_cycle(&cycle("2025-01-01T00:00:00Z")).unwrap();
}
