//! Whether the kernel's clock is kept right.
