//! Who else could change what is at a path: the file itself, and each directory and link on the way to it.
//!
//! Root and this user are trusted. Systems other than Unix have no owners and modes to look at; nothing is a problem there.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Something on the way to a file that another user could change, and the file with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, directory or link, without links in the way to it.
    pub path: PathBuf,
    /// Who could change it.
    pub writers: Writers,
}

/// Users who could change a file, besides root and this user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// The owner, by the number of the user.
    Owner(u32),
    /// The group, which has members besides root and this user, or whose members cannot be found out.
    Group,
    /// Every user.
    Everybody,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.writers {
            Writers::Owner(user) => write!(f, "{path} belongs to user {user}"),
            Writers::Group => write!(f, "{path} may be written by its group"),
            Writers::Everybody => write!(f, "{path} may be written by everybody"),
        }
    }
}

/// The first thing on the way from the root to `path` that users other than root and this one could change.
///
/// In a directory with the sticky bit, such as `/tmp`, nobody can change the entries of others, so it is no problem on the
/// way to one. A path that does not exist is judged by the last directory on the way that does: whoever may write there
/// could create the rest.
///
/// # Errors
/// If something on the way cannot be examined, or there are too many links.
pub fn problem(path: &Path) -> io::Result<Option<Problem>> {
    #[cfg(unix)]
    return walk::problem(path, rustix::process::geteuid().as_raw());
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(None)
    }
}

#[cfg(unix)]
mod walk {
    use std::ffi::OsString;
    use std::fs::{self, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Component, Path, PathBuf};

    use crate::group;

    use super::{Problem, Writers};

    /// As many links as Linux follows.
    const MOST_LINKS: usize = 40;

    const GROUP_MAY_WRITE: u32 = 0o020;
    const OTHERS_MAY_WRITE: u32 = 0o002;
    const STICKY: u32 = 0o1000;

