//! What a client does and sees.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

/// A port of an address that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Sends these bytes, and returns all that comes back until the other side closes.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The head of a request or an answer, and what has come with it.
pub(crate) fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend(&buffer[..count]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// The status and the body of the answer to `GET path`, as (200, "hello").
pub(crate) fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n");
    let answer = exchange(address, request.as_bytes())?;
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    match (status, body) {
        (Some(status), Some(body)) => Ok((status, body.to_owned())),
        _ => Err(io::Error::other(format!("no answer: {answer:?}"))),
    }
}
