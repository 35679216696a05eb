//! A charm that does what the test tells it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ops::{Charm, Error, Event, Port, PortChanges, Result, Status, Unit};
use ops_testing::{Context, Fault, Outcome, State};

/// Something that a charm does in a hook.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Set(Vec<Port>),
    Open(Port),
    Close(Port),
}

/// What the charm does in its next hook, and what came of it.
#[derive(Debug, Default)]
struct Script {
    steps: Vec<Step>,
    /// Goes on after an error, and is blocked in the end.
    ends_blocked: bool,
    changes: PortChanges,
    opened: Vec<Port>,
}

#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Script>>);

impl Charm for Scripted {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        self.play(unit)?;
        Ok(Status::active())
    }

    fn stop(&mut self, unit: &Unit) -> Result<()> {
        self.play(unit)
    }
}

impl Scripted {
    fn play(&self, unit: &Unit) -> Result<()> {
        let script = &mut *self.0.lock().unwrap();
        for step in script.steps.clone() {
            let done = match step {
                Step::Set(ports) => unit
                    .set_ports(ports)
                    .map(|changes| script.changes = changes),
                Step::Open(port) => unit.open_port(port),
                Step::Close(port) => unit.close_port(port),
            };
            if !script.ends_blocked {
                done?;
            }
        }
        script.opened = unit.opened_ports()?;
        if script.ends_blocked {
            return Err(Error::blocked("the test wants it"));
        }
        Ok(())
    }
}

/// Runs hooks of that charm, which is called `website` and has the endpoints `bar`, `baz` and `foo`.
pub(crate) struct Hooks {
    charm: Scripted,
    context: Context,
    fault: Option<Fault>,
}

impl Hooks {
    pub(crate) fn new() -> Self {
        let charm = Scripted::default();
        let made = charm.clone();
        let metadata = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/charm");
        Self {
            charm,
            context: Context::of_charm(&metadata, move || made.clone()),
            fault: None,
        }
    }

    /// The same with Juju refusing a command of each hook, counted from 0.
    pub(crate) fn refusing(self, command: usize) -> Self {
        Self {
            fault: Some(Fault::refused(command)),
            ..self
        }
    }

    /// A hook in which the charm sets these ports.
    pub(crate) fn set_ports(&self, ports: &[Port], given: &State) -> Outcome {
        self.steps(vec![Step::Set(ports.to_vec())], given)
    }

    /// A hook in which the charm does all this, and fails with the first error.
    pub(crate) fn steps(&self, steps: Vec<Step>, given: &State) -> Outcome {
        self.run(&Event::ConfigChanged, steps, false, given)
    }

    /// A hook in which the charm does all this, whatever comes of it, and then is blocked.
    pub(crate) fn steps_then_blocked(&self, steps: Vec<Step>, given: &State) -> Outcome {
        self.run(&Event::ConfigChanged, steps, true, given)
    }

    /// The hook `stop`, in which the charm does all this.
    pub(crate) fn stop(&self, steps: Vec<Step>, given: &State) -> Outcome {
        self.run(&Event::Stop, steps, false, given)
    }

    /// What the latest successful `set_ports` has returned.
    pub(crate) fn changes(&self) -> PortChanges {
        self.charm.0.lock().unwrap().changes.clone()
    }

    /// What `opened_ports` has returned at the end of the latest hook.
    pub(crate) fn opened(&self) -> Vec<String> {
        let script = self.charm.0.lock().unwrap();
        script.opened.iter().map(Port::to_string).collect()
    }

    fn run(&self, event: &Event, steps: Vec<Step>, ends_blocked: bool, given: &State) -> Outcome {
        *self.charm.0.lock().unwrap() = Script {
            steps,
            ends_blocked,
            ..Script::default()
        };
        match self.fault {
            Some(fault) => self.context.run_with_fault(event, given, fault),
            None => self.context.run(event, given),
        }
    }
}
