//! Single HTTP requests within a deadline, without an async runtime.
//!
//! Redirects are not followed: a request that is meant for one host must not go to another. Proxies are those of the
//! environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), as for curl; this machine is reached directly.

mod client;
mod request;
mod retry_after;
mod url;

pub use client::{HttpError, send};
pub use request::{Method, Request, Response, is_header_name, is_header_value};
pub use url::{Url, is_loopback};
