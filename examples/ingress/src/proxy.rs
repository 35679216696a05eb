//! The proxy: forwards HTTP requests to the units of the application that their path names, until it is told to stop.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::fs;
use std::io::{self, Write as _};
use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{Either, Empty, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri, Version, client, server};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpStream;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::routes::Routes;

/// How long a client may take to send the head of a request, and may stay silent between two requests.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Clients at a time; a new one beyond them displaces the oldest, so that idle clients cannot keep others out.
/// Twice as many stay below `LimitNOFILE=` of the unit file.
const MAX_CLIENTS: usize = 1000;

/// Bytes buffered for one connection in each direction, and so also the longest head of a request or an answer.
const MAX_BUFFER: usize = 16 * 1024;

/// How long a unit may take to accept a connection, and how long it comes last after it has not.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const LEFT_OUT: Duration = Duration::from_secs(10);

/// How long a request waits for a unit that accepts it, as while the application moves to another port, and how often it tries.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// How long a unit may take to begin its answer to a request without a body.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// How long requests that are still on their way when the proxy is stopped have to arrive, and then to be answered.
const LAST_CALL: Duration = Duration::from_millis(100);
const LAST_ANSWERS: Duration = Duration::from_secs(8);

/// What is about one connection only, and is not forwarded.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

type Outgoing = Request<Either<Incoming, Empty<Bytes>>>;
type Answer = Response<Either<Incoming, Full<Bytes>>>;

/// Forwards what comes to `listener` by the routes in the file `routes`, whatever they are by then, until SIGTERM.
pub fn serve(listener: TcpListener, routes: PathBuf) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        forward_until(terminated.recv(), listener, routes).await
    })?;
    Ok(())
}

async fn forward_until<T>(
    stop: impl Future<Output = T>,
    listener: TcpListener,
    routes: PathBuf,
) -> io::Result<()> {
    let mut stop = std::pin::pin!(stop);
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let proxy = Arc::new(Proxy {
        routes: RoutesFile::new(routes),
        turn: AtomicUsize::new(0),
        left_out: Mutex::default(),
    });
    let mut http = server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_BUFFER);
    let graceful = GracefulShutdown::new();
    let mut clients = VecDeque::new();
    sd_notify::notify(&[sd_notify::NotifyState::Ready])?;

    loop {
        let accepted = select! {
            biased;
            accepted = listener.accept() => accepted,
            _ = &mut stop => break,
        };
        let (stream, client) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                writeln!(io::stderr(), "cannot accept a connection: {error}")?;
                sleep(PAUSE).await;
                continue;
            }
        };
        if clients.len() == MAX_CLIENTS {
            make_room(&mut clients);
        }
        let proxy = Arc::clone(&proxy);
        let service = service_fn(move |request| {
            let proxy = Arc::clone(&proxy);
            async move { Ok::<_, Infallible>(proxy.answer(request, client.ip()).await) }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        clients.push_back(tokio::spawn(connection));
    }

    drop(listener);
    // hyper closes a connection it has read nothing from yet, even when the request is already waiting in the socket.
    sleep(LAST_CALL).await;
    let _ = timeout(LAST_ANSWERS, graceful.shutdown()).await;
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

struct Proxy {
    routes: RoutesFile,
    /// Counts requests, for the units to be taken in turn.
    turn: AtomicUsize,
    /// Units that have not accepted a connection, and until when they come last.
    left_out: Mutex<HashMap<String, Instant>>,
}

impl Proxy {
    async fn answer(&self, request: Request<Incoming>, client: IpAddr) -> Answer {
        let (status, why) = match self.forward(request, client).await {
            Ok(answer) => return answer.map(Either::Left),
            Err(refusal) => refusal,
        };
        let mut answer = Response::new(Either::Right(Full::from(why)));
        *answer.status_mut() = status;
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        answer.headers_mut().insert(CONTENT_TYPE, text);
        answer
    }

    async fn forward(
        &self,
        request: Request<Incoming>,
        client: IpAddr,
    ) -> Result<Response<Incoming>, (StatusCode, &'static str)> {
        let (mut parts, body) = request.into_parts();
        let hosts = parts.headers.get_all(HOST).iter().count();
        if hosts > 1 || hosts == 0 && parts.version == Version::HTTP_11 {
            return Err((StatusCode::BAD_REQUEST, "expected one Host header\n"));
        }
        let path = parts.uri.path_and_query().cloned();
        let path = path.as_ref().map_or("", |path| path.as_str());
        forwardable(&mut parts.headers, client);
        parts.version = Version::HTTP_11;
        // Without a body and an effect it may be asked of another unit when one has broken off.
        let repeatable = parts.method.is_safe() && body.is_end_stream();
        let limit = body.is_end_stream().then_some(ANSWER_TIMEOUT);
        let mut body = (!repeatable).then_some(body);
        let mut refusal = (
            StatusCode::SERVICE_UNAVAILABLE,
            "no unit of the application answers\n",
        );
        let deadline = Instant::now() + PATIENCE;
        loop {
            let routes = self.routes.current();
            let Some((route, path)) = routes.find(path) else {
                return Err((StatusCode::NOT_FOUND, "no application has this path\n"));
            };
            parts.uri = path.parse::<Uri>().map_err(|_| bad_path())?;
            for unit in self.in_turn(&route.units) {
                let Some(stream) = self.connect(unit).await else {
                    continue;
                };
                let mut parts = parts.clone();
                if !parts.headers.contains_key(HOST)
                    && let Ok(host) = HeaderValue::from_str(unit)
                {
                    parts.headers.insert(HOST, host);
                }
                let body = body
                    .take()
                    .map_or(Either::Right(Empty::new()), Either::Left);
                match send(stream, Request::from_parts(parts, body), limit).await {
                    Err(failed) if repeatable && failed.0 == StatusCode::BAD_GATEWAY => {
                        refusal = failed;
                    }
                    answered => return answered,
                }
            }
            if Instant::now() >= deadline {
                return Err(refusal);
            }
            sleep(PAUSE).await;
        }
    }

    /// The units in the order in which to try them: each the first in its turn, those that have been silent last.
    fn in_turn<'a>(&self, units: &'a [String]) -> Vec<&'a str> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % units.len().max(1);
        let (before, after) = units.split_at(first);
        let mut order: Vec<&str> = after.iter().chain(before).map(String::as_str).collect();
        let mut left_out = lock(&self.left_out);
        left_out.retain(|_, until| *until > Instant::now());
        order.sort_by_key(|unit| left_out.contains_key(*unit));
        order
    }

    async fn connect(&self, unit: &str) -> Option<TcpStream> {
        if let Ok(Ok(stream)) = timeout(CONNECT_TIMEOUT, TcpStream::connect(unit)).await {
            return Some(stream);
        }
        lock(&self.left_out).insert(unit.to_owned(), Instant::now() + LEFT_OUT);
        None
    }
}

