//! Who is told, and when: pure functions from notifications to deliveries. Knows neither SQL, transports nor a clock.
