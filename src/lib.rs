//! hello-server: a Juju machine charm that serves HTTP on the port its operator chooses.

pub mod server;
pub mod systemd;
pub mod workload;
