//! The server: answers HTTP on one listening socket until it is told to stop.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::num::NonZeroU16;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use listenfd::ListenFd;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

/// How long a client may take to send the head of a request, and may stay silent between two requests.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections kept at a time; a new one beyond them displaces the oldest, so that idle clients cannot keep others out.
/// Stays below `LimitNOFILE=` of the unit file.
pub const MAX_CONNECTIONS: usize = 1000;

/// Bytes buffered for one connection in each direction; 1000 connections stay below `MemoryMax=` of the unit file.
pub const MAX_BUFFER: usize = 8 * 1024;

/// How long requests that are still on their way when the server is stopped have to arrive, and then to be answered.
const LAST_CALL: Duration = Duration::from_millis(100);
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// How long to wait after a connection could not be accepted (no file descriptor left, say) before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Takes over the listening socket that systemd, or whoever started this process, has opened for it.
pub fn inherited_listener() -> anyhow::Result<TcpListener> {
    ListenFd::from_env()
        .take_tcp_listener(0)
        .context("the inherited socket cannot be used")?
        .context("no socket was inherited: give --port, or have systemd start this through its socket unit")
}

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
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| {
            runtime.block_on(async {
                let mut terminated = signal(SignalKind::terminate())?;
                answer_until(terminated.recv(), greeting, listener).await
            })
        })
        .with_context(|| format!("cannot serve on port {port}"))
}

async fn answer_until<T>(
    stop: impl Future<Output = T>,
    greeting: Bytes,
    listener: TcpListener,
) -> io::Result<()> {
    let mut stop = pin!(stop);
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_BUFFER);
    let graceful = GracefulShutdown::new();
    let mut connections = VecDeque::with_capacity(MAX_CONNECTIONS);
    sd_notify::notify(&[sd_notify::NotifyState::Ready])?;

    loop {
        let accepted = select! {
            // Clients that were there before are still let in.
            biased;
            accepted = listener.accept() => accepted,
            _ = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                writeln!(io::stderr(), "cannot accept a connection: {error}")?;
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if connections.len() == MAX_CONNECTIONS {
            make_room(&mut connections);
        }
        let greeting = greeting.clone();
        let service = service_fn(move |request| {
            let response = answer(&request, &greeting);
            async { Ok::<_, Infallible>(response) }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        connections.push_back(tokio::spawn(connection));
    }

    drop(listener);
    // hyper closes a connection it has read nothing from yet, even when the request is already waiting in the socket.
    sleep(LAST_CALL).await;
    select! {
        () = graceful.shutdown() => {}
        () = sleep(LAST_ANSWERS) => {}
    }
    Ok(())
}

fn make_room<T>(connections: &mut VecDeque<tokio::task::JoinHandle<T>>) {
    connections.retain(|connection| !connection.is_finished());
    if connections.len() == MAX_CONNECTIONS
        && let Some(oldest) = connections.pop_front()
    {
        oldest.abort();
    }
}

fn answer(request: &Request<Incoming>, greeting: &Bytes) -> Response<Full<Bytes>> {
    let hosts = request.headers().get_all(HOST).iter().count();
    let is_malformed = hosts > 1 || hosts == 0 && request.version() == Version::HTTP_11;
    let (status, text) = match (request.uri().path(), request.method()) {
        _ if is_malformed => (
            StatusCode::BAD_REQUEST,
            Bytes::from_static(b"expected one Host header\n"),
        ),
        ("/" | "/health", method) if method != Method::GET && method != Method::HEAD => (
            StatusCode::METHOD_NOT_ALLOWED,
            Bytes::from_static(b"only GET and HEAD are allowed\n"),
        ),
        ("/", _) => (StatusCode::OK, greeting.clone()),
        ("/health", _) => (StatusCode::OK, Bytes::from_static(b"ok\n")),
        _ => (StatusCode::NOT_FOUND, Bytes::from_static(b"not found\n")),
    };
    let mut response = Response::new(Full::new(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_finishes_its_request_is_dropped() {
        // given
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(answer_until(pending::<()>(), Bytes::new(), listener));
        // when
        let started = Instant::now();
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        // then
        assert!(started.elapsed() >= HEADER_TIMEOUT);
        assert_eq!(received, b"");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_arrives_just_after_the_server_was_stopped_is_answered() {
        // given
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let server = tokio::spawn(answer_until(stopped, Bytes::from("hello"), listener));
        let mut client = TcpStream::connect(address).await.unwrap();
        // when
        stop.send(()).unwrap();
        sleep(LAST_CALL / 2).await;
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        // then
        let mut received = String::new();
        client.read_to_string(&mut received).await.unwrap();
        assert!(received.ends_with("\r\n\r\nhello"), "{received}");
        server.await.unwrap().unwrap();
    }

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
