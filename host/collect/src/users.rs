//! Sessions of logged-in users of Linux.

use std::path::Path;

use checkpost_model::metric::{Labels, Snapshot};

use crate::files;
use crate::roots::Roots;

/// Size of a record of utmp(5), as glibc lays it out. Times have 32 bits, except on a few architectures that always had 64.
const RECORD_BYTES: usize =
    if cfg!(any(target_arch = "aarch64", target_arch = "loongarch64", target_arch = "s390x")) { 400 } else { 384 };
/// The `ut_type` of a session.
const USER_PROCESS: i16 = 7;
/// Offset of `ut_user`, which is empty in an unused record.
const USER_AT: usize = 44;

/// Counts the sessions in `utmp` below `/run`, or those of systemd-logind on newer distributions without `utmp`. A
/// container usually has neither, and then no count.
pub(super) fn collect(roots: &Roots, snapshot: &mut Snapshot) {
    let count = match in_utmp(&roots.run.join("utmp")) {
        Ok(None) => in_logind(&roots.run.join("systemd/sessions")),
        counted => counted,
    };
    if let Some(count) = files::or_diagnose(count, "system", snapshot) {
        snapshot.push("checkpost.user.count", Labels::none(), count as f64);
    }
}

fn in_utmp(path: &Path) -> Result<Option<usize>, String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(files::cannot_read(path, &error)),
    };
    let records = bytes.chunks_exact(RECORD_BYTES);
    if !records.remainder().is_empty() {
        let message = format!("its size, {} bytes, is not a multiple of {RECORD_BYTES}", bytes.len());
        return Err(files::cannot_read(path, &message));
    }
    let is_session =
        |record: &&[u8]| i16::from_ne_bytes([record[0], record[1]]) == USER_PROCESS && record[USER_AT] != 0;
    Ok(Some(records.filter(is_session).count()))
}

fn in_logind(directory: &Path) -> Result<Option<usize>, String> {
    let Some(names) = files::names(directory)? else { return Ok(None) };
    let mut count = 0;
    // Each session `3` has a pipe `3.ref`, and opening a pipe would wait for ever.
    for name in names.iter().filter(|name| !name.contains('.')) {
        // A session that ended since the directory was read is not counted.
        if let Some(session) = files::text(&directory.join(name))?
            && is_session(&session)
        {
            count += 1;
        }
    }
    Ok(Some(count))
}

/// Whether a user is logged in. Greeters, service managers and closing sessions do not count.
fn is_session(session: &str) -> bool {
    let value = |key: &str| session.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    // The other classes came with systemd 256: sessions of root, and sessions without a service manager.
    matches!(value("CLASS"), Some("user" | "user-early" | "user-light" | "user-early-light"))
        && value("STATE").is_some_and(|state| state != "closing")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::tests::{Tree, fixture, measured, tree_with};

    fn record(kind: i16, user: &str) -> Vec<u8> {
        let mut record = vec![0; RECORD_BYTES];
        record[..2].copy_from_slice(&kind.to_ne_bytes());
        record[USER_AT..USER_AT + user.len()].copy_from_slice(user.as_bytes());
        record
    }

    fn with_utmp(utmp: &[u8]) -> Tree {
        let tree = tree_with(&[("run/systemd/sessions/1", "CLASS=user\nSTATE=active\n")]);
        std::fs::write(tree.roots.run.join("utmp"), utmp).unwrap();
        tree
    }

    fn count(snapshot: &Snapshot) -> Option<f64> {
        snapshot.value("checkpost.user.count", &Labels::none())
    }

    #[test]
    fn sessions_in_utmp_are_counted_without_boots_and_ended_ones() {
        let utmp = [record(2, "reboot"), record(7, "ann"), record(8, ""), record(7, ""), record(7, "ann")].concat();
        let snapshot = measured(&with_utmp(&utmp).roots, collect);
        assert_eq!(count(&snapshot), Some(2.0));
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn utmp_without_records_is_a_count_of_zero() {
        assert_eq!(count(&measured(&with_utmp(b"").roots, collect)), Some(0.0));
    }

    #[test]
    fn utmp_that_is_cut_off_is_a_diagnostic_and_no_count() {
        let utmp = [record(7, "ann"), record(7, "ben")].concat();
        let snapshot = measured(&with_utmp(&utmp[..RECORD_BYTES + 100]).roots, collect);
        assert_eq!(count(&snapshot), None);
        let message = &snapshot.diagnostics[0].message;
        assert!(message.contains("utmp") && message.contains("is not a multiple of"), "{message}");
    }

    #[test]
    fn sessions_of_logind_are_counted_without_utmp() {
        // Two sessions of a user, a service manager, a greeter and a session that is closing.
        let snapshot = measured(&fixture("laptop"), collect);
        assert_eq!(count(&snapshot), Some(2.0));
        assert_eq!(snapshot.diagnostics, []);
    }

    #[test]
    fn logind_without_sessions_is_a_count_of_zero() {
        let tree = tree_with(&[]);
        std::fs::create_dir_all(tree.roots.run.join("systemd/sessions")).unwrap();
        assert_eq!(count(&measured(&tree.roots, collect)), Some(0.0));
    }

    #[test]
    fn machine_without_utmp_and_logind_has_no_count_and_no_diagnostic() {
        let snapshot = measured(&tree_with(&[("run/systemd/machines/1", "")]).roots, collect);
        assert_eq!((count(&snapshot), snapshot.diagnostics.len()), (None, 0));
    }

    #[test]
    fn session_without_class_and_state_is_not_counted() {
        for text in ["", "STATE=active\n", "CLASS=user\n", "CLASS=user\nSTATE=closing\n", "XCLASS=user\nSTATE=active\n"]
        {
            assert!(!is_session(text), "{text:?}");
        }
        assert!(is_session("# This is private data.\nCLASS=user-early\nSTATE=online\n"));
    }

    #[test]
    fn session_that_cannot_be_read_is_a_diagnostic_and_no_count() {
        let tree =
            tree_with(&[("run/systemd/sessions/1", "CLASS=user\nSTATE=active"), ("run/systemd/sessions/2/odd", "")]);
        let snapshot = measured(&tree.roots, collect);
        assert_eq!(count(&snapshot), None);
        assert!(snapshot.diagnostics[0].message.contains("sessions/2: "), "{:?}", snapshot.diagnostics);
    }
}
