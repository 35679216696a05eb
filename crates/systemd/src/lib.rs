//! A service that a charm keeps under systemd: its unit files, its executable, its restarts.
//!
//! A [`Template`] is a service, with or without a socket, whose instance is what may change about it, such as its port:
//! `web@8000.service`. What is installed, enabled and running is read from the machine each time, so a call that was
//! killed half-way is completed by the next one. It knows no Juju, and runs `systemctl` and nothing else.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use systemd::Template;
//!
//! # fn main() -> Result<(), systemd::Error> {
//! let proxy = Template::new("proxy", Path::new("/opt/proxy/bin/proxy"), systemd::unit_dir())
//!     .with_unit_file("service", "[Service]\nExecStart={executable} --port %i\n[Install]\nWantedBy=multi-user.target\n");
//! let loaded = proxy.install(Path::new("/proc/self/exe"))?;
//! proxy.start("8080")?;
//! proxy.stop(&loaded, proxy.in_use(&loaded)?.iter().filter(|port| *port != "8080"))?;
//! # Ok(())
//! # }
//! ```

mod error;
mod files;
mod port;
mod systemctl;
mod template;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use error::{Error, Result};
pub use files::{remove_file, write_file};
pub use systemctl::LoadedUnit;
pub use template::{Template, exec_start_word, unit_dir};
