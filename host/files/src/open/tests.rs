#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

fn site() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn refusal(path: &Path) -> String {
    read(path, 1 << 30).unwrap_err().to_string()
}

/// A file of this length of which the first `stored` bytes are stored.
fn sparse(site: &TempDir, len: u64, stored: usize) -> PathBuf {
    let path = site.path().join("sparse");
    let mut file = File::create(&path).unwrap();
    file.write_all(&vec![1; stored]).unwrap();
    file.set_len(len).unwrap();
    path
}

#[test]
fn file_at_its_limit_is_read_and_a_larger_one_is_refused() {
    let site = site();
    let path = site.path().join("a");
    fs::write(&path, "1234").unwrap();
    assert_eq!(read(&path, 4).unwrap(), b"1234");
    assert!(matches!(read(&path, 3), Err(FileError::TooLarge { max_bytes: 3 })));
    assert_eq!(read(&path, 3).unwrap_err().to_string(), "is larger than 3 bytes");
}

#[test]
fn opened_file_is_at_its_beginning_and_known_by_its_inode() {
    let site = site();
    let (path, link) = (site.path().join("a"), site.path().join("b"));
    fs::write(&path, "1234").unwrap();
    fs::hard_link(&path, &link).unwrap();
    let mut opened = open_regular(&path).unwrap().within(4).unwrap();
    let mut text = String::new();
    opened.file.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), opened.len), ("1234", 4));
    #[cfg(unix)]
    assert_eq!(open_regular(&link).unwrap().id, opened.id);
}

#[test]
fn missing_file_is_told_from_an_unreadable_one() {
    let site = site();
    assert!(read(&site.path().join("a"), 1).unwrap_err().is_not_found());
    assert!(!read(site.path(), 1).unwrap_err().is_not_found());
}

#[test]
fn directory_is_refused_by_what_it_is() {
    assert_eq!(refusal(site().path()), "is a directory, not a file");
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_sockets_are_refused_at_once_also_behind_links() {
    let site = site();
    let fifo = site.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let link = site.path().join("link");
    std::os::unix::fs::symlink(&fifo, &link).unwrap();
    assert_eq!(refusal(&fifo), "is a FIFO, not a file");
    assert_eq!(refusal(&link), "is a FIFO, not a file");
    let socket = site.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(refusal(&socket), "is a socket, not a file");
    assert_eq!(refusal(Path::new("/dev/zero")), "is a device, not a file");
}

#[cfg(target_os = "linux")]
#[test]
fn file_of_the_kernel_is_read_as_empty() {
    assert_eq!(read(Path::new("/proc/self/status"), 10).unwrap(), b"");
}

#[cfg(target_os = "linux")]
#[test]
fn large_file_of_holes_is_refused_and_a_small_one_is_read() {
    let site = site();
    assert_eq!(read(&sparse(&site, SMALL_BYTES, 0), 1 << 30).unwrap().len() as u64, SMALL_BYTES);
    let error = read(&sparse(&site, SMALL_BYTES + 1, 0), 1 << 30).unwrap_err();
    assert!(matches!(error, FileError::Sparse { len, .. } if len == SMALL_BYTES + 1), "{error}");
    assert_eq!(error.to_string(), "is sparse: 0 of its 1048577 bytes are stored");
}

#[cfg(target_os = "linux")]
#[test]
fn file_with_a_quarter_stored_is_read_and_one_with_less_is_refused() {
    let site = site();
    let len = 8 * SMALL_BYTES;
    let stored = (len / STORED_PART) as usize;
    assert!(read(&sparse(&site, len, stored), len).is_ok());
    let error = read(&sparse(&site, len, stored - (64 << 10)), len).unwrap_err();
    assert!(matches!(error, FileError::Sparse { .. }), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn path_that_was_replaced_since_it_was_examined_is_refused() {
    let site = site();
    let (path, other) = (site.path().join("a"), site.path().join("b"));
    fs::write(&path, "1").unwrap();
    fs::write(&other, "2").unwrap();
    let examined = fs::metadata(&path).unwrap();
    assert!(reopen(&path, &examined).is_ok());
    fs::rename(&other, &path).unwrap();
    assert!(matches!(reopen(&path, &examined), Err(FileError::Replaced)));
}
