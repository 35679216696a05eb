//! An HTTP/1.1 server as the workload of a charm, on the socket that systemd has opened for it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write as _};
use std::net::{IpAddr, TcpListener};
use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use http_body_util::{Either, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use listenfd::ListenFd;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How many clients are connected at a time; a new one beyond them displaces the oldest, so that idle clients cannot keep
/// others out. `LimitNOFILE=` of the unit file must be above it.
pub const MAX_CLIENTS: usize = 1000;

/// How long a client may take to send the head of a request, and may stay silent between two requests.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests that are still on their way when the server is stopped have to arrive.
const LAST_CALL: Duration = Duration::from_millis(100);

/// How long to wait after a connection could not be accepted (no file descriptor left, say) before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a server holds, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes that are buffered for one client in each direction, such as 8192, and so also the longest head of a request.
    pub buffer: usize,
    /// How long requests have to be answered when the server is stopped, such as 3 s; less than `TimeoutStopSec=` of the unit file.
    pub last_answers: Duration,
}

/// Takes over the listening socket that systemd, or whoever started this process, has opened for it.
///
/// # Errors
/// When there is none: the process was not started through its socket unit.
pub fn inherited_listener() -> anyhow::Result<TcpListener> {
    ListenFd::from_env()
        .take_tcp_listener(0)
        .context("the inherited socket cannot be used")?
        .context("no socket was inherited: have systemd start this through its socket unit")
}

/// A short text for people as an answer, such as `not found`.
pub fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

/// Answers what comes to `listener` until SIGTERM; then finishes what is under way and returns.
///
/// `answer` gets each request with the address that it comes from. One that does not have one `Host` is refused before.
///
/// # Errors
/// When the machine does not let the server have what it needs.
pub fn serve<A, F, B>(listener: TcpListener, limits: Limits, answer: A) -> anyhow::Result<()>
where
    A: Fn(Request<Incoming>, IpAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        serve_until(terminated.recv(), listener, limits, answer).await
    })?;
    // A look-up of a name that goes on in a thread keeps nobody.
    runtime.shutdown_background();
    Ok(())
}

/// Answers what comes to `listener` until `stop` is ready, as [`serve`] does until SIGTERM.
///
/// # Errors
/// When the machine does not let the server have what it needs.
pub async fn serve_until<T, A, F, B>(
    stop: impl Future<Output = T>,
    listener: TcpListener,
    limits: Limits,
    answer: A,
) -> io::Result<()>
where
    A: Fn(Request<Incoming>, IpAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let mut stop = pin!(stop);
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(limits.buffer);
    let graceful = GracefulShutdown::new();
    let mut clients = VecDeque::with_capacity(MAX_CLIENTS);
    sd_notify::notify(&[sd_notify::NotifyState::Ready])?;

    loop {
        let accepted = select! {
            // Clients that were there before are still let in.
            biased;
            accepted = listener.accept() => accepted,
            _ = &mut stop => break,
        };
        let (stream, client) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                writeln!(io::stderr(), "cannot accept a connection: {error}")?;
                select! {
                    () = sleep(ACCEPT_PAUSE) => continue,
                    _ = &mut stop => break,
                }
            }
        };
        if clients.len() == MAX_CLIENTS {
            make_room(&mut clients);
        }
        let answer = answer.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let answer = answer.clone();
            async move {
                if has_one_host(&request) {
                    let answer = answer(request, client.ip().to_canonical()).await;
                    return Ok::<_, Infallible>(answer.map(Either::Left));
                }
                let refusal = text(StatusCode::BAD_REQUEST, "expected one Host header\n");
                Ok(refusal.map(Either::Right))
            }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        clients.push_back(tokio::spawn(connection));
    }

    drop(listener);
    let all_gone = async {
        for client in clients {
            // One that has ended badly has ended.
            let _ = client.await;
        }
    };
    // hyper closes a connection it has read nothing from yet, even when the request is already waiting in the socket.
    if timeout(LAST_CALL, all_gone).await.is_err() {
        let _ = timeout(limits.last_answers, graceful.shutdown()).await;
    }
    Ok(())
}

fn make_room<T>(clients: &mut VecDeque<JoinHandle<T>>) {
    clients.retain(|client| !client.is_finished());
    if clients.len() == MAX_CLIENTS
        && let Some(oldest) = clients.pop_front()
    {
        oldest.abort();
    }
}

fn has_one_host(request: &Request<Incoming>) -> bool {
    match request.headers().get_all(HOST).iter().count() {
        0 => request.version() != Version::HTTP_11,
        hosts => hosts == 1,
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::{Ipv4Addr, SocketAddr};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    use super::*;

    /// A server that says hello to everybody until it is stopped, and where it is.
    fn start<T: Send + 'static>(
        stop: impl Future<Output = T> + Send + 'static,
    ) -> (JoinHandle<io::Result<()>>, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let limits = Limits {
            buffer: 8 * 1024,
            last_answers: Duration::from_secs(3),
        };
        let hello = |_, _| async { text(StatusCode::OK, "hello") };
        let server = serve_until(stop, listener, limits, hello);
        (tokio::spawn(server), address)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_finishes_its_request_is_dropped() {
        // given
        let (_server, address) = start(pending::<()>());
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
        let (stop, stopped) = oneshot::channel();
        let (server, address) = start(stopped);
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

    #[tokio::test(start_paused = true)]
    async fn a_server_without_clients_does_not_wait_when_it_is_stopped() {
        // given
        let (stop, stopped) = oneshot::channel();
        let (server, address) = start(stopped);
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        client.read_to_end(&mut Vec::new()).await.unwrap();
        drop(client);
        // when
        let started = Instant::now();
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
        // then
        assert!(started.elapsed() < LAST_CALL, "{:?}", started.elapsed());
    }
}
