//! What a charm is.

use crate::action::action::Action;
use crate::action::results::ActionResults;
use crate::error::Result;
use crate::status::Status;
use crate::unit::Unit;

/// A charm: a function from what is asked of a unit to the unit's status, called for every event.
///
/// It is *holistic*: it does not do what one event asks for, it makes the unit what it should be, whatever came before
/// and however often. So an event that Juju repeats, reorders or retries does no harm.
///
/// | Juju's event | method |
/// |---|---|
/// | `stop` | [`stop`](Self::stop) |
/// | `remove` | [`remove`](Self::remove) |
/// | an action | [`action`](Self::action) |
/// | `collect-metrics`, `meter-status-changed` (Juju 3.6) | none: hook commands do not work in them |
/// | any other | [`reconcile`](Self::reconcile) |
///
/// Juju takes a unit down in this order: `storage-detaching`, `relation-departed` and `relation-broken`, then `stop`, then
/// `remove`. The first three go to `reconcile` as they always do.
///
/// ```
/// use ops::{Action, ActionResults, Charm, Port, Result, Status, Unit};
///
/// struct Website;
///
/// impl Charm for Website {
///     fn reconcile(&mut self, unit: &Unit) -> Result<Status> {
///         unit.set_ports([Port::tcp(80)?])?;
///         Ok(Status::active())
///     }
///
///     fn action(&mut self, action: &Action<'_>, unit: &Unit) -> Result<ActionResults> {
///         match action.name() {
///             "whoami" => Ok([("unit", unit.name().to_string())].into()),
///             _ => Err(action.unknown()),
///         }
///     }
///
///     fn stop(&mut self, unit: &Unit) -> Result<()> {
///         unit.set_ports::<Port>([])?;
///         Ok(())
///     }
/// }
/// ```
pub trait Charm {
    /// Makes the unit what its configuration and its relations ask for, and says how it fares.
    ///
    /// What it asks Juju for is sent when it has returned `Ok`.
    ///
    /// # Errors
    /// See [`Error`](crate::Error) for the ways in which a hook ends then: blocked, waiting, or failed and tried again.
    fn reconcile(&mut self, unit: &Unit) -> Result<Status>;

    /// Carries out an action that an operator runs, as by `juju run hello-server/0 backup`; what it returns is shown.
    ///
    /// # Errors
    /// One for the operator, such as [`Error::blocked`](crate::Error::blocked), ends the action as failed with its text.
    /// All others, and a panic, end the charm with exit code 1, and are shown among what it has printed. A failed action leaves nothing of what it asked Juju for.
    fn action(&mut self, action: &Action<'_>, unit: &Unit) -> Result<ActionResults> {
        let _ = unit;
        Err(action.unknown())
    }

    /// Stops the workload, at Juju's event `stop`; Juju itself sets the status.
    ///
    /// A charm whose workload ends with the machine need not write it.
    ///
    /// # Errors
    /// Whatever the error, the hook fails and is tried again.
    fn stop(&mut self, unit: &Unit) -> Result<()> {
        let _ = unit;
        Ok(())
    }

    /// Takes away what the charm has put on the machine, at `remove`, the last event of a unit. `stop` has come before it,
    /// unless Juju has left it out.
    ///
    /// # Errors
    /// Whatever the error, the hook fails and is tried again.
    fn remove(&mut self, unit: &Unit) -> Result<()> {
        let _ = unit;
        Ok(())
    }
}
