//! A check imports the types of the contract and nothing else, whatever it is called and whatever kind it is.

use super::{Fate, Unknown, assert_fates};

/// A component that only wants.
fn wanting(import: &str) -> Vec<u8> {
    wat::parse_str(format!("(component {import})")).unwrap()
}

#[test]
fn every_import_is_denied_by_its_name() {
    let denied =
        |name: &'static str, import: &str, what: &'static str| (name, wanting(import), Unknown("denied_import", what));
    assert_fates([
        denied(
            "http",
            "(import \"wasi:http/outgoing-handler@0.2.0\" (instance (export \"handle\" (func))))",
            "wasi:http/outgoing-handler@0.2.0",
        ),
        denied(
            "unknown",
            "(import \"evil:corp/shell@1.0.0\" (instance (export \"run\" (func))))",
            "evil:corp/shell@1.0.0",
        ),
        denied("function", "(import \"exec\" (func (param \"command\" string)))", "exec"),
        denied("resource", "(import \"handle\" (type (sub resource)))", "handle"),
        denied("module", "(import \"code\" (core module))", "code"),
        // Its validator knows no such import.
        ("component", wanting("(import \"part\" (component))"), Unknown("invalid_module", "component imports")),
        denied(
            "types-with-a-function",
            "(import \"checkpost:check/types@0.1.0\" (instance (export \"exec\" (func))))",
            "checkpost:check/types@0.1.0",
        ),
        denied(
            "types-with-a-resource",
            "(import \"checkpost:check/types@0.1.0\" (instance (export \"handle\" (type (sub resource)))))",
            "checkpost:check/types@0.1.0",
        ),
        denied(
            "types-with-an-instance",
            "(import \"checkpost:check/types@0.1.0\"
               (instance (export \"inner\" (instance (export \"exec\" (func))))))",
            "checkpost:check/types@0.1.0",
        ),
        denied(
            "other-package",
            "(import \"checkpost:host/shell@0.1.0\" (instance (export \"run\" (func))))",
            "checkpost:host",
        ),
    ]);
}

#[test]
fn a_wish_list_without_end_is_told_in_short() {
    let imports: String = (0..10_000).map(|number| format!("(import \"some-wish-{number}\" (func))")).collect();
    let fate: Fate = Unknown("denied_import", "some-wish-0");
    assert_fates([("wishes", wanting(&imports), fate)]);
}
