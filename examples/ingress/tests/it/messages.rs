//! Requests that are unusual, or made to be taken for others.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use crate::http::{exchange, read_head};
use crate::proxy::Proxy;

/// What the unit and the client see of a request, up to the end of its connection.
fn forwarded(request: &[u8], answer: &'static str) -> (Option<String>, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let proxy = Proxy::new();
    proxy.route_to(&[listener.local_addr().unwrap()]);
    let stop = listener.try_clone().unwrap();
    let unit = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head = read_head(&mut stream).ok()?;
        stream.write_all(answer.as_bytes()).unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        Some(head + &String::from_utf8_lossy(&rest))
    });
    let answer = exchange(proxy.address, request).unwrap();
    // For a unit that nobody has asked.
    drop(TcpStream::connect(stop.local_addr().unwrap()));
    (unit.join().unwrap(), answer)
}

const CLOSE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

#[test]
fn where_a_request_ends_is_never_in_doubt() {
    let head = "POST /m-web/ HTTP/1.1\r\nHost: web\r\nConnection: close\r\n";
    for fields in [
        "Content-Length: 1\r\nContent-Length: 2\r\n\r\nhi",
        "Content-Length: +2\r\n\r\nhi",
        "Content-Length: 2, 2\r\n\r\nhi",
        "Content-Length : 2\r\n\r\nhi",
        "Transfer-Encoding: chunked, identity\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "Transfer-Encoding:\x0bchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "X: a\r\n Content-Length: 2\r\n\r\nhi",
    ] {
        let (seen, answer) = forwarded(format!("{head}{fields}").as_bytes(), CLOSE);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{fields}: {answer}");
        assert_eq!(seen, None, "{fields}");
    }
    // With both lengths the second counts, and a length that is called the client's own is made anew.
    let chunked = "\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    for (fields, end) in [
        ("Content-Length: 4\r\nTransfer-Encoding: chunked", chunked),
        ("Transfer-Encoding: chunked\r\nContent-Length: 4", chunked),
        (
            "Transfer-Encoding: chunked\r\nConnection: transfer-encoding",
            chunked,
        ),
        (
            "Content-Length: 12\r\nConnection: content-length",
            "\r\n\r\nC\r\n2\r\nhi\r\n0\r\n\r\n\r\n0\r\n\r\n",
        ),
    ] {
        let request = format!("{head}{fields}\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
        let (seen, _) = forwarded(request.as_bytes(), CLOSE);
        let seen = seen.unwrap();
        assert!(
            seen.contains("\r\ntransfer-encoding: chunked\r\n"),
            "{seen}"
        );
        assert!(!seen.contains("content-length"), "{seen}");
        assert!(seen.ends_with(end), "{fields}: {seen}");
    }
}

#[test]
fn a_client_that_waits_for_leave_to_send_its_body_gets_it() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let proxy = Proxy::new();
    proxy.route_to(&[listener.local_addr().unwrap()]);
    let unit = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = read_head(&mut stream).unwrap();
        while !seen.ends_with("hi") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            seen.push(char::from(byte[0]));
        }
        stream.write_all(CLOSE.as_bytes()).unwrap();
    });
    let mut client = TcpStream::connect(proxy.address).unwrap();
    client.write_all(b"POST /m-web/ HTTP/1.1\r\nHost: web\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n").unwrap();
    let leave = read_head(&mut client).unwrap();
    assert_eq!(leave, "HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"hi").unwrap();
    let answer = read_head(&mut client).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    unit.join().unwrap();
}

#[test]
fn an_answer_to_head_says_how_long_that_to_get_is() {
    let request = b"HEAD /m-web/ HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n";
    let (_, answer) = forwarded(
        request,
        "HTTP/1.1 200 OK\r\nContent-Length: 42\r\nConnection: close\r\n\r\n",
    );
    assert!(answer.contains("content-length: 42\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn the_host_is_that_of_the_first_line_if_it_has_one() {
    for (line, host) in [
        (
            "GET http://one.example/m-web/ HTTP/1.1\r\nHost: two.example",
            "one.example",
        ),
        ("GET /m-web/ HTTP/1.1\r\nHost: two.example", "two.example"),
        (
            // It is for the unit, whatever the client says.
            "GET /m-web/ HTTP/1.1\r\nHost: two.example\r\nConnection: Host",
            "two.example",
        ),
        ("GET /m-web/ HTTP/1.0", "127.0.0.1"),
    ] {
        let request = format!("{line}\r\nConnection: close\r\n\r\n");
        let (seen, answer) = forwarded(request.as_bytes(), CLOSE);
        let seen = seen.unwrap().to_lowercase();
        assert!(
            seen.contains(&format!("\r\nhost: {host}")),
            "{line}: {seen}{answer}"
        );
        assert_eq!(seen.matches("\r\nhost:").count(), 1, "{seen}");
    }
}
