//! For which endpoints a range of ports is open, and is to be.

use std::collections::BTreeSet;

use crate::ports::port::Endpoints;

/// The endpoints of the application that a range is open for. Nobody tells the charm the names of them all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Openness {
    by_default: bool,
    exceptions: BTreeSet<String>,
}

/// A range that was open when the hook began, or has been opened in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct HookRange {
    pub(crate) at_start: Openness,
    /// What Juju has been told of it by now.
    pub(crate) told: Openness,
    pub(crate) wanted: Openness,
}

impl Openness {
    pub(crate) const CLOSED: Self = Self {
        by_default: false,
        exceptions: BTreeSet::new(),
    };

    pub(crate) fn with(&self, added: &Endpoints) -> Self {
        self.set(added, true)
    }

    pub(crate) fn without(&self, taken: &Endpoints) -> Self {
        self.set(taken, false)
    }

    fn set(&self, endpoints: &Endpoints, open: bool) -> Self {
        let (by_default, exceptions) = match endpoints {
            Endpoints::All => (open, BTreeSet::new()),
            Endpoints::Named(names) if self.by_default == open => (open, &self.exceptions - names),
            Endpoints::Named(names) => (!open, &self.exceptions | names),
        };
        Self {
            by_default,
            exceptions,
        }
    }

    /// Whether Juju gets from here to there in one hook: it does not leave some endpoints of a range that is open for all.
    pub(crate) fn reaches(&self, wanted: &Self) -> bool {
        !self.by_default || wanted.by_default || wanted.exceptions.is_empty()
    }

    /// What it is open for, where all but some count as all.
    pub(crate) fn endpoints(&self) -> Option<Endpoints> {
        if self.by_default {
            return Some(Endpoints::All);
        }
        named(self.exceptions.clone())
    }

    /// What to close and what to open it for to get from here to there, each a command. Juju opens before it closes.
    pub(crate) fn difference(&self, wanted: &Self) -> (Option<Endpoints>, Option<Endpoints>) {
        let gone = named(&self.exceptions - &wanted.exceptions);
        let new = named(&wanted.exceptions - &self.exceptions);
        match (self.by_default, wanted.by_default) {
            (false, false) => (gone, new),
            (true, true) => (new, gone),
            (false, true) => (named(wanted.exceptions.clone()), Some(Endpoints::All)),
            (true, false) => (Some(Endpoints::All), named(wanted.exceptions.clone())),
        }
    }
}

/// The endpoints with these names, if there are any.
fn named(names: BTreeSet<String>) -> Option<Endpoints> {
    (!names.is_empty()).then_some(Endpoints::Named(names))
}
