//! The proxy: forwards HTTP requests to the units of the application that their path names, until it is told to stop.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Either, Empty, Full};
use http_server::{Limits, text};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Response, StatusCode, Version};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::headers::{remove_hop_by_hop, set_forwarded};
use crate::routes::RoutesFile;
use crate::units::{Connection, MAX_BUFFER, ToUnit, Units};

/// 1000 clients, and as many connections to units, stay below `MemoryMax=` of the unit file.
pub const LIMITS: Limits = Limits {
    buffer: MAX_BUFFER,
    last_answers: Duration::from_secs(8),
};

/// How long a request waits for a unit that accepts it, as while the application moves to another port, and how often it tries.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// How often a request is sent again when a unit has broken off: its connection may have been an old one, and then it may die.
const MAX_REPEATED: u32 = 2;

/// How long a unit may take to begin its answer once it has the whole request.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// Why a request gets no answer of a unit.
type Refusal = (StatusCode, &'static str);
const NO_ROUTE: Refusal = (StatusCode::NOT_FOUND, "no application has this path\n");
const NO_UNIT: Refusal = (StatusCode::SERVICE_UNAVAILABLE, "no unit answers\n");
const BROKEN_OFF: Refusal = (StatusCode::BAD_GATEWAY, "the unit broke off\n");
const TOO_LATE: Refusal = (StatusCode::GATEWAY_TIMEOUT, "the unit takes too long\n");

/// What answers requests by forwarding them; clones are the same proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    routes: Arc<RoutesFile>,
    units: Arc<Units>,
}

impl Proxy {
    /// A proxy with its routes in the file `routes`, which may change at any time.
    #[must_use]
    pub fn new(routes: PathBuf) -> Self {
        Self {
            routes: Arc::new(RoutesFile::new(routes)),
            units: Arc::default(),
        }
    }

    /// The answer to a client's request: that of a unit, or why there is none.
    pub async fn answer(
        self,
        request: Request<Incoming>,
        client: IpAddr,
    ) -> Response<Either<Incoming, Full<Bytes>>> {
        match self.forward(request, client).await {
            Ok(answer) => answer.map(Either::Left),
            Err((status, why)) => text(status, why).map(Either::Right),
        }
    }

    async fn forward(
        &self,
        request: Request<Incoming>,
        client: IpAddr,
    ) -> Result<Response<Incoming>, Refusal> {
        let (mut head, body) = request.into_parts();
        let uri = std::mem::take(&mut head.uri).into_parts();
        // A client may name the host in its first line too; then that counts.
        if let Some(host) = uri.authority.and_then(|host| host.as_str().parse().ok()) {
            head.headers.insert(HOST, host);
        }
        remove_hop_by_hop(&mut head.headers);
        set_forwarded(&mut head.headers, client);
        head.version = Version::HTTP_11;

        let asked = uri.path_and_query;
        let asked = asked.as_ref().map_or("", PathAndQuery::as_str);
        // Without a body and an effect, it may be sent again.
        let repeatable = head.method.is_safe() && body.is_end_stream();
        let mut body = (!repeatable).then_some(body);
        let mut broken_off = 0;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let routes = self.routes.current();
            let (route, path) = routes.find(asked).ok_or(NO_ROUTE)?;
            head.uri = path.parse().map_err(|_| NO_ROUTE)?;
            let units = self.units.in_turn(&route.units).into_iter();
            for unit in units.take_while(|_| Instant::now() < deadline) {
                // A kept connection is one that the unit may be about to close.
                let use_kept = repeatable && broken_off == 0;
                let Some(connection) = self.units.connect(unit, use_kept).await else {
                    continue;
                };
                let answer = self.send(unit, connection, head.clone(), body.take());
                match answer.await {
                    Err(BROKEN_OFF) if repeatable && broken_off < MAX_REPEATED => broken_off += 1,
                    answer => return answer,
                }
            }
            sleep(PAUSE).await;
        }
        Err(NO_UNIT)
    }

    /// Sends a request to a unit, and returns the answer as it begins to arrive.
    async fn send(
        &self,
        unit: &str,
        mut connection: Connection,
        mut head: Parts,
        body: Option<Incoming>,
    ) -> Result<Response<Incoming>, Refusal> {
        if let Ok(host) = unit.parse() {
            head.headers.entry(HOST).or_insert(host);
        }
        let (sending, sent) = oneshot::channel();
        let request = Request::from_parts(head, to_unit(body, sending));
        let too_late = async {
            let _ = sent.await;
            sleep(ANSWER_TIMEOUT).await;
        };
        let mut answer = tokio::select! {
            answer = connection.send_request(request) => answer.map_err(|_| BROKEN_OFF)?,
            () = too_late => {
                self.units.leave_out(unit);
                return Err(TOO_LATE);
            }
        };
        // Nobody has asked for another protocol.
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(BROKEN_OFF);
        }
        self.units.keep(unit, connection);
        *answer.version_mut() = Version::HTTP_11;
        remove_hop_by_hop(answer.headers_mut());
        Ok(answer)
    }
}

/// The body of a request, or none, with `sending`: hyper drops both once it has sent them.
fn to_unit(body: Option<Incoming>, sending: oneshot::Sender<()>) -> ToUnit {
    let Some(body) = body else {
        return Either::Right(Empty::new());
    };
    let body = body.map_frame(move |frame| {
        let _ = &sending;
        frame
    });
    Either::Left(body.boxed_unsync())
}
