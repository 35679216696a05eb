//! The storage that a hook asks for.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::hook_command::HookCommand;

/// How many the hook asks for, by the storage's name.
#[derive(Default)]
pub(crate) struct AddedStorage(RefCell<BTreeMap<String, u32>>);

impl AddedStorage {
    /// Asks for so many more.
    pub(crate) fn add(&self, name: &str, count: u32) {
        if count > 0 {
            let mut asked = self.0.borrow_mut();
            let asked = asked.entry(name.to_owned()).or_default();
            *asked = asked.saturating_add(count);
        }
    }

    /// The command that asks for all of it.
    pub(crate) fn held(&self) -> Option<HookCommand> {
        let asked = self.0.borrow();
        let command = asked
            .iter()
            .fold(HookCommand::new("storage-add"), |command, (name, count)| {
                command.arg(&format!("{name}={count}"))
            });
        (!asked.is_empty()).then_some(command)
    }
}
