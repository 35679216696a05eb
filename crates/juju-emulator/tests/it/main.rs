//! Tests of the emulator from outside: real processes and the real binary.
//!
//! Every module stands under `cfg(test)`, which always holds here: in its sight clippy lets a test's helping functions
//! unwrap as it lets the test.

#[cfg(test)]
mod dispatch;
#[cfg(test)]
mod emulated_machine;
#[cfg(test)]
mod hook_commands;
#[cfg(test)]
mod systemctl;
#[cfg(test)]
mod systemctl_answers;
#[cfg(test)]
mod systemctl_record;
#[cfg(test)]
mod verbs;
