//! The charm at the two levels at which it is tested: in this process with a fake server, and as the real binary,
//! through `./dispatch`, with the real one.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::anyhow;
use hello_server::charm::HelloServer;
use hello_server::workload::{Workload, WorkloadError};
use ops::Event;
use ops_testing::{Context, Outcome, State};
use serde_json::{Value, json};

/// A unit of hello-server, on a machine of its own.
pub(crate) struct Unit {
    pub(crate) context: Context,
    server: Server,
}

enum Server {
    Fake(FakeServer),
    Real,
}

/// What a test calls for each level, one after the other.
pub(crate) fn at_each_level(test: impl Fn(&Unit)) {
    for unit in [Unit::in_process(), Unit::dispatching()] {
        println!("{}", unit.level());
        test(&unit);
    }
}

impl Unit {
    pub(crate) fn in_process() -> Self {
        let server = FakeServer::default();
        let fake = server.clone();
        Self {
            context: Context::new(move || HelloServer::new(fake.clone())),
            server: Server::Fake(server),
        }
    }

    pub(crate) fn dispatching() -> Self {
        Self {
            context: Context::dispatching(Path::new(env!("CARGO_MANIFEST_DIR"))),
            server: Server::Real,
        }
    }

    fn level(&self) -> &'static str {
        match self.server {
            Server::Fake(_) => "in process:",
            Server::Real => "through ./dispatch:",
        }
    }

    /// The unit, installed and serving on a port that was free.
    pub(crate) fn installed(&self) -> (u16, State) {
        let port = free_port();
        let given = State::default().with_config("server-port", port);
        let then = self.context.run(&Event::Install, &given);
        assert!(then.succeeded(), "{then:#?}");
        assert!(self.serves(port));
        (port, then.state)
    }

    /// Dispatches an event that Juju takes as done.
    pub(crate) fn run(&self, event: &Event, given: &State) -> Outcome {
        let then = self.context.run(event, given);
        assert!(then.succeeded(), "{then:#?}");
        then
    }

    /// Whether the server answers on this port.
    pub(crate) fn serves(&self, port: u16) -> bool {
        match &self.server {
            Server::Fake(server) => server.serving() == Some(port),
            Server::Real => http_get(port).is_some_and(|answer| answer.contains("hello-server/0")),
        }
    }

    /// Whether the server's files are on the machine.
    pub(crate) fn is_installed(&self) -> bool {
        match &self.server {
            Server::Fake(server) => server.0.lock().unwrap().installed,
            Server::Real => self
                .context
                .charm_dir()
                .join("server/hello-server")
                .exists(),
        }
    }

    /// Lets another process of the machine listen on a port; a real one as long as what is returned lives.
    pub(crate) fn other_process_on(&self, port: u16) -> Option<TcpListener> {
        match &self.server {
            Server::Fake(server) => {
                server.0.lock().unwrap().taken.insert(port);
                None
            }
            Server::Real => Some(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap()),
        }
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// What `curl http://127.0.0.1:PORT/` prints, if anybody answers.
pub(crate) fn http_get(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// A server that only remembers what was asked of it; clones are the same server.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeServer(Arc<Mutex<Machine>>);

#[derive(Debug, Default)]
struct Machine {
    serving: Option<u16>,
    installed: bool,
    taken: BTreeSet<u16>,
    fault: Option<&'static str>,
}

const CANNOT_START: &str = "the server cannot start";
const DIES: &str = "the server dies at once";
const PORT_IS_TAKEN: &str = "the port is taken";
const SYSTEMCTL_REFUSES: &str = "systemctl refuses";

impl FakeServer {
    pub(crate) fn serving(&self) -> Option<u16> {
        self.0.lock().unwrap().serving
    }
}

impl Workload for FakeServer {
    fn serve_on(&mut self, port: NonZeroU16) -> Result<(), WorkloadError> {
        let mut machine = self.0.lock().unwrap();
        if machine.fault == Some(PORT_IS_TAKEN) || machine.taken.contains(&port.get()) {
            return Err(WorkloadError::PortTaken { port });
        }
        if machine.fault == Some(DIES) {
            machine.serving = None;
        }
        if let Some(fault) = machine.fault {
            return Err(anyhow!(fault).into());
        }
        machine.installed = true;
        machine.serving = Some(port.get());
        Ok(())
    }

    fn stop(&mut self) -> Result<(), WorkloadError> {
        let mut machine = self.0.lock().unwrap();
        if machine.fault == Some(SYSTEMCTL_REFUSES) {
            return Err(anyhow!(SYSTEMCTL_REFUSES).into());
        }
        machine.serving = None;
        Ok(())
    }

    fn uninstall(&mut self) -> Result<(), WorkloadError> {
        self.0.lock().unwrap().installed = false;
        self.stop()
    }
}

impl ops_testing::Workload for FakeServer {
    fn snapshot(&self) -> Value {
        json!({ "serving": self.serving() })
    }

    fn reset(&mut self) {
        *self.0.lock().unwrap() = Machine::default();
    }

    fn faults(&self) -> &'static [&'static str] {
        &[CANNOT_START, DIES, PORT_IS_TAKEN, SYSTEMCTL_REFUSES]
    }

    fn set_fault(&mut self, fault: Option<&'static str>) {
        self.0.lock().unwrap().fault = fault;
    }
}
