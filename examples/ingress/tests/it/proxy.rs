//! The proxy by itself: what it forwards, to whom, and what it refuses.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

use ingress::proxy::LIMITS;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tempfile::TempDir;

use crate::http::{exchange, free_port, get, read_head};

/// A proxy in a thread of its own, which ends with the tests.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    directory: TempDir,
}

impl Proxy {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let routes = directory.path().join("routes.json");
        let proxy = ingress::proxy::Proxy::new(routes);
        let answer = move |request, client| proxy.clone().answer(request, client);
        thread::spawn(move || http_server::serve(listener, LIMITS, answer));
        Self { address, directory }
    }

    /// The file with its routes.
    pub(crate) fn routes(&self) -> PathBuf {
        self.directory.path().join("routes.json")
    }

    /// Makes `web` go to these units, and `api` too, with its path as it is.
    pub(crate) fn route_to(&self, units: &[SocketAddr]) {
        let units: Vec<String> = units.iter().map(ToString::to_string).collect();
        let routes = json!({
            "m-web": {"strip_prefix": true, "units": units},
            "m-api": {"strip_prefix": false, "units": units},
        });
        let path = self.routes();
        let new = path.with_extension("new");
        fs::write(&new, routes.to_string()).unwrap();
        fs::rename(new, path).unwrap();
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        get(self.address, path).unwrap()
    }
}

/// A unit that answers each connection's first request by what `answer` makes of it, until the tests end.
fn unit(answer: impl Fn(&str) -> String + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // A client that is gone is none of the unit's concern.
            if let Ok(request) = read_head(&mut stream) {
                let _ = stream.write_all(answer(&request).as_bytes());
            }
        }
    });
    address
}

/// An answer with the request's head, in small letters, as its body.
fn echo(request: &str) -> String {
    let request = request.to_lowercase();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{request}",
        request.len()
    )
}

pub(crate) fn named(name: &'static str) -> SocketAddr {
    unit(move |_| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}",
            name.len()
        )
    })
}

pub(crate) fn nobody() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, free_port()).into()
}

#[test]
fn a_path_leads_to_its_application_and_any_other_to_none() {
    let proxy = Proxy::new();
    assert_eq!(proxy.get("/m-web/").0, 404);
    proxy.route_to(&[unit(echo)]);
    assert!(
        proxy
            .get("/m-web/a?b=c")
            .1
            .starts_with("get /a?b=c http/1.1\r\n")
    );
    assert!(proxy.get("/m-web").1.starts_with("get / http/1.1\r\n"));
    assert!(
        proxy
            .get("/m-api/a")
            .1
            .starts_with("get /m-api/a http/1.1\r\n")
    );
    for (path, seen) in [
        ("/m-web?b=/c", "/?b=/c"),
        ("/m-web//evil", "//evil"),
        ("/m-api", "/m-api"),
    ] {
        let start = format!("get {seen} http/1.1\r\n");
        assert!(proxy.get(path).1.starts_with(&start), "{path}");
    }
    for path in ["/", "/m-webs/", "/m", "/../m-web/", "/m%2Dweb/", "*"] {
        assert_eq!(proxy.get(path).0, 404, "{path}");
    }
}

#[test]
fn units_are_asked_in_turn_and_one_that_is_gone_is_left_out() {
    let proxy = Proxy::new();
    let units = [named("one"), named("two"), nobody()];
    proxy.route_to(&units);
    let answers: Vec<_> = (0..12).map(|_| proxy.get("/m-web/")).collect();
    assert!(
        answers.iter().all(|(status, _)| *status == 200),
        "{answers:?}"
    );
    for name in ["one", "two"] {
        let count = answers.iter().filter(|(_, body)| body == name).count();
        assert!(count >= 4, "{answers:?}");
    }
}

#[test]
fn a_unit_that_breaks_off_is_made_good_by_another_unless_the_request_has_an_effect() {
    let proxy = Proxy::new();
    let breaks_off = unit(|_| String::new());
    proxy.route_to(&[breaks_off, named("good")]);
    for _ in 0..4 {
        assert_eq!(proxy.get("/m-web/"), (200, "good".to_owned()));
    }
    proxy.route_to(&[breaks_off]);
    let post =
        b"POST /m-web/ HTTP/1.1\r\nHost: web\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
    let answer = exchange(proxy.address, post).unwrap();
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
}

