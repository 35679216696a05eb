//! The routes: which application has which path, and where its units are. The charm writes them, the proxy reads them.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use hyper::http::uri::Authority;
use interfaces::ingress::{Request, Scheme};
use ops::{Error, Result};
use serde::{Deserialize, Serialize};

/// The routes by the first part of their path, such as `staging-web`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes(BTreeMap<String, Route>);

/// Where the requests for one application go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Whether the units get the path without its first part.
    pub strip_prefix: bool,
    /// Where the units are, such as `10.0.0.7:8000`.
    pub units: Vec<String>,
}

/// A host, which may be an IPv6 address, with its port: `10.0.0.7:8000` or `[::1]:8000`.
#[must_use]
pub fn authority(host: &str, port: NonZeroU16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

impl Routes {
    /// Adds what an application asks for, and returns its path, such as `/staging-web/`.
    ///
    /// # Errors
    /// One that blocks, when it is not to be had.
    pub fn add(&mut self, request: &Request) -> Result<String> {
        let application = &request.application;
        let name = format!("{}-{}", application.model, application.name);
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~".contains(letter);
        if !name.chars().all(plain) {
            return Err(Error::blocked(format!("{name:?} cannot be part of a url")));
        }
        if application.scheme == Some(Scheme::Https) {
            return Err(Error::blocked(format!(
                "{name} speaks https, and this ingress forwards by http alone"
            )));
        }
        if self.0.contains_key(&name) {
            return Err(Error::blocked(format!(
                "{name} is related twice; remove one of its relations"
            )));
        }
        let units = request.units.iter().map(|(unit, data)| {
            let authority = authority(&data.host, application.port);
            match authority.parse::<Authority>() {
                Ok(_) => Ok(authority),
                Err(_) => Err(Error::blocked(format!("{unit} has no host to forward to"))),
            }
        });
        let route = Route {
            strip_prefix: application.strip_prefix == Some(true),
            units: units.collect::<Result<_>>()?,
        };
        let path = format!("/{name}/");
        self.0.insert(name, route);
        Ok(path)
    }

    /// The route of a request's path, with the path that the units get: `/staging-web/a?b=c`, and `/a?b=c`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<(&Route, String)> {
        let name = path.strip_prefix('/')?;
        let end = name.find(['/', '?']).unwrap_or(name.len());
        let (name, rest) = name.split_at(end);
        let route = self.0.get(name)?;
        let path = match (route.strip_prefix, rest.starts_with('/')) {
            (false, _) => path.to_owned(),
            (true, true) => rest.to_owned(),
            (true, false) => format!("/{rest}"),
        };
        Some((route, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_the_application_whose_name_it_begins_with() {
        let route = |strip_prefix| Route {
            strip_prefix,
            units: vec!["10.0.0.7:8000".to_owned()],
        };
        let names = [("m-web", true), ("m-api", false)];
        let routes = names.map(|(name, strip_prefix)| (name.to_owned(), route(strip_prefix)));
        let routes = Routes(routes.into());
        for (path, then) in [
            ("/m-web/", Some("/")),
            ("/m-web", Some("/")),
            ("/m-web?b=/c", Some("/?b=/c")),
            ("/m-web/a/b?c", Some("/a/b?c")),
            ("/m-web//evil", Some("//evil")),
            ("/m-api/a", Some("/m-api/a")),
            ("/m-webs/", None),
            ("/", None),
            ("*", None),
        ] {
            let found = routes.find(path).map(|(_, path)| path);
            assert_eq!(found.as_deref(), then, "{path}");
        }
    }
}
