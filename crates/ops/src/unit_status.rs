//! The status that the unit has.

use serde::Deserialize;

use crate::error::Result;
use crate::hook_command::HookCommand;
use crate::status::Status;
use crate::unit::Unit;

impl Unit {
    /// The status that the unit had when the hook first asked: `status-get`. None before the charm has set one.
    ///
    /// # Errors
    /// Only those of any hook command.
    pub fn status(&self) -> Result<Option<Status>> {
        #[derive(Deserialize)]
        struct Answer {
            status: String,
            #[serde(default)]
            message: String,
        }
        let command = HookCommand::new("status-get").arg("--include-data");
        let answer: Answer = command.read_json(self.hook_commands())?;
        Ok(Status::named(&answer.status, &answer.message))
    }
}
