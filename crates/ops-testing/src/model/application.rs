//! The applications that a model may have: a charm each, and what its units work on.

use std::env;
use std::fmt;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;

use juju_emulator::charm::metadata::Charm;
use serde_json::Value;

use crate::context::{fail, read_charm};
use crate::workload::Workload;

/// A charm in a model, with the workload that each of its units has: the fake of a server, or `()`.
///
/// ```no_run
/// use ops::{Charm, Result, Status, Unit};
/// use ops_testing::Application;
///
/// # struct Website;
/// # impl Charm for Website {
/// #     fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
/// #         Ok(Status::active())
/// #     }
/// # }
/// let website = Application::new(|_: &()| Website);
/// ```
#[derive(Clone)]
pub struct Application {
    pub(crate) name: String,
    pub(crate) charm: Arc<Charm>,
    pub(crate) charm_dir: PathBuf,
    new_unit: Arc<dyn Fn() -> Box<dyn Program> + Send + Sync>,
}

/// What a unit runs: its charm, made anew for every hook, on a workload that stays.
pub(crate) trait Program {
    fn charm(&self) -> Box<dyn ops::Charm>;
    fn workload(&mut self) -> &mut dyn Workload;
    /// What the workload is before a charm has touched it.
    fn untouched(&self) -> Value;
}

/// Makes a charm on a workload.
type NewCharm<W> = dyn Fn(&W) -> Box<dyn ops::Charm> + Send + Sync;

struct UnitProgram<W> {
    workload: W,
    charm: Arc<NewCharm<W>>,
}

impl<W: Workload + Default> Program for UnitProgram<W> {
    fn charm(&self) -> Box<dyn ops::Charm> {
        (self.charm)(&self.workload)
    }

    fn workload(&mut self) -> &mut dyn Workload {
        &mut self.workload
    }

    fn untouched(&self) -> Value {
        W::default().snapshot()
    }
}

impl Application {
    /// The charm of the package under test, by the name that its `charmcraft.yaml` gives it.
    ///
    /// The charm is made anew for every hook, as Juju starts it anew, on its unit's workload:
    /// `Application::new(|server: &FakeServer| HelloServer::new(server.clone()))`.
    ///
    /// # Panics
    /// When the metadata cannot be read.
    #[track_caller]
    #[must_use]
    pub fn new<C, W>(charm: impl Fn(&W) -> C + Send + Sync + 'static) -> Self
    where
        C: ops::Charm + 'static,
        W: Workload + Default + 'static,
    {
        let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| ".".into(), PathBuf::from);
        Self::of_charm(&package, charm)
    }

    /// Like [`new`](Self::new), with the metadata of another directory: `Application::of_charm("../ingress".as_ref(), …)`.
    ///
    /// # Panics
    /// When the metadata cannot be read.
    #[track_caller]
    #[must_use]
    pub fn of_charm<C, W>(directory: &Path, charm: impl Fn(&W) -> C + Send + Sync + 'static) -> Self
    where
        C: ops::Charm + 'static,
        W: Workload + Default + 'static,
    {
        let metadata = read_charm(directory);
        let charm: Arc<NewCharm<W>> = Arc::new(move |workload| Box::new(charm(workload)));
        let charm_dir = path::absolute(directory);
        Self {
            name: metadata.name.clone(),
            charm: Arc::new(metadata),
            charm_dir: charm_dir.unwrap_or_else(|error| {
                fail(&format!("cannot use {}: {error}", directory.display()))
            }),
            new_unit: Arc::new(move || {
                Box::new(UnitProgram {
                    workload: W::default(),
                    charm: Arc::clone(&charm),
                })
            }),
        }
    }

    /// The same under another name, as `juju deploy ./website frontend` has it: `website.named("frontend")`.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// What a new unit runs.
    pub(crate) fn new_unit(&self) -> Box<dyn Program> {
        (self.new_unit)()
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Application")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
