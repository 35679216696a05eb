//! The units as the proxy sees them: whose turn it is, who is left out, and the connections to them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{Either, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// How long a unit may take to accept a connection, and how long it comes last after it has not answered.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const LEFT_OUT: Duration = Duration::from_secs(10);

/// How many connections to a unit are kept, and for how long after its last request.
const MAX_KEPT: usize = 64;
const KEPT: Duration = Duration::from_secs(10);

/// Bytes buffered for one connection in each direction, and so also the longest head of a request or an answer.
pub(crate) const MAX_BUFFER: usize = 16 * 1024;

/// The body of a request on its way to a unit.
pub(crate) type ToUnit = Either<UnsyncBoxBody<Bytes, hyper::Error>, Empty<Bytes>>;

/// A connection to a unit, over which one request goes at a time.
pub(crate) type Connection = SendRequest<ToUnit>;

/// What the proxy remembers of units, each known by its address, such as `10.0.0.7:8000`.
#[derive(Debug, Default)]
pub(crate) struct Units(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    /// Counts requests, for the units to be taken in turn.
    turn: usize,
    /// Since when units are left out.
    left_out: HashMap<String, Instant>,
    /// Connections to units, also such as an answer is still being read from, and the time of the last request.
    kept: HashMap<String, (Vec<Connection>, Instant)>,
}

impl Units {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The units in the order in which to try them: each the first in its turn, those that do not answer last.
    pub(crate) fn in_turn<'a>(&self, units: &'a [String]) -> Vec<&'a str> {
        let Memory { turn, left_out, .. } = &mut *self.memory();
        *turn = turn.wrapping_add(1);
        let (before, after) = units.split_at(*turn % units.len().max(1));
        let mut order: Vec<&str> = after.iter().chain(before).map(String::as_str).collect();
        left_out.retain(|_, since| since.elapsed() < LEFT_OUT);
        order.sort_by_key(|unit| left_out.contains_key(*unit));
        order
    }

    pub(crate) fn leave_out(&self, unit: &str) {
        let mut memory = self.memory();
        memory.left_out.insert(unit.to_owned(), Instant::now());
        // The others go to where nobody answers too.
        memory.kept.remove(unit);
    }

    /// A connection to the unit, a kept one if there is one that is free and it may be. A unit that accepts none is left out.
    pub(crate) async fn connect(&self, unit: &str, use_kept: bool) -> Option<Connection> {
        if use_kept && let Some(kept) = self.kept(unit) {
            return Some(kept);
        }
        let connecting = timeout(CONNECT_TIMEOUT, TcpStream::connect(unit)).await;
        let Ok(Ok(stream)) = connecting else {
            self.leave_out(unit);
            return None;
        };
        let mut http = Builder::new();
        http.max_buf_size(MAX_BUFFER);
        let (sender, connection) = http.handshake(TokioIo::new(stream)).await.ok()?;
        // It ends when it is kept no longer, or nobody wants its answer any more.
        tokio::spawn(connection);
        Some(sender)
    }

    fn kept(&self, unit: &str) -> Option<Connection> {
        let mut memory = self.memory();
        let (connections, used) = memory.kept.get_mut(unit)?;
        let is_old = used.elapsed() >= KEPT;
        connections.retain(|connection| !is_old && !connection.is_closed());
        let free = connections.iter().position(Connection::is_ready)?;
        Some(connections.swap_remove(free))
    }

    /// Keeps a connection for the request after that which is being answered over it.
    pub(crate) fn keep(&self, unit: &str, connection: Connection) {
        let Memory { kept, .. } = &mut *self.memory();
        kept.retain(|_, (_, used)| used.elapsed() < KEPT);
        let new = || (Vec::new(), Instant::now());
        let (connections, used) = kept.entry(unit.to_owned()).or_insert_with(new);
        *used = Instant::now();
        if connections.len() < MAX_KEPT {
            connections.push(connection);
        }
    }
}
