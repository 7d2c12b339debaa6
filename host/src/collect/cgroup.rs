//! Limits and use of the container that checkpost is in, from cgroup v2.
