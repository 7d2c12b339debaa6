//! Mounts that only one command sees and that end with it.

use std::ffi::OsStr;
use std::process::Command;
use std::sync::LazyLock;

use crate::support::skip;

/// The options that give a command its own mount namespace: one set for root, one for other users.
static UNSHARE: LazyLock<Option<&'static [&'static str]>> = LazyLock::new(|| {
    [&["--mount"][..], &["--mount", "--map-root-user"]].into_iter().find(|options| {
        let directory = tempfile::tempdir().unwrap();
        let mut unshare = Command::new("unshare");
        unshare.args(*options).args(["mount", "-t", "tmpfs", "tried"]).arg(directory.path());
        unshare.output().is_ok_and(|output| output.status.success())
    })
});

/// Wraps a command so that it sees the mounts that this shell script makes at `$1`. `None`, with a message, where
/// mounting is not allowed.
pub(super) fn with_mount(script: &str, mount: impl AsRef<OsStr>, command: &Command) -> Option<Command> {
    let Some(options) = *UNSHARE else {
        skip("mounting is not allowed here, not even for one process (`unshare --mount`)");
        return None;
    };
    let mut unshare = Command::new("unshare");
    unshare.args(options).args(["sh", "-e", "-c", &format!("{script}\nshift\nexec \"$@\""), "sh"]).arg(mount);
    unshare.arg(command.get_program()).args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        unshare.current_dir(directory);
    }
    Some(unshare)
}
