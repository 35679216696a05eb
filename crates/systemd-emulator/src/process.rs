//! Processes, and how they are ended.

use std::{
    collections::BTreeSet,
    fs, thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::{Deserialize, Serialize};

/// A process that cannot be mistaken for another one: its number alone would be given again.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// In clock ticks since the kernel started.
    start_time: u64,
}

/// How a service's processes are ended.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Kill {
    /// The number of the signal that asks them to end.
    pub(crate) signal: i32,
    /// How long they are waited for until they are killed; nothing is for ever.
    pub(crate) timeout: Option<Duration>,
    /// `KillMode=mixed`: only the main process is asked.
    pub(crate) main_only: bool,
}

impl Process {
    /// The process that has this number now, unless it has ended.
    pub(crate) fn with_pid(pid: u32) -> Option<Self> {
        Self::with_session(pid).map(|(process, _)| process)
    }

    /// The process that has this number now, and the number of the one that began its session.
    fn with_session(pid: u32) -> Option<(Self, u32)> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The program's name is in parentheses and may hold anything. After it come the state, the third field, the session,
        // the 6th, the number of threads, the 20th, and the start time, the 22nd.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let session = fields.get(3)?.parse().ok()?;
        let threads: u32 = fields.get(17)?.parse().ok()?;
        // The first thread may be gone while others still hold the process's ports.
        let ended = matches!(*fields.first()?, "Z" | "X") && threads <= 1;
        let start_time = fields.get(19)?.parse().ok()?;
        (!ended).then_some((Self { pid, start_time }, session))
    }

    pub(crate) fn is_running(self) -> bool {
        Self::with_pid(self.pid) == Some(self)
    }

    pub(crate) fn send(self, signal: Signal) {
        if let Ok(pid) = self.pid.try_into()
            && self.is_running()
        {
            // It may have ended in between, which is what was wanted.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

/// Every process of a service: each of `known` that runs, each that carries the invocation's id in its environment, and each in the
/// session that the main process began, which may have cleared its environment.
pub(crate) fn processes_of(main: Process, invocation_id: &str, known: &[Process]) -> Vec<Process> {
    processes_beside(&mut BTreeSet::new(), main, invocation_id, known)
}

/// The same without `strangers`, which are known not to carry the id; those that are seen not to are added, since environments are
/// slow to read.
fn processes_beside(
    strangers: &mut BTreeSet<Process>,
    main: Process,
    invocation_id: &str,
    known: &[Process],
) -> Vec<Process> {
    let all: Vec<_> = pids().filter_map(Process::with_session).collect();
    let variable = format!("INVOCATION_ID={invocation_id}");
    let (mut found, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(process, _)| {
        if known.contains(process) {
            return true;
        }
        // What is older cannot be the service's.
        if process.start_time < main.start_time || strangers.contains(process) {
            return false;
        }
        let environment = environment(process.pid);
        let carries = environment
            .split(|byte| *byte == 0)
            .any(|found| found == variable.as_bytes());
        // It is empty for a moment while a process becomes another program.
        if !carries && !environment.is_empty() {
            strangers.insert(*process);
        }
        carries
    });
    let in_session = |(_, session): &(Process, u32)| *session == main.pid;
    // The session's number is given again when the last process in it has ended.
    if found.iter().any(in_session) {
        found.extend(others.into_iter().filter(in_session));
    }
    let mut found: Vec<_> = found.into_iter().map(|(process, _)| process).collect();
    found.sort();
    found
}

/// Kills every process that carries a variable of this value in its environment, and returns when none is left: what has
/// outlived those that knew it.
pub fn kill_processes_with(variable: &str, value: &str) {
    loop {
        let processes = processes_with(variable, value);
        if processes.is_empty() {
            return;
        }
        for process in processes {
            process.send(Signal::SIGKILL);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Every process that carries a variable of this value in its environment.
fn processes_with(variable: &str, value: &str) -> Vec<Process> {
    let variable = format!("{variable}={value}");
    let carries = |pid: &u32| {
        environment(*pid)
            .split(|byte| *byte == 0)
            .any(|found| found == variable.as_bytes())
    };
    pids()
        .filter(carries)
        .filter_map(Process::with_pid)
        .collect()
}

/// A process's variables, each with a zero byte after it; nothing if it is gone.
fn environment(pid: u32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/environ")).unwrap_or_default()
}

/// The numbers of all processes but this one.
fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != std::process::id())
}

/// Ends the service's processes as its `Kill` says, and returns when none is left.
pub(crate) fn end(main: Process, invocation_id: &str, how: Kill) {
    let started = Instant::now();
    let mut asked = false;
    let mut left = vec![main];
    let mut strangers = BTreeSet::new();
    loop {
        left.retain(|process| process.is_running());
        if left.is_empty() || !asked {
            // Looked for again when those that are known have ended, as they may start others until then.
            left = processes_beside(&mut strangers, main, invocation_id, &left);
            if left.is_empty() {
                return;
            }
        }
        let timed_out = how
            .timeout
            .is_some_and(|timeout| started.elapsed() >= timeout);
        if timed_out || (how.main_only && !left.contains(&main)) {
            for process in &left {
                process.send(Signal::SIGKILL);
            }
        } else if !asked && let Ok(signal) = Signal::try_from(how.signal) {
            for process in left
                .iter()
                .filter(|process| !how.main_only || **process == main)
            {
                process.send(signal);
            }
        }
        asked = true;
        thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::ExitStatusExt, process::Command};

    use super::*;

    #[test]
    fn a_process_that_got_the_number_of_another_is_left_alone() {
        let mut child = Command::new("/bin/sleep").arg("600").spawn().unwrap();
        let process = Process::with_pid(child.id()).unwrap();
        let earlier = Process {
            start_time: process.start_time - 1,
            ..process
        };

        earlier.send(Signal::SIGKILL);

        assert!(!earlier.is_running());
        process.send(Signal::SIGTERM);
        assert_eq!(child.wait().unwrap().signal(), Some(Signal::SIGTERM as i32));
        assert!(!process.is_running());
    }
}
