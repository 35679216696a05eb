//! The laws of a holistic charm: what came before, how often and how it went does not matter.
//!
//! [`Laws`] checks them for any charm. A charm with a workload hands in a [`Workload`](crate::Workload), so that what the charm
//! makes of the machine counts too, and what goes wrong there is tried. [`of_model`] checks the laws of several charms in one model.

mod check;
pub(crate) mod difference;
mod judge;
mod law;
pub(crate) mod option_values;
mod relation_story;
mod retry;
mod rust_code;
mod stories;
mod story;

pub use crate::model::laws::{ModelLaws, ModelReport, of_model};
pub use crate::model::violation::{ModelLaw, ModelViolation};
pub use check::Laws;
pub use law::{Law, Violation};
