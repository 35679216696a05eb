//! The proxy of tests in which none runs.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, MutexGuard};

use ingress::charm::Workload;
use ingress::routes::Routes;
use serde_json::{Value, json};

/// A proxy that only remembers what was asked of it; clones are the same proxy.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeProxy(Arc<Mutex<Machine>>);

#[derive(Debug, Default)]
struct Machine {
    serving: Option<(NonZeroU16, Routes)>,
    installed: bool,
    fault: Option<&'static str>,
}

const PORT_IS_TAKEN: &str = "the port is taken";
const CANNOT_START: &str = "the proxy cannot start";

impl FakeProxy {
    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap()
    }
}

impl Workload for FakeProxy {
    fn serve(&mut self, port: NonZeroU16, routes: &Routes) -> anyhow::Result<()> {
        let mut machine = self.machine();
        match machine.fault {
            Some(PORT_IS_TAKEN) => Err(ops::Error::blocked(PORT_IS_TAKEN).into()),
            Some(fault) => Err(anyhow::anyhow!(fault)),
            None => {
                machine.serving = Some((port, routes.clone()));
                machine.installed = true;
                Ok(())
            }
        }
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        self.machine().serving = None;
        Ok(())
    }

    fn uninstall(&mut self) -> anyhow::Result<()> {
        *self.machine() = Machine::default();
        Ok(())
    }
}

impl ops_testing::Workload for FakeProxy {
    fn snapshot(&self) -> Value {
        let machine = self.machine();
        json!({"serving": &machine.serving, "installed": machine.installed})
    }

    fn reset(&mut self) {
        *self.machine() = Machine::default();
    }

    fn faults(&self) -> &'static [&'static str] {
        &[PORT_IS_TAKEN, CANNOT_START]
    }

    fn set_fault(&mut self, fault: Option<&'static str>) {
        self.machine().fault = fault;
    }
}