#[test]
fn a_request_waits_for_a_unit_that_moves() {
    let proxy = Proxy::new();
    proxy.route_to(&[nobody()]);
    let address = proxy.address;
    let waiting = thread::spawn(move || get(address, "/m-web/").unwrap());
    // The unit may be there before the request or after it: neither is refused.
    proxy.route_to(&[named("moved")]);
    assert_eq!(waiting.join().unwrap(), (200, "moved".to_owned()));
}

#[test]
fn without_any_unit_that_answers_a_request_ends_as_unavailable() {
    let proxy = Proxy::new();
    proxy.route_to(&[nobody()]);
    assert_eq!(proxy.get("/m-web/").0, 503);
}

#[test]
fn what_is_about_the_clients_connection_is_not_forwarded_and_what_it_claims_neither() {
    let proxy = Proxy::new();
    proxy.route_to(&[unit(echo)]);
    let request = b"GET /m-web/ HTTP/1.1\r\nHost: web.example\r\nX-Forwarded-For: 6.6.6.6\r\nX-Secret: 1\r\nTE: gzip\r\nUpgrade: websocket\r\nConnection: close, X-Secret\r\n\r\n";
    let answer = exchange(proxy.address, request).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let mut lines: Vec<_> = body.trim_end().lines().skip(1).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "host: web.example",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: web.example",
            "x-forwarded-proto: http",
        ]
    );
}

#[test]
fn bodies_are_handed_on_as_they_come_in_both_directions() {
    // given a unit that answers each part of the body before it has the next
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let proxy = Proxy::new();
    proxy.route_to(&[listener.local_addr().unwrap()]);
    let unit = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut received = String::new();
        let mut buffer = [0; 4096];
        let mut answered = false;
        while !received.ends_with("0\r\n\r\n") {
            let count = stream.read(&mut buffer).unwrap();
            received += &String::from_utf8_lossy(&buffer[..count]);
            if !answered && received.contains("\r\nping\r\n") {
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npong\r\n";
                stream.write_all(head.as_bytes()).unwrap();
                answered = true;
            }
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
    });
    // when
    let mut client = TcpStream::connect(proxy.address).unwrap();
    let head = "POST /m-web/ HTTP/1.1\r\nHost: web\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nping\r\n";
    client.write_all(head.as_bytes()).unwrap();
    let mut received = String::new();
    while !received.contains("pong") {
        let mut buffer = [0; 4096];
        let count = client.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "{received}");
        received += &String::from_utf8_lossy(&buffer[..count]);
    }
    client.write_all(b"0\r\n\r\n").unwrap();
    // then
    client.read_to_string(&mut received).unwrap();
    assert!(received.ends_with("\r\n0\r\n\r\n"), "{received}");
    unit.join().unwrap();
}

#[test]
fn malformed_requests_are_refused() {
    let proxy = Proxy::new();
    proxy.route_to(&[unit(echo)]);
    let long = format!(
        "GET /m-web/ HTTP/1.1\r\nHost: web\r\nX: {}\r\n\r\n",
        "a".repeat(70_000)
    );
    for (request, status) in [
        ("GET /m-web/ HTTP/1.1\r\nConnection: close\r\n\r\n", "400"),
        (
            "GET /m-web/ HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
            "400",
        ),
        ("hello\r\n\r\n", "400"),
        (
            "CONNECT m-web:80 HTTP/1.1\r\nHost: m-web:80\r\nConnection: close\r\n\r\n",
            "404",
        ),
        ("GET /m-web/ HTTP/1.0\r\n\r\n", "200"),
        (&long, "431"),
    ] {
        let answer = exchange(proxy.address, request.as_bytes()).unwrap_or_default();
        let got = answer.split(' ').nth(1).unwrap_or_default();
        assert_eq!(got, status, "{request:.60}: {answer}");
    }
}

#[test]
fn a_thousand_idle_clients_do_not_keep_another_out() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = maximum;
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
    let proxy = Proxy::new();
    proxy.route_to(&[named("one")]);
    let idle: Vec<_> = (0..1_010)
        .map(|_| TcpStream::connect(proxy.address).unwrap())
        .collect();
    assert_eq!(proxy.get("/m-web/"), (200, "one".to_owned()));
    drop(idle);
}
