//! The server: answers HTTP on one listening socket until it is told to stop.

use std::future::ready;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::num::NonZeroU16;
use std::time::Duration;

use anyhow::Context;
use http_body_util::Full;
use http_server::{Limits, text};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

/// 1000 clients stay below `MemoryMax=` of the unit file.
pub const LIMITS: Limits = Limits {
    buffer: 8 * 1024,
    last_answers: Duration::from_secs(3),
};

/// Listens on `port` of every address of the machine, IPv4 and, where the machine has it, IPv6.
pub fn listen(port: NonZeroU16) -> io::Result<TcpListener> {
    let port = port.get();
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)) {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
        }
        result => result,
    }
}

/// Answers requests on `listener` until SIGTERM; then finishes those that are under way and returns.
///
/// `GET /` says `hello-server/0 is listening on port 8000`, where `hello-server/0` is `name`; `GET /health` says `ok`.
pub fn serve(name: &str, listener: TcpListener) -> anyhow::Result<()> {
    let port = listener
        .local_addr()
        .context("the socket has no address")?
        .port();
    let greeting = Bytes::from(format!("{name} is listening on port {port}\n"));
    let answer = move |request, _| ready(answer(&request, &greeting));
    http_server::serve(listener, LIMITS, answer)
        .with_context(|| format!("cannot serve on port {port}"))
}

fn answer(request: &Request<Incoming>, greeting: &Bytes) -> Response<Full<Bytes>> {
    match (request.uri().path(), request.method()) {
        ("/" | "/health", method) if method != Method::GET && method != Method::HEAD => {
            let refusal = "only GET and HEAD are allowed\n";
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, refusal);
            let allowed = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(ALLOW, allowed);
            response
        }
        ("/", _) => text(StatusCode::OK, greeting.clone()),
        ("/health", _) => text(StatusCode::OK, "ok\n"),
        _ => text(StatusCode::NOT_FOUND, "not found\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listens_on_a_port_of_every_address_but_not_on_one_that_is_taken() {
        // given
        let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = NonZeroU16::new(elsewhere.local_addr().unwrap().port()).unwrap();
        // when
        let refused = listen(port).unwrap_err();
        // then
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    }
}
