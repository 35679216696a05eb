//! What one dispatch took.

use anyhow::{Result, bail};

use super::median::median;

/// What one dispatch took, with all processes that it started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measurement {
    pub(crate) wall_ms: f64,
    pub(crate) cpu_ms: f64,
    pub(crate) memory_mib: f64,
}

impl Measurement {
    /// Reads what the program `measure` prints.
    pub(crate) fn read(line: &str) -> Result<Self> {
        let numbers: Vec<f64> = line
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let [wall, user, system, memory] = numbers[..] else {
            bail!("measure printed {line:?}");
        };
        Ok(Self {
            wall_ms: wall / 1e3,
            cpu_ms: (user + system) / 1e3,
            memory_mib: memory / 1024.0,
        })
    }

    /// The median of each number by itself.
    pub(crate) fn median(all: &[Self]) -> Self {
        let median_of = |of: fn(&Self) -> f64| median(all.iter().map(of).collect());
        Self {
            wall_ms: median_of(|one| one.wall_ms),
            cpu_ms: median_of(|one| one.cpu_ms),
            memory_mib: median_of(|one| one.memory_mib),
        }
    }
}
