//! One range of ports in the course of a hook: what Juju holds of it, and the way to what is wanted.

use std::collections::BTreeSet;

use crate::port::Endpoints;

/// A list of endpoints as Juju keeps it, where all of them are an entry beside the names.
#[derive(Clone, Debug, Default)]
struct Entries {
    all: bool,
    names: BTreeSet<String>,
}

/// A range that was open when the hook began, or has been changed since.
///
/// Juju puts what `open-port` and `close-port` ask for on two lists, endpoint by endpoint, and when the hook has ended
/// opens all of the one, then closes all of the other. Either command takes an entry off the other's list, and that is
/// the only way off. So a range that was open for some endpoints can be opened for all, but not back: to take that off
/// the one list puts it on the other, and then it is closed for every endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldRange {
    at_start: Entries,
    to_open: Entries,
    to_close: Entries,
    /// It was open for some endpoints and is wanted for all, which is asked for once nothing can go wrong any more.
    pub(crate) for_all_at_end: bool,
}

/// What to close and to open a range for, each a command.
#[derive(Debug, Default)]
pub(crate) struct Way {
    pub(crate) close: Vec<Endpoints>,
    pub(crate) open: Vec<Endpoints>,
    pub(crate) for_all_at_end: bool,
}

impl HeldRange {
    pub(crate) fn open_at_start(endpoints: Endpoints) -> Self {
        let at_start = match endpoints {
            Endpoints::All => Entries {
                all: true,
                ..Entries::default()
            },
            Endpoints::Named(names) => Entries { all: false, names },
        };
        Self {
            at_start,
            ..Self::default()
        }
    }

    /// The endpoints that it is open for by now.
    pub(crate) fn open_now(&self) -> Option<Endpoints> {
        if self.is_open_for_all() {
            return Some(Endpoints::All);
        }
        some(self.open_entries().names)
    }

    /// The way to its being open for exactly these endpoints; none when that takes two hooks.
    pub(crate) fn way_to(&self, wanted: &Endpoints) -> Option<Way> {
        let open = self.open_entries();
        match wanted {
            Endpoints::All => {
                let was_open_for_some = !self.at_start.all && !self.at_start.is_empty();
                let missing = Entries {
                    all: !was_open_for_some && !open.all,
                    names: self.to_close.names.clone(),
                };
                Some(Way {
                    open: missing.commands(),
                    for_all_at_end: was_open_for_some,
                    ..Way::default()
                })
            }
            // To close it for all of the others takes their names, which nobody tells the charm.
            Endpoints::Named(_) if self.is_about_all() => None,
            Endpoints::Named(wanted) => Some(Way {
                close: some(&open.names - wanted).into_iter().collect(),
                open: some(wanted - &open.names).into_iter().collect(),
                for_all_at_end: false,
            }),
        }
    }

    /// The way to its being closed.
    pub(crate) fn way_to_closed(&self) -> Way {
        Way {
            close: self.open_entries().commands(),
            ..Way::default()
        }
    }

    /// The way to what it was when the hook began.
    pub(crate) fn way_back(&self) -> Way {
        let at_start = if self.at_start.all {
            Some(Endpoints::All)
        } else {
            some(self.at_start.names.clone())
        };
        at_start
            .and_then(|at_start| self.way_to(&at_start))
            .unwrap_or_else(|| self.way_to_closed())
    }

    /// The way to its being open for these endpoints too; none when that takes two hooks.
    pub(crate) fn way_to_open(&self, added: &Endpoints) -> Option<Way> {
        let Endpoints::Named(added) = added else {
            return self.way_to(added);
        };
        if self.to_close.all {
            return None;
        }
        let missing = if self.is_open_for_all() {
            added & &self.to_close.names
        } else {
            added - &self.open_entries().names
        };
        Some(Way {
            open: some(missing).into_iter().collect(),
            for_all_at_end: self.for_all_at_end,
            ..Way::default()
        })
    }

    /// The way to its being closed for these endpoints.
    pub(crate) fn way_to_close(&self, taken: &Endpoints) -> Way {
        let Endpoints::Named(taken) = taken else {
            return self.way_to_closed();
        };
        let close = if self.is_open_for_all() {
            taken - &self.to_close.names
        } else {
            taken & &self.open_entries().names
        };
        Way {
            close: some(close).into_iter().collect(),
            for_all_at_end: self.for_all_at_end,
            ..Way::default()
        }
    }

    /// Keeps in mind that Juju has taken an `open-port`.
    pub(crate) fn opened(&mut self, endpoints: &Endpoints) {
        self.to_close.remove(endpoints);
        self.to_open.add(endpoints);
    }

    /// Keeps in mind that Juju has taken a `close-port`.
    pub(crate) fn closed(&mut self, endpoints: &Endpoints) {
        self.to_open.remove(endpoints);
        self.to_close.add(endpoints);
    }

    fn open_entries(&self) -> Entries {
        let [at_start, to_open, to_close] = [&self.at_start, &self.to_open, &self.to_close];
        Entries {
            all: (at_start.all || to_open.all) && !to_close.all,
            names: &(&at_start.names | &to_open.names) - &to_close.names,
        }
    }

    fn is_open_for_all(&self) -> bool {
        self.for_all_at_end || self.open_entries().all
    }

    fn is_about_all(&self) -> bool {
        self.at_start.all || self.to_open.all || self.to_close.all
    }
}

impl Entries {
    fn is_empty(&self) -> bool {
        !self.all && self.names.is_empty()
    }

    fn add(&mut self, endpoints: &Endpoints) {
        match endpoints {
            Endpoints::All => self.all = true,
            Endpoints::Named(names) => self.names.extend(names.iter().cloned()),
        }
    }

    fn remove(&mut self, endpoints: &Endpoints) {
        match endpoints {
            Endpoints::All => self.all = false,
            Endpoints::Named(names) => self.names.retain(|name| !names.contains(name)),
        }
    }

    /// The endpoints in as few commands as name them all.
    fn commands(self) -> Vec<Endpoints> {
        let all = self.all.then_some(Endpoints::All);
        all.into_iter().chain(some(self.names)).collect()
    }
}

fn some(names: BTreeSet<String>) -> Option<Endpoints> {
    (!names.is_empty()).then_some(Endpoints::Named(names))
}
