//! Tests of the emulator from outside.

mod hook_commands;
