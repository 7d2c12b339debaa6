//! Graphics processors.
