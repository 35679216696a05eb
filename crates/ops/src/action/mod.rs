//! Actions, which operators run with `juju run`.

#[expect(clippy::module_inception, reason = "it is about one run of an action")]
pub(crate) mod action;
mod read;
pub(crate) mod results;
pub(crate) mod task_id;
