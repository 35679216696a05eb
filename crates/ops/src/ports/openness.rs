//! For which endpoints a range of ports is open, and is to be.

use std::collections::BTreeSet;

use crate::ports::port::Endpoints;

/// The endpoints that a range is open for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Openness {
    /// These; closed when there are none.
    Named(BTreeSet<String>),
    /// All of the application's, whose names nobody tells the charm, except these.
    AllBut(BTreeSet<String>),
}

/// A range that was open when the hook began, or has been opened in it.
#[derive(Clone, Debug)]
pub(crate) struct HookRange {
    /// What Juju has been told of it.
    pub(crate) told: Openness,
    /// Whether that was in this hook.
    pub(crate) is_new: bool,
    pub(crate) wanted: Openness,
}

impl HookRange {
    pub(crate) fn open_at_start(open: Openness) -> Self {
        Self {
            told: open.clone(),
            is_new: false,
            wanted: open,
        }
    }

    pub(crate) fn opened(open: Openness) -> Self {
        Self {
            is_new: true,
            ..Self::open_at_start(open)
        }
    }
}

impl Openness {
    pub(crate) const CLOSED: Self = Self::Named(BTreeSet::new());
    pub(crate) const ALL: Self = Self::AllBut(BTreeSet::new());

    pub(crate) fn with(&self, added: &Endpoints) -> Self {
        match (self, added) {
            (_, Endpoints::All) => Self::ALL,
            (Self::Named(names), Endpoints::Named(added)) => Self::Named(names | added),
            (Self::AllBut(names), Endpoints::Named(added)) => Self::AllBut(names - added),
        }
    }

    pub(crate) fn without(&self, taken: &Endpoints) -> Self {
        match (self, taken) {
            (_, Endpoints::All) => Self::CLOSED,
            (Self::Named(names), Endpoints::Named(taken)) => Self::Named(names - taken),
            (Self::AllBut(names), Endpoints::Named(taken)) => Self::AllBut(names | taken),
        }
    }

    /// Whether Juju gets from here to there in one hook: it does not leave some endpoints of a range that is open for all.
    pub(crate) fn reaches(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::AllBut(_), Self::Named(names)) => names.is_empty(),
            _ => true,
        }
    }

    /// What it is open for, where all but some count as all.
    pub(crate) fn endpoints(&self) -> Option<Endpoints> {
        match self {
            Self::AllBut(_) => Some(Endpoints::All),
            Self::Named(names) => named(names.clone()),
        }
    }

    /// What to close and what to open it for to get from here to there, each a command. Juju opens before it closes.
    pub(crate) fn difference(&self, wanted: &Self) -> (Option<Endpoints>, Option<Endpoints>) {
        match (self, wanted) {
            (Self::Named(open), Self::Named(wanted)) => {
                (named(open - wanted), named(wanted - open))
            }
            (Self::Named(_), Self::AllBut(closed)) => (named(closed.clone()), Some(Endpoints::All)),
            (Self::AllBut(open), Self::AllBut(wanted)) => {
                (named(wanted - open), named(open - wanted))
            }
            (Self::AllBut(_), Self::Named(wanted)) => (Some(Endpoints::All), named(wanted.clone())),
        }
    }
}

impl From<Endpoints> for Openness {
    fn from(endpoints: Endpoints) -> Self {
        match endpoints {
            Endpoints::All => Self::ALL,
            Endpoints::Named(names) => Self::Named(names),
        }
    }
}

/// The endpoints with these names, if there are any.
fn named(names: BTreeSet<String>) -> Option<Endpoints> {
    (!names.is_empty()).then_some(Endpoints::Named(names))
}
