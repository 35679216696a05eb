//! hello-server: a Juju machine charm that serves HTTP on the port its operator chooses.

mod files;
pub mod server;
pub mod systemd;
pub mod workload;
