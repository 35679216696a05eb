//! ops-testing
