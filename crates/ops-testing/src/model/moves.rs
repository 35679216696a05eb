//! What a model goes through, one after the other.

use std::fmt;

use crate::fault::{Fault, FaultKind};
use crate::model::operation::Operation;

/// One of the things that a model goes through; as text it is the call of [`Model`](crate::Model) that adds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Move {
    /// Something is done to it, and no hook runs for the time being.
    Operation(Operation),
    /// A unit runs its next hook or action, if it has one.
    Hook {
        unit: String,
        fault: Option<HookFault>,
    },
    /// A unit runs what it has to run, as long as it has something.
    SettleUnit(String),
    /// All units do so, until none has anything to run.
    Settle,
}

/// What goes wrong with a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum HookFault {
    /// Something goes wrong with one of its commands.
    Command(Fault),
    /// Something goes wrong with the workload, as long as it runs.
    Workload(&'static str),
}

impl Move {
    pub(crate) fn hook(unit: &str, fault: Option<HookFault>) -> Self {
        Self::Hook {
            unit: unit.to_owned(),
            fault,
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(operation) => operation.fmt(f),
            Self::Hook { unit, fault: None } => write!(f, ".hook({unit:?})"),
            Self::Hook {
                unit,
                fault: Some(HookFault::Command(Fault { command, kind })),
            } => match kind {
                FaultKind::Refused => {
                    write!(f, ".hook_with_fault({unit:?}, Fault::refused({command}))")
                }
                FaultKind::CommandKilled | FaultKind::CharmKilled => write!(
                    f,
                    ".hook_with_fault({unit:?}, Fault {{ command: {command}, kind: FaultKind::{kind:?} }})"
                ),
            },
            Self::Hook {
                unit,
                fault: Some(HookFault::Workload(fault)),
            } => write!(f, ".hook_with_workload_fault({unit:?}, {fault:?})"),
            Self::SettleUnit(unit) => write!(f, ".settle_unit({unit:?})"),
            Self::Settle => f.write_str(".settle_all()"),
        }
    }
}
