//! What a charm is.

use crate::error::Result;
use crate::event::Event;
use crate::status::Status;
use crate::unit::Unit;

/// A charm: a function from what is asked of a unit to the unit's status, called for every event.
///
/// It is *holistic*: it does not do what one event asks for, it makes the unit what it should be, whatever came before
/// and however often. So an event that Juju repeats, reorders or retries does no harm.
pub trait Charm {
    /// Makes the unit what its configuration and its relations ask for, and says how it fares.
    ///
    /// # Errors
    /// See [`Error`](crate::Error) for the two ways in which a hook ends then: blocked, or failed and tried again.
    fn reconcile(&mut self, event: &Event, unit: &Unit) -> Result<Status>;

    /// Takes the unit down, at [`Event::Stop`] and then at [`Event::Remove`]; Juju itself sets the status.
    ///
    /// In between may come [`Event::RelationBroken`] and [`Event::StorageDetaching`], which go to `reconcile` as they
    /// always do; a charm with relations or storage must not start there again what it has stopped.
    ///
    /// A charm whose workload ends with the machine need not write it.
    ///
    /// # Errors
    /// Whatever the error, the hook fails and is tried again.
    fn tear_down(&mut self, event: &Event, unit: &Unit) -> Result<()> {
        let _ = (event, unit);
        Ok(())
    }
}
