//! One range of ports in the course of a hook: what Juju holds of it, and the way to what is wanted.

use std::collections::BTreeSet;

use crate::port::Endpoints;

/// Endpoints as Juju keeps them: by name, where the empty name stands for all.
type Names = BTreeSet<String>;

const ALL: &str = "";

/// A range that was open when the hook began, or has been changed since.
///
/// Juju puts what `open-port` and `close-port` ask for on two lists, endpoint by endpoint, and when the hook has ended
/// opens all of the one, then closes all of the other. Either command takes an entry off the other's list, and that is
/// the only way off. So a range that was open for some endpoints can be opened for all, but not back: to take that off
/// the one list puts it on the other, and then it is closed for every endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldRange {
    at_start: Names,
    to_open: Names,
    to_close: Names,
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
    pub(crate) fn open_at_start(endpoints: &Endpoints) -> Self {
        Self {
            at_start: names(endpoints),
            ..Self::default()
        }
    }

    /// The endpoints that it is open for by now.
    pub(crate) fn open_now(&self) -> Option<Endpoints> {
        let open = self.open_names();
        if self.for_all_at_end || open.contains(ALL) {
            return Some(Endpoints::All);
        }
        (!open.is_empty()).then_some(Endpoints::Named(open))
    }

    /// The way to its being open for exactly these endpoints; none when that takes two hooks.
    pub(crate) fn way_to(&self, wanted: &Endpoints) -> Option<Way> {
        let open = self.open_names();
        match wanted {
            Endpoints::All => {
                let was_open_for_some = !self.at_start.is_empty() && !self.at_start.contains(ALL);
                let mut missing = self.to_close.clone();
                if !was_open_for_some && !open.contains(ALL) {
                    missing.insert(ALL.to_owned());
                }
                Some(Way {
                    open: commands(missing),
                    for_all_at_end: was_open_for_some,
                    ..Way::default()
                })
            }
            // To close it for all of the others takes their names, which nobody tells the charm.
            Endpoints::Named(_) if self.is_about_all() => None,
            Endpoints::Named(wanted) => Some(Way {
                close: commands(&open - wanted),
                open: commands(wanted - &open),
                for_all_at_end: false,
            }),
        }
    }

    /// The way to its being closed.
    pub(crate) fn way_to_closed(&self) -> Way {
        Way {
            close: commands(self.open_names()),
            ..Way::default()
        }
    }

    /// The way to what it was when the hook began.
    pub(crate) fn way_back(&self) -> Way {
        if self.at_start.is_empty() {
            return self.way_to_closed();
        }
        let at_start = endpoints(self.at_start.clone());
        self.way_to(&at_start).unwrap_or_default()
    }

    /// The way to its being open for these endpoints too; none when that takes two hooks.
    pub(crate) fn way_to_open(&self, added: &Endpoints) -> Option<Way> {
        let Endpoints::Named(added) = added else {
            return self.way_to(added);
        };
        if self.to_close.contains(ALL) {
            return None;
        }
        let missing = match self.open_now() {
            Some(Endpoints::All) => added & &self.to_close,
            _ => added - &self.open_names(),
        };
        Some(Way {
            open: commands(missing),
            for_all_at_end: self.for_all_at_end,
            ..Way::default()
        })
    }

    /// The way to its being closed for these endpoints.
    pub(crate) fn way_to_close(&self, taken: &Endpoints) -> Way {
        let Endpoints::Named(taken) = taken else {
            return self.way_to_closed();
        };
        let close = match self.open_now() {
            Some(Endpoints::All) => taken - &self.to_close,
            _ => taken & &self.open_names(),
        };
        Way {
            close: commands(close),
            for_all_at_end: self.for_all_at_end,
            ..Way::default()
        }
    }

    /// Keeps in mind that Juju has taken an `open-port`.
    pub(crate) fn opened(&mut self, endpoints: &Endpoints) {
        for name in names(endpoints) {
            self.to_close.remove(&name);
            if !self.at_start.contains(&name) {
                self.to_open.insert(name);
            }
        }
    }

    /// Keeps in mind that Juju has taken a `close-port`.
    pub(crate) fn closed(&mut self, endpoints: &Endpoints) {
        for name in names(endpoints) {
            self.to_open.remove(&name);
            self.to_close.insert(name);
        }
    }

    fn open_names(&self) -> Names {
        &(&self.at_start | &self.to_open) - &self.to_close
    }

    fn is_about_all(&self) -> bool {
        [&self.at_start, &self.to_open, &self.to_close]
            .iter()
            .any(|names| names.contains(ALL))
    }
}

fn names(endpoints: &Endpoints) -> Names {
    match endpoints {
        Endpoints::All => [ALL.to_owned()].into(),
        Endpoints::Named(names) => names.clone(),
    }
}

fn endpoints(names: Names) -> Endpoints {
    if names.contains(ALL) {
        Endpoints::All
    } else {
        Endpoints::Named(names)
    }
}

/// The endpoints in as few commands as name them all.
fn commands(mut names: Names) -> Vec<Endpoints> {
    let all = names.remove(ALL).then_some(Endpoints::All);
    let some = (!names.is_empty()).then_some(Endpoints::Named(names));
    all.into_iter().chain(some).collect()
}
