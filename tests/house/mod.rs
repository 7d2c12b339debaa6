//! The house rules that a compiler does not check: which crate may use what, files without circles, the words of the
//! glossary in identifiers, links between documents.

mod circles;
mod direction;
mod links;
mod sources;
mod words;
