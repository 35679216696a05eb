//! The floor under every charm: runs the commands that `FLOOR` holds, and nothing else. A line is a command, with tabs
//! between its words.

use std::env;
use std::io;
use std::process::Command;

fn main() -> io::Result<()> {
    for line in env::var("FLOOR").unwrap_or_default().lines() {
        let mut words = line.split('\t');
        Command::new(words.next().unwrap_or_default())
            .args(words)
            .output()?;
    }
    Ok(())
}
