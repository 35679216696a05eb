//! Ctrl-C: ends the emulator at once, except while a hook runs, which then has to be ended first.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether somebody wants the emulator to end.
#[derive(Debug)]
pub(crate) struct Interrupt {
    wanted: Arc<AtomicBool>,
    /// As long as it is true, a signal does what it does to any program.
    default_action: Arc<AtomicBool>,
}

impl Interrupt {
    pub(crate) fn new() -> io::Result<Self> {
        let wanted = Arc::new(AtomicBool::new(false));
        let default_action = Arc::new(AtomicBool::new(true));
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_default(signal, Arc::clone(&default_action))?;
            flag::register(signal, Arc::clone(&wanted))?;
        }
        Ok(Self {
            wanted,
            default_action,
        })
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::SeqCst)
    }

    /// Runs something that watches for the interruption itself.
    pub(crate) fn watched<T>(&self, run: impl FnOnce(&AtomicBool) -> T) -> T {
        self.default_action.store(false, Ordering::SeqCst);
        let result = run(&self.wanted);
        self.default_action.store(true, Ordering::SeqCst);
        result
    }

    /// Runs something that watches for the interruption, and interrupts it when it takes too long: then nothing is returned.
    pub(crate) fn within<T>(
        &self,
        limit: Option<Duration>,
        run: impl FnOnce() -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(limit) = limit else {
            return run().map(Some);
        };
        let (ended, waiting) = mpsc::channel::<()>();
        let wanted = &self.wanted;
        thread::scope(|scope| {
            let timer = scope.spawn(move || {
                let timed_out = waiting.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
                wanted.fetch_or(timed_out, Ordering::SeqCst);
                timed_out
            });
            let result = run();
            drop(ended);
            if !timer.join().unwrap_or_default() {
                return result.map(Some);
            }
            wanted.store(false, Ordering::SeqCst);
            // It may have succeeded at the last moment.
            Ok(result.ok())
        })
    }
}
