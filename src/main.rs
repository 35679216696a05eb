//! hello-server: a Juju machine charm that serves HTTP on the port its operator chooses.

fn main() {}
