//! The server alone: its own process on a socket that it inherits.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit, setrlimit};

const PROGRAM: &str = env!("CARGO_BIN_EXE_hello-server");

/// A running server; killed when dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// Starts the server as systemd does: with a listening socket as its file descriptor 3.
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0))
            .or_else(|_| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let process = Command::new(PROGRAM)
            .args(["serve", "--name", "hello-server/0"])
            .env("LISTEN_FDS", "1")
            .stderr(Stdio::piped())
            .fd_mappings(vec![FdMapping {
                parent_fd: listener.into(),
                child_fd: 3,
            }])
            .unwrap()
            .spawn()
            .unwrap();
        Self { process, port }
    }

    fn connect(&self) -> TcpStream {
        let client = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        client
    }

    /// Sends `request`, such as `GET /`, and returns the whole response.
    fn ask(&self, request: &str) -> String {
        ask(self.connect(), request)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.id()))
            .unwrap()
            .count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn ask(mut client: TcpStream, request: &str) -> String {
    write!(
        client,
        "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut response = String::new();
    client.read_to_string(&mut response).unwrap();
    response
}

/// Waits until `condition` holds, and fails after a time no machine needs.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "waited in vain until {what}"
        );
        std::thread::yield_now();
    }
}

#[test]
fn says_its_name_and_port_on_ipv4_and_ipv6() {
    let server = Server::start();
    for address in [
        IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::from(Ipv6Addr::LOCALHOST),
    ] {
        let client = match TcpStream::connect((address, server.port)) {
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => continue,
            client => client.unwrap(),
        };
        let response = ask(client, "GET /");
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        let text = format!(
            "\r\n\r\nhello-server/0 is listening on port {}\n",
            server.port
        );
        assert!(response.ends_with(&text), "{response}");
    }
}

#[test]
fn answers_each_path_and_method() {
    let server = Server::start();
    for (request, status, body) in [
        ("GET /health", "200 OK", "ok\n"),
        ("GET /health?verbose", "200 OK", "ok\n"),
        ("HEAD /health", "200 OK", ""),
        ("GET /elsewhere", "404 Not Found", "not found\n"),
        ("POST /elsewhere", "404 Not Found", "not found\n"),
        (
            "POST /",
            "405 Method Not Allowed",
            "only GET and HEAD are allowed\n",
        ),
        (
            "DELETE /health",
            "405 Method Not Allowed",
            "only GET and HEAD are allowed\n",
        ),
        ("nonsense", "400 Bad Request", ""),
    ] {
        let response = server.ask(request);
        let (head, text) = response.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{request}: {head}"
        );
        assert_eq!(text, body, "{request}");
        assert_eq!(
            head.contains("allow: GET, HEAD"),
            status.starts_with("405"),
            "{request}: {head}"
        );
    }
}

#[test]
fn a_request_has_one_host() {
    let server = Server::start();
    for (head, status) in [
        ("GET / HTTP/1.1\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\n", "200"),
        ("GET / HTTP/1.0\r\n", "200"),
    ] {
        let mut client = server.connect();
        write!(client, "{head}Connection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{head}: {answer}");
    }
}

#[test]
fn finishes_a_request_that_is_under_way_when_it_is_stopped() {
    // given
    let mut server = Server::start();
    let mut idle = server.connect();
    write!(idle, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut client = server.connect();
    write!(client, "GET /health HTTP/1.1\r\n").unwrap();
    idle.read_exact(&mut [0; 12]).unwrap();
    // when
    kill_process(server.pid(), Signal::TERM).unwrap();
    idle.read_to_end(&mut Vec::new()).unwrap();
    write!(client, "Host: localhost\r\n\r\n").unwrap();
    // then
    let mut response = String::new();
    client.read_to_string(&mut response).unwrap();
    assert!(response.ends_with("\r\n\r\nok\n"), "{response}");
    assert!(server.process.wait().unwrap().success());
    TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap_err();
}

#[test]
fn answers_who_was_waiting_when_it_is_stopped() {
    // given
    let mut server = Server::start();
    server.ask("GET /");
    kill_process(server.pid(), Signal::STOP).unwrap();
    let mut client = server.connect();
    write!(client, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    // when
    kill_process(server.pid(), Signal::TERM).unwrap();
    kill_process(server.pid(), Signal::CONT).unwrap();
    // then
    let mut response = String::new();
    client.read_to_string(&mut response).unwrap();
    assert!(response.ends_with("\r\n\r\nok\n"), "{response}");
    assert!(server.process.wait().unwrap().success());
}

#[test]
fn stops_without_waiting_for_idle_clients_for_ever() {
    // given
    let mut server = Server::start();
    server.ask("GET /");
    let mut clients = [server.connect(), server.connect()];
    write!(clients[0], "GET / HTTP/1.1\r\n").unwrap();
    // when
    kill_process(server.pid(), Signal::TERM).unwrap();
    // then
    wait_until("the server is gone", || {
        server.process.try_wait().unwrap().is_some()
    });
    assert!(server.process.wait().unwrap().success());
}

#[test]
fn a_crowd_of_idle_clients_keeps_nobody_out() {
    // given
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    )
    .unwrap();
    let server = Server::start();
    let mut crowd: Vec<_> = (0..1500).map(|_| server.connect()).collect();
    for client in crowd.iter_mut().step_by(3) {
        // The oldest have been sent away already.
        let _ = client.write_all(b"GET / HTTP/1.1\r\nHost: ");
    }
    // when
    let client = server.connect();
    client
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    // then
    assert!(ask(client, "GET /health").ends_with("\r\n\r\nok\n"));
    let open_files = server.open_files();
    assert!(
        (1000..1100).contains(&open_files),
        "{open_files} files are open"
    );
}

#[test]
fn waits_when_no_file_can_be_opened() {
    // given
    let mut server = Server::start();
    server.ask("GET /");
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let pid = server.pid();
    let allow_files = |current| {
        let limit = Rlimit {
            current: Some(current),
            maximum,
        };
        prlimit(Some(pid), Resource::Nofile, limit).unwrap();
    };
    allow_files(3);
    let client = server.connect();
    let mut complaint = String::new();
    let mut stderr = BufReader::new(server.process.stderr.take().unwrap());
    stderr.read_line(&mut complaint).unwrap();
    // when
    allow_files(100);
    // then
    assert!(
        complaint.starts_with("cannot accept a connection: "),
        "{complaint}"
    );
    assert!(ask(client, "GET /health").ends_with("\r\n\r\nok\n"));
}

#[test]
fn says_what_to_do_when_it_has_no_socket() {
    let output = Command::new(PROGRAM)
        .args(["serve", "--name", "hello-server/0"])
        .env_remove("LISTEN_FDS")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("no socket was inherited: have systemd start this"),
        "{stderr}"
    );
}
