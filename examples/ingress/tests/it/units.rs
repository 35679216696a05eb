//! The proxy's connections to units, and what units may do to them.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use crate::http::{exchange, read_head};
use crate::proxy::{Proxy, named};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const POST: &[u8] =
    b"POST /m-web/ HTTP/1.1\r\nHost: web\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";

/// A proxy with one unit, of which the test accepts connections.
fn proxy_of_one() -> (Proxy, TcpListener) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let proxy = Proxy::new();
    proxy.route_to(&[listener.local_addr().unwrap()]);
    (proxy, listener)
}

/// What a client gets while the unit does something.
fn answered(proxy: &Proxy, unit: impl FnOnce() + Send + 'static, request: &'static [u8]) -> String {
    let unit = thread::spawn(unit);
    let answer = exchange(proxy.address, request).unwrap();
    unit.join().unwrap();
    answer
}

#[test]
fn one_connection_to_a_unit_serves_many_requests() {
    let (proxy, listener) = proxy_of_one();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Nobody else is let in.
        drop(listener);
        while read_head(&mut stream).is_ok() {
            stream.write_all(ANSWER).unwrap();
        }
    });
    for _ in 0..20 {
        assert_eq!(proxy.get("/m-web/"), (200, "hi".to_owned()));
    }
}

#[test]
fn no_request_fails_because_a_unit_closes_an_old_connection() {
    let (proxy, listener) = proxy_of_one();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            read_head(&mut stream).unwrap();
            stream.write_all(ANSWER).unwrap();
            // The next request over it comes as it is being closed.
            let _ = read_head(&mut stream);
        }
    });
    for _ in 0..10 {
        assert_eq!(proxy.get("/m-web/"), (200, "hi".to_owned()));
    }
}

#[test]
fn a_request_with_an_effect_has_a_connection_of_its_own() {
    let (proxy, listener) = proxy_of_one();
    let unit = move || {
        let (mut first, _) = listener.accept().unwrap();
        read_head(&mut first).unwrap();
        first.write_all(ANSWER).unwrap();
        let (mut second, _) = listener.accept().unwrap();
        let post = read_head(&mut second).unwrap();
        assert!(post.starts_with("POST "), "{post}");
        second.write_all(ANSWER).unwrap();
    };
    let unit = thread::spawn(unit);
    assert_eq!(proxy.get("/m-web/").0, 200);
    let answer = exchange(proxy.address, POST).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    unit.join().unwrap();
}

#[test]
fn a_request_that_breaks_units_is_not_sent_for_ever() {
    let (proxy, listener) = proxy_of_one();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = read_head(&mut stream.unwrap());
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    assert_eq!(proxy.get("/m-web/").0, 502);
    assert_eq!(count.load(Ordering::Relaxed), 3);
}

#[test]
fn an_answer_that_ends_too_early_does_so_for_the_client_too() {
    for (answer, end) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun",
            "begun",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n",
            "5\r\nbegun\r\n",
        ),
    ] {
        let (proxy, listener) = proxy_of_one();
        let unit = move || {
            let (mut stream, _) = listener.accept().unwrap();
            read_head(&mut stream).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        };
        let answer = answered(&proxy, unit, POST);
        assert!(answer.ends_with(end), "{answer}");
    }
}

#[test]
fn answers_are_handed_on_whatever_their_form() {
    for (answer, expected) in [
        // The end of the connection is the end of the answer.
        ("HTTP/1.0 200 OK\r\n\r\nold", "3\r\nold\r\n0\r\n\r\n"),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nnew",
            "\r\n\r\nnew",
        ),
        // What nobody has asked for, and what is no answer.
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: web\r\n\r\n",
            "the unit broke off\n",
        ),
        ("hello\r\n\r\n", "the unit broke off\n"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nno",
            "the unit broke off\n",
        ),
    ] {
        let (proxy, listener) = proxy_of_one();
        let unit = move || {
            let (mut stream, _) = listener.accept().unwrap();
            read_head(&mut stream).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        };
        let got = answered(&proxy, unit, POST);
        assert!(
            got.starts_with("HTTP/1.1 ") && got.ends_with(expected),
            "{answer}: {got}"
        );
    }
}

#[test]
fn the_head_of_an_answer_has_its_limit() {
    let (proxy, listener) = proxy_of_one();
    let unit = move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_head(&mut stream).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "a".repeat(70_000));
        // The proxy need not read it to its end.
        let _ = stream.write_all(head.as_bytes());
    };
    let answer = answered(&proxy, unit, POST);
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
}

#[test]
fn a_client_that_goes_away_is_felt_by_the_unit() {
    let (proxy, listener) = proxy_of_one();
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client
        .write_all(b"GET /m-web/ HTTP/1.1\r\nHost: web\r\n\r\n")
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    read_head(&mut stream).unwrap();
    drop(client);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_unit_may_have_an_address_of_ipv6() {
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
        eprintln!("skipped: the machine has no IPv6");
        return;
    };
    let proxy = Proxy::new();
    proxy.route_to(&[listener.local_addr().unwrap()]);
    let unit = move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_head(&mut stream).unwrap();
        stream.write_all(ANSWER).unwrap();
    };
    let answer = answered(&proxy, unit, POST);
    assert!(answer.ends_with("hi"), "{answer}");
}

/// The proxy in a runtime whose clock goes on when nothing else does.
fn proxy_in_this_runtime(units: &[SocketAddr]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = Proxy::new();
    proxy.route_to(units);
    let forwarding = ingress::proxy::Proxy::new(proxy.routes());
    let answer = move |request, client| forwarding.clone().answer(request, client);
    let limits = ingress::proxy::LIMITS;
    tokio::spawn(async move {
        let _routes = proxy;
        http_server::serve_until(std::future::pending::<()>(), listener, limits, answer).await
    });
    address
}

#[tokio::test(start_paused = true)]
async fn a_unit_has_a_minute_to_begin_its_answer_once_it_has_the_request() {
    // given a unit that takes requests and is silent
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let silent = listener.local_addr().unwrap();
    let proxy = proxy_in_this_runtime(&[silent]);
    for head in ["GET", "POST"] {
        // when the body of one request takes two minutes
        let mut client = tokio::net::TcpStream::connect(proxy).await.unwrap();
        let request = format!("{head} /m-web/ HTTP/1.1\r\nHost: web\r\nContent-Length: ");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut started = Instant::now();
        if head == "POST" {
            client.write_all(b"2\r\n\r\nh").await.unwrap();
            tokio::time::sleep(Duration::from_mins(2)).await;
            started = Instant::now();
            client.write_all(b"i").await.unwrap();
        } else {
            client.write_all(b"0\r\n\r\n").await.unwrap();
        }
        // then
        let mut answer = [0; 13];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 504 ");
        assert!(started.elapsed() >= Duration::from_mins(1), "{head}");
    }
    drop(listener);
}

#[test]
fn a_unit_whose_answer_has_not_come_is_asked_last() {
    let proxy = Proxy::new();
    let units = [crate::proxy::nobody(), named("good")];
    proxy.route_to(&units);
    for _ in 0..6 {
        assert_eq!(proxy.get("/m-web/"), (200, "good".to_owned()));
    }
}
