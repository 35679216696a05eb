//! What an action tells the operator while it runs.

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::client::session::Session;

/// Does something, and meanwhile shows what a task's `action-log` is given, whoever runs it.
pub(crate) fn following<T>(
    session: &Session,
    task: u64,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let (ended, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let shown = scope.spawn(move || show_until(session, task, &waiting));
        let result = work();
        drop(ended);
        // A panic has been told already.
        shown.join().unwrap_or(Ok(()))?;
        result
    })
}

fn show_until(session: &Session, task: u64, ended: &mpsc::Receiver<()>) -> Result<()> {
    let store = session.store()?;
    let mut shown = 0;
    loop {
        let is_last =
            ended.recv_timeout(Duration::from_millis(50)) != Err(RecvTimeoutError::Timeout);
        let model = store.read()?;
        if let Some(task) = model.task(task) {
            for (at, message) in task.log.iter().skip(shown) {
                writeln!(io::stderr(), "{} {message}", at.strftime("%H:%M:%S"))?;
            }
            shown = task.log.len();
        }
        if is_last {
            break;
        }
    }
    if shown > 0 {
        writeln!(io::stderr())?;
    }
    Ok(())
}