fn bad_path() -> (StatusCode, &'static str) {
    (StatusCode::BAD_REQUEST, "not a path\n")
}

/// Sends a request over a connection of its own, and returns the answer as it begins to arrive.
async fn send(
    stream: TcpStream,
    request: Outgoing,
    limit: Option<Duration>,
) -> Result<Response<Incoming>, (StatusCode, &'static str)> {
    let broken = |_| (StatusCode::BAD_GATEWAY, "the unit broke off\n");
    let mut http = client::conn::http1::Builder::new();
    http.max_buf_size(MAX_BUFFER);
    let handshake = http.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(broken)?;
    // It ends with the answer, or when nobody wants that any more.
    tokio::spawn(connection);
    let answer = sender.send_request(request);
    let answer = match limit {
        None => answer.await,
        Some(limit) => timeout(limit, answer).await.map_err(|_| {
            let late = "the unit takes too long\n";
            (StatusCode::GATEWAY_TIMEOUT, late)
        })?,
    };
    let mut answer = answer.map_err(broken)?;
    without_hop_by_hop(answer.headers_mut());
    Ok(answer)
}

/// Makes the head of a request what a unit is to see.
fn forwardable(headers: &mut HeaderMap, client: IpAddr) {
    without_hop_by_hop(headers);
    let client = HeaderValue::from_str(&client.to_canonical().to_string()).ok();
    let forwarded = [
        ("x-forwarded-for", client),
        ("x-forwarded-proto", Some(HeaderValue::from_static("http"))),
        ("x-forwarded-host", headers.get(HOST).cloned()),
    ];
    // What a client claims of itself is not handed on.
    for (name, value) in forwarded {
        headers.remove(name);
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
}

fn without_hop_by_hop(headers: &mut HeaderMap) {
    let named = headers.get_all(CONNECTION).iter();
    let named = named.filter_map(|value| value.to_str().ok());
    let named = named.flat_map(|value| value.split(','));
    let named: Vec<HeaderName> = named.filter_map(|name| name.trim().parse().ok()).collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// The file with the routes, read again when it is another.
struct RoutesFile {
    path: PathBuf,
    last: Mutex<LastRead>,
}

#[derive(Default)]
struct LastRead {
    /// The file's number and time.
    version: Option<(u64, i64)>,
    routes: Arc<Routes>,
}

impl RoutesFile {
    fn new(path: PathBuf) -> Self {
        let last = Mutex::default();
        Self { path, last }
    }

    fn current(&self) -> Arc<Routes> {
        let metadata = fs::metadata(&self.path).ok();
        let version = metadata.map(|file| (file.ino(), file.mtime_nsec()));
        let mut last = lock(&self.last);
        if version != last.version {
            let text = fs::read(&self.path).unwrap_or_default();
            // A file that cannot be read has no routes; the charm writes it anew at its next hook.
            let routes = serde_json::from_slice(&text).unwrap_or_default();
            *last = LastRead {
                version,
                routes: Arc::new(routes),
            };
        }
        Arc::clone(&last.routes)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
