//! A service whose instance is the port that its socket listens on.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::num::NonZeroU16;
use std::path::Path;

use crate::error::{Error, Result};
use crate::template::Template;

impl Template {
    /// Makes the instance of a port, such as `web@8000.socket`, listen and its service run a copy of `program`; then stops all
    /// other instances. Does nothing when it is so already.
    ///
    /// It returns once the service is ready. Until then the instance that ran before goes on, and remains when this fails.
    ///
    /// # Errors
    /// [`Error::Port`] when the machine does not let it have the port, and [`Error::DoesNotRun`] when its service does not get
    /// ready or has been given up by systemd.
    pub fn serve_on(&self, port: NonZeroU16, program: &Path) -> Result<()> {
        let instance = &*port.to_string();
        let does_not_run = |reason| Error::DoesNotRun {
            unit: self.unit(instance, "service"),
            reason: Box::new(reason),
        };
        let loaded = self.install(program)?;
        self.refuse_if_given_up(&loaded, instance)
            .map_err(does_not_run)?;

        let socket = self.find(&loaded, instance, "socket");
        let service = self.find(&loaded, instance, "service");
        let listens = socket.active_state == "active" && self.enabled()?.contains(instance);
        let mut others = self.in_use(&loaded)?;
        others.remove(instance);
        if !listens {
            let started = if others.is_empty() {
                self.start(instance)
            } else {
                self.start_in_place_of_others(instance)
            };
            if let Err(reason) = started {
                self.stop(&self.loaded()?, [instance])?;
                return Err(refusal_of(port).unwrap_or_else(|| does_not_run(reason)));
            }
        } else if ["activating", "failed"].contains(&service.active_state.as_str()) {
            // The socket stays as it is: whoever asks meanwhile waits in it.
            self.start_service(instance).map_err(does_not_run)?;
        }
        self.stop(&loaded, others)?;
        self.restart_if_outdated(&loaded, instance)
            .map_err(does_not_run)
    }
}

/// Why nobody can listen on the port now, if it is for the port.
fn refusal_of(port: NonZeroU16) -> Option<Error> {
    let number = port.get();
    let refused = match TcpListener::bind((Ipv6Addr::UNSPECIFIED, number)) {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, number))
        }
        result => result,
    };
    let reason = refused.err()?;
    let kinds = [io::ErrorKind::AddrInUse, io::ErrorKind::PermissionDenied];
    kinds
        .contains(&reason.kind())
        .then_some(Error::Port { port, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_the_reason_and_one_that_is_free_is_not() {
        // given
        let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = NonZeroU16::new(elsewhere.local_addr().unwrap().port()).unwrap();
        // when
        let refusal = refusal_of(port);
        // then
        let text = refusal.unwrap().to_string();
        let expected = format!("port {port} cannot be opened: Address already in use");
        assert!(text.starts_with(&expected), "{text}");
        drop(elsewhere);
        assert!(refusal_of(port).is_none());
    }
}
