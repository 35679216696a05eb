//! What the charms look after: a server and a proxy that only remember what was asked of them.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hello_server::workload::WorkloadError;
use ingress::routes::Routes;
use serde_json::{Value, json};

const CANNOT_START: &str = "it cannot start";

/// Where it serves, and whether it can; clones are the same.
#[derive(Clone, Debug)]
struct Fake<T>(Arc<Mutex<Machine<T>>>);

#[derive(Debug)]
struct Machine<T> {
    serving: Option<T>,
    fault: Option<&'static str>,
}

impl<T> Default for Fake<T> {
    fn default() -> Self {
        let (serving, fault) = (None, None);
        Self(Arc::new(Mutex::new(Machine { serving, fault })))
    }
}

impl<T> Fake<T> {
    fn lock(&self) -> MutexGuard<'_, Machine<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, what: T) -> anyhow::Result<()> {
        let mut machine = self.lock();
        if let Some(fault) = machine.fault {
            anyhow::bail!(fault);
        }
        machine.serving = Some(what);
        Ok(())
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct FakeServer(Fake<u16>);

impl hello_server::workload::Workload for FakeServer {
    fn serve_on(&mut self, port: NonZeroU16) -> Result<(), WorkloadError> {
        Ok(self.0.serve(port.get())?)
    }

    fn stop(&mut self) -> Result<(), WorkloadError> {
        self.0.lock().serving = None;
        Ok(())
    }

    fn uninstall(&mut self) -> Result<(), WorkloadError> {
        self.stop()
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct FakeProxy(Fake<(NonZeroU16, Routes)>);

impl ingress::charm::Workload for FakeProxy {
    fn serve(&mut self, port: NonZeroU16, routes: &Routes) -> anyhow::Result<()> {
        self.0.serve((port, routes.clone()))
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        self.0.lock().serving = None;
        Ok(())
    }

    fn uninstall(&mut self) -> anyhow::Result<()> {
        self.stop()
    }
}

macro_rules! workload {
    ($fake:ty) => {
        impl ops_testing::Workload for $fake {
            fn snapshot(&self) -> Value {
                json!(self.0.lock().serving)
            }

            fn reset(&mut self) {
                self.0.lock().serving = None;
            }

            fn faults(&self) -> &'static [&'static str] {
                &[CANNOT_START]
            }

            fn set_fault(&mut self, fault: Option<&'static str>) {
                self.0.lock().fault = fault;
            }
        }
    };
}

workload!(FakeServer);
workload!(FakeProxy);
