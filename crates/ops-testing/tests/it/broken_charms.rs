//! Charms that are not holistic, each by one mistake, and charms that are.

use std::sync::{Arc, Mutex};

use anyhow::anyhow;
use ops::{Charm, Event, Port, Protocol, Result, Status, Unit};
use ops_testing::Workload;
use serde::Deserialize;
use serde_json::{Value, json};

/// The one option of all of them, such as `port: 8000`.
#[derive(Deserialize)]
struct Config {
    port: Port,
}

/// What they look after: a server, and a file beside it; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Website(Arc<Mutex<Machine>>);

#[derive(Default)]
struct Machine {
    serving: Option<Port>,
    /// What is in the file, which the third charm keeps.
    file: Option<Port>,
    fault: Option<&'static str>,
}

const CANNOT_START: &str = "the server cannot start";

impl Website {
    fn serve_on(&self, port: &Port) -> Result<()> {
        let mut machine = self.0.lock().unwrap();
        if let Some(fault) = machine.fault {
            return Err(anyhow!(fault).into());
        }
        machine.serving = Some(port.clone());
        Ok(())
    }

    fn stop(&self) {
        self.0.lock().unwrap().serving = None;
    }

    fn read_file(&self) -> Option<Port> {
        self.0.lock().unwrap().file.clone()
    }

    fn write_file(&self, port: Option<&Port>) {
        self.0.lock().unwrap().file = port.cloned();
    }
}

impl Workload for Website {
    fn snapshot(&self) -> Value {
        let machine = self.0.lock().unwrap();
        let text = |port: &Option<Port>| port.as_ref().map(Port::to_string);
        json!({ "serving": text(&machine.serving), "file": text(&machine.file) })
    }

    fn reset(&mut self) {
        *self.0.lock().unwrap() = Machine::default();
    }

    fn faults(&self) -> &'static [&'static str] {
        &[CANNOT_START]
    }

    fn set_fault(&mut self, fault: Option<&'static str>) {
        self.0.lock().unwrap().fault = fault;
    }
}

/// A charm that never closes its port.
pub(crate) struct LeavesItsPort(pub(crate) Website);

impl Charm for LeavesItsPort {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        holistic(&self.0, unit)
    }

    fn stop(&mut self, _unit: &Unit) -> Result<()> {
        self.0.stop();
        Ok(())
    }
}

/// A charm by the function that reconciles.
pub(crate) struct WebsiteCharm {
    pub(crate) website: Website,
    pub(crate) reconcile: fn(&Website, &Unit) -> Result<Status>,
}

impl Charm for WebsiteCharm {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        (self.reconcile)(&self.website, unit)
    }

    fn stop(&mut self, unit: &Unit) -> Result<()> {
        unit.set_ports::<Port>([])?;
        self.website.stop();
        self.website.write_file(None);
        Ok(())
    }
}

pub(crate) fn holistic(website: &Website, unit: &Unit) -> Result<Status> {
    let Config { port } = unit.config()?;
    unit.set_ports([port.clone()])?;
    website.serve_on(&port)?;
    Ok(Status::active())
}

pub(crate) fn forgets_to_close_the_old_port(website: &Website, unit: &Unit) -> Result<Status> {
    let Config { port } = unit.config()?;
    unit.open_port(port.clone())?;
    website.serve_on(&port)?;
    Ok(Status::active())
}

pub(crate) fn opens_before_it_knows(website: &Website, unit: &Unit) -> Result<Status> {
    let Config { port } = unit.config()?;
    unit.set_ports([port.clone()])?;
    if port == Port::tcp(22)? {
        return Ok(Status::blocked("port: 22 is reserved for SSH"));
    }
    website.serve_on(&port)?;
    Ok(Status::active())
}

pub(crate) fn knows_before_it_opens(website: &Website, unit: &Unit) -> Result<Status> {
    let Config { port } = unit.config()?;
    if port == Port::tcp(22)? {
        return Ok(Status::blocked("port: 22 is reserved for SSH"));
    }
    unit.set_ports([port.clone()])?;
    website.serve_on(&port)?;
    Ok(Status::active())
}

