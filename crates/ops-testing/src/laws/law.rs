//! The laws, and how a charm that breaks one is told.

use std::fmt;

use crate::laws::difference::{Situation, difference};
use crate::laws::story::{Story, Told};

/// What a holistic charm promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// An event ends well when nothing goes wrong: what only the operator can mend blocks the unit, and fails no hook.
    EndsWell,
    /// The same event once more changes nothing, and runs no hook command that could.
    Idempotence,
    /// Whatever events came before, the unit ends as its configuration asks for.
    Order,
    /// While the configuration is bad, nothing changes but the status; once it is mended, one event is enough.
    BlockedIsStable,
    /// A hook that has failed half-way is completed by its retry.
    Retry,
    /// After `stop` and `remove` nothing of the unit is there any more.
    NothingIsLeft,
}

impl Law {
    /// What to look for in a charm that breaks it.
    fn advice(self) -> &'static str {
        match self {
            Self::EndsWell => {
                "return an error that blocks where the operator must act, and let no event be one that the charm cannot \
                 take"
            }
            Self::Idempotence => {
                "compare what is with what should be, and change the difference only"
            }
            Self::Order => {
                "do the same at every event: work out from the configuration what should be, read what is, and take \
                 away what an earlier configuration has left"
            }
            Self::BlockedIsStable => {
                "find out whether the configuration is good before anything is changed, or return an error that \
                 blocks, which takes back what was asked of Juju"
            }
            Self::Retry => {
                "remember nothing that Juju takes back when a hook fails, read it from Juju; and return the status \
                 when all is done rather than set it before"
            }
            Self::NothingIsLeft => {
                "close the ports and undo what was installed in `stop` and `remove`"
            }
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::EndsWell => "a hook ends well when nothing goes wrong",
            Self::Idempotence => "the same event twice is as good as once",
            Self::Order => "the order of events does not matter",
            Self::BlockedIsStable => "a blocked unit stays as it is",
            Self::Retry => "a hook that failed is made good by its retry",
            Self::NothingIsLeft => "stop and remove leave nothing",
        })
    }
}

/// A law that the charm breaks, and the shortest story that was found to show it.
///
/// Its text names the state that was given, the events, what went wrong on the way, how the end differs from what it
/// should be, the hook commands, and the Rust code that replays it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the charm breaks a law: {law}\n\n{story}\nhint: {}\n", law.advice())]
pub struct Violation {
    /// The law.
    pub law: Law,
    /// The story, in several lines.
    pub story: String,
}

impl Violation {
    /// Tells how the story should have ended and did not, with the hook commands of its last so many hooks.
    pub(super) fn new(
        law: Law,
        complaint: &str,
        story: &Story,
        told: &[Told],
        expected: &Situation,
        hooks: usize,
    ) -> Self {
        let difference = told
            .last()
            .map(|last| difference(expected, &last.after))
            .unwrap_or_default();
        let parts = [
            story.text(told),
            format!("{complaint}\n"),
            difference,
            story.hook_commands(told, told.len().saturating_sub(hooks)),
            format!("to replay it:\n{}", story.replay(told)),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self {
            law,
            story: parts.join("\n"),
        }
    }
}
