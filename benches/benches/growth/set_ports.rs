//! What the plan of `set_ports` costs, from the ports that are open to those that are wanted.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ops::{Charm, HookCommand, HookCommands, JujuContext, Port, Result, Status, Unit};

/// A hook that sets many ports.
pub(crate) struct ManyPorts {
    charm: Website,
    context: JujuContext,
    hook_commands: Arc<Memory>,
}

/// How long a hook took, and how long of that its plan.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) hook: Duration,
    pub(crate) planning: Duration,
}

/// Wants these ports, and notes how long that took.
struct Website {
    wanted: Vec<Port>,
    planning: Duration,
}

/// Says that these ports are open, as JSON, and refuses to change them: a plan is made, and not carried out.
struct Memory(Vec<u8>);

impl ManyPorts {
    /// So many ports, no two of which make a range; all of them are open already or none is.
    #[expect(clippy::unwrap_used, reason = "a benchmark")]
    pub(crate) fn new(count: u16, all_open: bool) -> Self {
        let port = |number: u16| match number % 2 {
            0 => Port::tcp(number),
            _ => Port::udp(number),
        };
        let wanted: Vec<Port> = (1..=count).map(|number| port(number).unwrap()).collect();
        let open = if all_open { &wanted[..] } else { &[] };
        let texts: Vec<String> = open.iter().map(|port| format!("\"{port} (*)\"")).collect();
        let variables = [
            ("JUJU_CHARM_DIR", "/charm"),
            ("JUJU_DISPATCH_PATH", "hooks/config-changed"),
            ("JUJU_MACHINE_ID", "0"),
            ("JUJU_MODEL_NAME", "staging"),
            ("JUJU_UNIT_NAME", "website/0"),
        ];
        Self {
            hook_commands: Arc::new(Memory(format!("[{}]", texts.join(",")).into_bytes())),
            context: JujuContext::from_environment(variables).unwrap(),
            charm: Website {
                wanted,
                planning: Duration::ZERO,
            },
        }
    }

    #[expect(clippy::unwrap_used, reason = "a benchmark")]
    pub(crate) fn run(&mut self) -> Taken {
        let hook_commands = Arc::clone(&self.hook_commands);
        let started = Instant::now();
        ops::dispatch(&mut self.charm, &self.context, hook_commands).unwrap();
        Taken {
            hook: started.elapsed(),
            planning: self.charm.planning,
        }
    }
}

impl Charm for Website {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        // Read from Juju, and remembered for the hook.
        unit.opened_ports()?;
        let wanted = self.wanted.clone();
        let started = Instant::now();
        let _refused = unit.set_ports(wanted);
        self.planning = started.elapsed();
        Ok(Status::active())
    }
}

impl HookCommands for Memory {
    fn run(&self, command: &HookCommand) -> io::Result<Output> {
        let output = |exit_code: i32, stdout: &[u8]| Output {
            status: ExitStatus::from_raw(exit_code << 8),
            stdout: stdout.to_vec(),
            stderr: Vec::new(),
        };
        Ok(match command.name() {
            "opened-ports" => output(0, &self.0),
            "open-port" => output(1, b""),
            _ => output(0, b""),
        })
    }
}
