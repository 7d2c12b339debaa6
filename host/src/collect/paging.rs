//! Paging and out-of-memory kills of Linux, since boot.
