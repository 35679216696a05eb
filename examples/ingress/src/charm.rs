//! The charm: what a unit of ingress should be.

use std::num::NonZeroU16;

use interfaces::ingress::{Provider, UnitData};
use ops::{Charm, Error, Port, Result, Status, Unit};

use crate::routes::Routes;

/// What the charm looks after: the proxy on this machine.
pub trait Workload {
    /// Makes the proxy answer on `port` and on no other, by these routes; does nothing when it already does.
    fn serve(&mut self, port: NonZeroU16, routes: &Routes) -> anyhow::Result<()>;

    /// Stops the proxy: nothing listens any more, and nothing starts when the machine boots.
    fn stop(&mut self) -> anyhow::Result<()>;

    /// Stops the proxy and removes every file it was installed with.
    fn uninstall(&mut self) -> anyhow::Result<()>;
}

/// The charm's options, such as `port: 8080`.
#[derive(serde::Deserialize)]
struct Config {
    port: NonZeroU16,
}

/// A proxy that gives each related application a url.
#[derive(Debug)]
pub struct Ingress<W> {
    proxy: W,
}

impl<W: Workload> Ingress<W> {
    /// The charm, with the proxy that it looks after.
    pub fn new(proxy: W) -> Self {
        Self { proxy }
    }
}

impl<W: Workload> Charm for Ingress<W> {
    fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
        let Config { port } = unit.config()?;
        unit.set_ports([port])?;
        let mut routes = Routes::default();
        let mut urls = Vec::new();
        let mut problems = Vec::new();
        for relation in unit.relations("ingress")? {
            let here = UnitData::new(unit, &relation)?.authority(port);
            let provider = Provider::new(relation);
            // What is wrong with one application is no reason to let down the others.
            let url = match provider.request().and_then(|request| routes.add(&request)) {
                Ok(path) => Some(format!("http://{here}{path}")),
                Err(Error::Waiting(_)) => None,
                Err(Error::Blocked(problem)) => {
                    problems.push(problem);
                    None
                }
                Err(error) => return Err(error),
            };
            urls.push((provider, url));
        }
        self.proxy.serve(port, &routes)?;
        if let Some(leader) = unit.leader()? {
            for (provider, url) in &urls {
                provider.publish_url(&leader, url.as_deref())?;
            }
        }
        Ok(if problems.is_empty() {
            Status::active()
        } else {
            Status::blocked(problems.join("; "))
        })
    }

    fn stop(&mut self, unit: &Unit) -> Result<()> {
        unit.set_ports::<Port>([])?;
        Ok(self.proxy.stop()?)
    }

    fn remove(&mut self, unit: &Unit) -> Result<()> {
        unit.set_ports::<Port>([])?;
        Ok(self.proxy.uninstall()?)
    }
}
