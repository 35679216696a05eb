//! The routes: which application has which path, and where its units are. The charm writes them, the proxy reads them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

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

impl Routes {
    /// Adds what an application asks for, and returns its path, such as `/staging-web/`.
    ///
    /// # Errors
    /// One that blocks, when it is not to be had.
    pub fn add(&mut self, request: &Request) -> Result<String> {
        let application = &request.application;
        let name = format!("{}-{}", application.model, application.name);
        let refuse = |why: &str| Err(Error::blocked(format!("{name:?} {why}")));
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~".contains(letter);
        if !name.chars().all(plain) {
            return refuse("cannot be part of a url");
        }
        if application.scheme == Some(Scheme::Https) {
            return refuse("speaks https, and this ingress forwards by http alone");
        }
        if self.0.contains_key(&name) {
            return refuse("is related twice; remove one of its relations");
        }
        let units = request.units.values();
        let route = Route {
            strip_prefix: application.strip_prefix == Some(true),
            units: units.map(|unit| unit.authority(application.port)).collect(),
        };
        let path = format!("/{name}/");
        self.0.insert(name, route);
        Ok(path)
    }

    /// The route of a request's path, with the path that the units get: `/staging-web/a?b=c`, and `/a?b=c`.
    pub(crate) fn find(&self, path: &str) -> Option<(&Route, String)> {
        let name = path.strip_prefix('/')?;
        let end = name.find(['/', '?']).unwrap_or(name.len());
        let (name, rest) = name.split_at(end);
        let route = self.0.get(name)?;
        if !route.strip_prefix {
            return Some((route, path.to_owned()));
        }
        let slash = if rest.starts_with('/') { "" } else { "/" };
        Some((route, format!("{slash}{rest}")))
    }
}

/// The file with the routes, read again when it is another.
#[derive(Debug)]
pub(crate) struct RoutesFile {
    path: PathBuf,
    /// The number and the time of the file that was read last, and what was in it.
    last: Mutex<((u64, i64, i64), Arc<Routes>)>,
}

impl RoutesFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        let last = Mutex::default();
        Self { path, last }
    }

    /// The routes as they are now.
    pub(crate) fn current(&self) -> Arc<Routes> {
        let file = fs::metadata(&self.path);
        let version = file.map(|file| (file.ino(), file.mtime(), file.mtime_nsec()));
        let version = version.unwrap_or_default();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if version != last.0 {
            let text = fs::read(&self.path).unwrap_or_default();
            // A file that cannot be read has no routes; the charm writes it anew at its next hook.
            let routes = serde_json::from_slice(&text).map(Arc::new);
            *last = (version, routes.unwrap_or_default());
        }
        Arc::clone(&last.1)
    }
}
