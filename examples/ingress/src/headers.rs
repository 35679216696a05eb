//! The headers of requests and answers, as they are handed on.

use std::net::IpAddr;

use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderValue};

/// What is about one connection only.
const HOP_BY_HOP: &str = "connection,keep-alive,proxy-authenticate,proxy-authorization,proxy-connection,te,transfer-encoding,upgrade";

/// Takes out what is about one connection only, and what its `Connection` says is.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let values = headers.get_all(CONNECTION).iter();
    let mut names: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    names.push(HOP_BY_HOP);
    for name in names.join(",").split(',').map(str::trim) {
        if !name.eq_ignore_ascii_case(HOST.as_str()) {
            headers.remove(name);
        }
    }
}

/// Says who asks, in place of what the client claims of itself.
pub(crate) fn set_forwarded(headers: &mut HeaderMap, client: IpAddr) {
    for name in headers.keys().cloned().collect::<Vec<_>>() {
        if name.as_str().starts_with("x-forwarded-") || name == "forwarded" || name == "x-real-ip" {
            headers.remove(name);
        }
    }
    if let Ok(client) = HeaderValue::from_str(&client.to_string()) {
        headers.insert("x-forwarded-for", client);
    }
    if let Some(host) = headers.get(HOST).cloned() {
        headers.insert("x-forwarded-host", host);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
}
