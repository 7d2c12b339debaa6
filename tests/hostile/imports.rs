//! A check may import the types of the contract and nothing else, whatever the name or kind of the import.

use super::{Outcome, Unknown, assert_outcomes};

/// A component that has only an import.
fn wanting(import: &str) -> Vec<u8> {
    wat::parse_str(format!("(component {import})")).unwrap()
}

#[test]
fn imports_are_all_denied_by_name() {
    let denied =
        |name: &'static str, import: &str, what: &'static str| (name, wanting(import), Unknown("denied_import", what));
    assert_outcomes([
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
        // The validator supports no import of this kind.
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
fn long_list_of_imports_is_shortened() {
    let imports: String = (0..10_000).map(|number| format!("(import \"some-wish-{number}\" (func))")).collect();
    let outcome: Outcome = Unknown("denied_import", "some-wish-0");
    assert_outcomes([("wishes", wanting(&imports), outcome)]);
}