/// Fails at once for a port that only the operator can change.
pub(crate) fn fails_for_a_bad_port(website: &Website, unit: &Unit) -> Result<Status> {
    let Config { port } = unit.config()?;
    if port == Port::tcp(22)? {
        return Err(anyhow!("22 is reserved for SSH").into());
    }
    unit.set_ports([port.clone()])?;
    website.serve_on(&port)?;
    Ok(Status::active())
}

pub(crate) fn opens_and_is_blocked_when_the_server_fails(
    website: &Website,
    unit: &Unit,
) -> Result<Status> {
    let Config { port } = unit.config()?;
    unit.set_ports([port.clone()])?;
    Ok(match website.serve_on(&port) {
        Ok(()) => Status::active(),
        Err(error) => Status::blocked(error.to_string()),
    })
}

pub(crate) fn does_not_look_whether_the_server_has_failed(
    website: &Website,
    unit: &Unit,
) -> Result<Status> {
    let Config { port } = unit.config()?;
    unit.set_ports([port.clone()])?;
    let _ = website.serve_on(&port);
    Ok(Status::active())
}

/// As one that adds 1 to it.
pub(crate) fn cannot_take_the_highest_port(website: &Website, unit: &Unit) -> Result<Status> {
    let Config { port } = unit.config()?;
    if port == Port::tcp(u16::MAX)? {
        return Err(anyhow!("65535 + 1 is too much").into());
    }
    holistic(website, unit)
}

/// As one that works in two slots by turns.
pub(crate) fn swaps_its_file_each_time(website: &Website, unit: &Unit) -> Result<Status> {
    let Config { port } = unit.config()?;
    unit.set_ports([port.clone()])?;
    let missing = website.read_file().is_none();
    website.write_file(missing.then_some(&port));
    website.serve_on(&port)?;
    Ok(Status::active())
}

pub(crate) fn closes_and_opens_each_time(website: &Website, unit: &Unit) -> Result<Status> {
    let Config { port } = unit.config()?;
    unit.set_ports::<Port>([])?;
    unit.set_ports([port.clone()])?;
    website.serve_on(&port)?;
    Ok(Status::active())
}

pub(crate) fn waits_for_a_relation_with_its_port_open(
    website: &Website,
    unit: &Unit,
) -> Result<Status> {
    let Config { port } = unit.config()?;
    unit.set_ports([port.clone()])?;
    website.serve_on(&port)?;
    Ok(Status::blocked("relate it to a database"))
}

pub(crate) fn opens_a_range(website: &Website, unit: &Unit) -> Result<Status> {
    let Config { port } = unit.config()?;
    let from = port.numbers().map_or(1, |numbers| *numbers.start());
    unit.set_ports([Port::range(Protocol::Tcp, from..=from.saturating_add(9))?])?;
    website.serve_on(&port)?;
    Ok(Status::active())
}

pub(crate) fn remembers_the_port_in_a_file(website: &Website, unit: &Unit) -> Result<Status> {
    let Config { port } = unit.config()?;
    let remembered = website.read_file();
    if remembered.as_ref() != Some(&port) {
        if let Some(old) = remembered {
            unit.close_port(old)?;
        }
        unit.open_port(port.clone())?;
        website.write_file(Some(&port));
    }
    website.serve_on(&port)?;
    Ok(Status::active())
}

pub(crate) fn says_active_before_the_work_is_done(
    website: &Website,
    unit: &Unit,
) -> Result<Status> {
    let Config { port } = unit.config()?;
    unit.set_ports([port.clone()])?;
    unit.set_status(&Status::active())?;
    website.serve_on(&port)?;
    Ok(Status::active())
}

pub(crate) fn reacts_to_config_changed_only(website: &Website, unit: &Unit) -> Result<Status> {
    if *unit.event() == Event::ConfigChanged {
        let Config { port } = unit.config()?;
        unit.set_ports([port.clone()])?;
        website.serve_on(&port)?;
    }
    Ok(Status::active())
}
