//! The checks that the binary carries.

/// An embedded check.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// The name by which `module = "…"` calls it, and the name of its default instance.
    pub name: &'static str,
    /// The component.
    pub bytes: &'static [u8],
}

macro_rules! bundle {
    ($($name:literal),* $(,)?) => {
        /// Every embedded check, in the order of the report.
        ///
        /// They come from `checks/prebuilt`, or from the directory that `CHECKPOST_PREBUILT` names at build time.
        pub const BUNDLE: &[Builtin] = &[
            $(Builtin { name: $name, bytes: include_bytes!(concat!(env!("CHECKPOST_PREBUILT"), "/", $name, ".wasm")) }),*
        ];
    };
}

bundle!["cpu", "memory", "disk", "network"];

/// The embedded check of this name.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUNDLE.iter().find(|builtin| builtin.name == name)
}