    /// [`super::problem`] for a user.
    pub(super) fn problem(path: &Path, user: u32) -> io::Result<Option<Problem>> {
        // What is still to be walked, the next name last.
        let mut names = reversed(&std::path::absolute(path)?);
        let mut at = PathBuf::from("/");
        let mut links = 0;
        // The problem of a sticky directory that was passed, which it is no more if its entry exists.
        let mut passed = None;
        loop {
            let metadata = match fs::symlink_metadata(&at) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(passed),
                Err(error) => return Err(error),
            };
            let found = writers(&at, &metadata, user)?.map(|writers| Problem { path: at.clone(), writers });
            let is_sticky = metadata.is_dir() && metadata.mode() & STICKY != 0;
            if found.as_ref().is_some_and(|found| matches!(found.writers, Writers::Owner(_)) || !is_sticky) {
                return Ok(found);
            }
            if metadata.is_symlink() {
                links += 1;
                if links > MOST_LINKS {
                    return Err(io::Error::other("too many symbolic links"));
                }
                let target = fs::read_link(&at)?;
                names.extend(reversed(&target));
                // The directory of the link, from which a relative target leads on.
                at.pop();
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
                continue;
            }
            match names.pop() {
                None => return Ok(found),
                Some(name) if name == ".." => _ = at.pop(),
                Some(name) => at.push(name),
            }
            passed = found;
        }
    }

    fn reversed(path: &Path) -> Vec<OsString> {
        let names = path.components().rev().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
        });
        names.collect()
    }

    fn writers(path: &Path, metadata: &Metadata, user: u32) -> io::Result<Option<Writers>> {
        let owner = metadata.uid();
        if owner != 0 && owner != user {
            return Ok(Some(Writers::Owner(owner)));
        }
        // The mode of a link means nothing. That of a device or a FIFO says who may use it, and neither is ever read.
        if !metadata.is_file() && !metadata.is_dir() {
            return Ok(None);
        }
        if metadata.mode() & OTHERS_MAY_WRITE != 0 {
            return Ok(Some(Writers::Everybody));
        }
        let by_group = metadata.mode() & GROUP_MAY_WRITE != 0 && !group::is_private(path, metadata.gid(), user)?;
        Ok(by_group.then_some(Writers::Group))
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use tempfile::{TempDir, tempdir};

    use super::*;

    const STRANGER: u32 = 65_534;

    /// `a/b/file` below a directory of this user.
    fn tree() -> TempDir {
        let tree = tempdir().unwrap();
        fs::create_dir_all(tree.path().join("a/b")).unwrap();
        fs::write(tree.path().join("a/b/file"), "").unwrap();
        for directory in ["a", "a/b"] {
            chmod(&tree, directory, 0o755);
        }
        chmod(&tree, "a/b/file", 0o644);
        tree
    }

    fn chmod(tree: &TempDir, name: &str, mode: u32) {
        fs::set_permissions(tree.path().join(name), Permissions::from_mode(mode)).unwrap();
    }

    /// Who could change `name`, and through what.
    fn found(tree: &TempDir, name: &str) -> Option<(String, Writers)> {
        let problem = problem(&tree.path().join(name)).unwrap()?;
        let path = problem.path.strip_prefix(tree.path().canonicalize().unwrap()).unwrap().to_owned();
        Some((path.display().to_string(), problem.writers))
    }

    /// Gives a file away, as only root can.
    fn give_away(tree: &TempDir, name: &str) -> bool {
        if !rustix::process::geteuid().is_root() {
            // Not with `eprintln!`, whose output is hidden when a test passes.
            io::Write::write_all(&mut io::stderr(), b"skipped: only root can give files away\n").unwrap();
            return false;
        }
        chown(tree.path().join(name), Some(STRANGER), Some(STRANGER)).unwrap();
        true
    }

    #[test]
    fn own_files_below_own_directories_are_no_problem() {
        let tree = tree();
        assert_eq!(found(&tree, "a/b/file"), None);
        assert_eq!(found(&tree, "a/../a/b/../b/file"), None);
    }

    #[test]
    fn what_everybody_may_write_is_a_problem_wherever_it_is_on_the_way() {
        for name in ["a", "a/b", "a/b/file"] {
            let tree = tree();
            chmod(&tree, name, 0o757);
            assert_eq!(found(&tree, "a/b/file"), Some((name.to_owned(), Writers::Everybody)));
        }
    }

    #[test]
    fn sticky_directory_is_no_problem_on_the_way_and_is_one_at_the_end() {
        let tree = tree();
        chmod(&tree, "a", 0o1777);
        assert_eq!(found(&tree, "a/b/file"), None);
        let everybody = Some(("a".to_owned(), Writers::Everybody));
        assert_eq!(found(&tree, "a"), everybody);
        assert_eq!(found(&tree, "a/missing"), everybody, "anybody may create it");
        assert_eq!(found(&tree, "a/b/missing"), None);
    }

    #[test]
    fn what_a_group_of_others_may_write_is_a_problem() {
        let tree = tree();
        if !give_away(&tree, "a/b") {
            return;
        }
        chown(tree.path().join("a/b"), Some(0), Some(4_000_000)).unwrap();
        assert_eq!(found(&tree, "a/b/file"), None);
        chmod(&tree, "a/b", 0o775);
        assert_eq!(found(&tree, "a/b/file"), Some(("a/b".to_owned(), Writers::Group)));
    }

    #[test]
    fn what_belongs_to_another_user_is_a_problem_sticky_or_not() {
        for name in ["a", "a/b", "a/b/file"] {
            let tree = tree();
            chmod(&tree, "a", 0o1755);
            if give_away(&tree, name) {
                assert_eq!(found(&tree, "a/b/file"), Some((name.to_owned(), Writers::Owner(STRANGER))));
            }
        }
    }

    #[test]
    fn link_is_judged_with_the_way_to_it_and_the_way_from_it() {
        let tree = tree();
        fs::create_dir(tree.path().join("links")).unwrap();
        chmod(&tree, "links", 0o755);
        symlink("../a/b", tree.path().join("links/relative")).unwrap();
        symlink(tree.path().join("a"), tree.path().join("links/absolute")).unwrap();
        for path in ["links/relative/file", "links/absolute/b/file"] {
            assert_eq!(found(&tree, path), None);
        }
        chmod(&tree, "a/b/file", 0o666);
        for path in ["links/relative/file", "links/absolute/b/file"] {
            assert_eq!(found(&tree, path), Some(("a/b/file".to_owned(), Writers::Everybody)));
        }
        chmod(&tree, "links", 0o777);
        for path in ["links/relative/file", "links/absolute/b/file"] {
            assert_eq!(found(&tree, path), Some(("links".to_owned(), Writers::Everybody)));
        }
    }

    #[test]
    fn device_that_everybody_may_use_is_no_problem() {
        assert_eq!(problem(Path::new("/dev/null")).unwrap(), None);
    }

    #[test]
    fn link_to_itself_is_an_error() {
        let tree = tree();
        symlink("circle", tree.path().join("circle")).unwrap();
        assert_eq!(problem(&tree.path().join("circle")).unwrap_err().to_string(), "too many symbolic links");
    }

    #[test]
    fn problem_says_what_is_wrong_with_what() {
        let text = |writers| Problem { path: "/srv/x".into(), writers }.to_string();
        assert_eq!(text(Writers::Owner(1000)), "/srv/x belongs to user 1000");
        assert_eq!(text(Writers::Group), "/srv/x may be written by its group");
        assert_eq!(text(Writers::Everybody), "/srv/x may be written by everybody");
    }
}
