//! Mounts that nobody else sees, and that end with what looks at them.

use std::ffi::OsStr;
use std::process::Command;
use std::sync::LazyLock;

use crate::support::skip;

/// A namespace of its own for mounts; for who is not root, where he is.
static UNSHARE: LazyLock<Option<&'static [&'static str]>> = LazyLock::new(|| {
    [&["--mount"][..], &["--mount", "--map-root-user"]].into_iter().find(|options| {
        let directory = tempfile::tempdir().unwrap();
        let mut unshare = Command::new("unshare");
        unshare.args(*options).args(["mount", "-t", "tmpfs", "tried"]).arg(directory.path());
        unshare.output().is_ok_and(|output| output.status.success())
    })
});

/// A command that sees the mounts which this script of the shell makes of `$1`. Nothing, with a message, where that may not
/// be done.
pub(super) fn with_mount(script: &str, mount: impl AsRef<OsStr>, command: &Command) -> Option<Command> {
    let Some(options) = *UNSHARE else {
        skip("nothing can be mounted here, not even for one process (`unshare --mount`)");
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
