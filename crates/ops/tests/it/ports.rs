//! Opened ports, case by case.
