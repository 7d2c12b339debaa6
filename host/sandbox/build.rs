//! Sets the directory of the built-in modules: `checks/prebuilt`, or `$CHECKPOST_PREBUILT` to test fresh builds.

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-env-changed=CHECKPOST_PREBUILT");
    let prebuilt = match std::env::var_os("CHECKPOST_PREBUILT") {
        Some(directory) => PathBuf::from(directory),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../checks/prebuilt"),
    };
    println!("cargo::rustc-env=CHECKPOST_PREBUILT={}", prebuilt.display());
}
