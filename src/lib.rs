//! hello-server: a Juju machine charm that serves HTTP on the port its operator chooses.
//!
//! [`charm`] says what the unit should be, [`config`] what the operator can choose. [`workload`] is the server as the
//! charm sees it, which [`systemd`] keeps running; [`server`] is what runs.

pub mod charm;
pub mod config;
pub mod server;
pub mod systemd;
pub mod workload;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/manage-opened-ports.md")]
mod manage_opened_ports {}

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/check-that-your-charm-is-holistic.md")]
mod check_that_your_charm_is_holistic {}

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/relations.md")]
mod relations {}

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/secrets.md")]
mod secrets {}

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/actions.md")]
mod actions {}

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/interfaces.md")]
mod interfaces {}

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/storage-and-resources.md")]
mod storage_and_resources {}

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/write-tests.md")]
mod write_tests {}

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/from-python-ops.md")]
mod from_python_ops {}

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/stand-behind-an-ingress.md")]
mod stand_behind_an_ingress {}

/// The code of a how-to page, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/test-a-whole-model.md")]
mod test_a_whole_model {}
