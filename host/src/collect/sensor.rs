//! Temperatures and fans of Linux, from hwmon and thermal zones.
