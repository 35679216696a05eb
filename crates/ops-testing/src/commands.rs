//! The commands of one hook, which Juju answers unless something goes wrong with them.

use std::path::Path;

use juju_emulator::{Answer, CallRefused, Effect, HookContext, TakesEffect, takes_effect};

use crate::fault::{Fault, FaultKind};
use crate::in_process::Answered;

/// The commands of one hook.
pub(crate) struct Commands {
    pub(crate) context: HookContext,
    fault: Option<Fault>,
    /// Juju refuses every one of them in this event.
    restricted: bool,
    /// Those that were run, as one would type them; log lines left out.
    pub(crate) run: Vec<String>,
    /// Those among them that wait for the hook to succeed.
    pub(crate) waiting: Vec<String>,
}

impl Commands {
    pub(crate) fn new(context: HookContext, fault: Option<Fault>, restricted: bool) -> Self {
        Self {
            context,
            fault,
            restricted,
            run: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Answers one, and says what it changes at once.
    pub(crate) fn answer(
        &mut self,
        command: &str,
        args: &[String],
        directory: &Path,
        stdin: Option<&[u8]>,
    ) -> Result<(Answered, Vec<Effect>), CallRefused> {
        let number = self.run.len();
        let fault = self
            .fault
            .filter(|fault| command != "juju-log" && fault.command == number)
            .map(|fault| fault.kind);
        if command != "juju-log" {
            self.run.push(shown(command, args));
        }
        match fault {
            Some(FaultKind::CommandKilled) => return Ok((Answered::CommandKilled, Vec::new())),
            Some(FaultKind::Refused) => return Ok(refused("the agent is going down")),
            Some(FaultKind::CharmKilled) | None => {}
        }
        if self.restricted {
            return Ok(refused(
                "not implemented for restricted context not implemented",
            ));
        }
        let answered = self.context.run(command, args, directory, stdin);
        if answered == Err(CallRefused::NeedsStdin) {
            // It is called again, and counts then.
            self.run.pop();
        }
        let mut answer = answered?;
        if answer.exit_code == 0 && takes_effect(command) == Some(TakesEffect::AtTheEnd) {
            self.waiting.extend(self.run.last().cloned());
        }
        let effects = std::mem::take(&mut answer.effects);
        let is_killed = fault.is_some() || effects.contains(&Effect::RebootNow);
        let answered = if is_killed {
            Answered::CharmKilled
        } else {
            Answered::Answer(answer)
        };
        Ok((answered, effects))
    }
}

/// The command as one would type it; the file of a secret has another name in every run.
fn shown(command: &str, args: &[String]) -> String {
    let mut words = vec![command];
    for arg in args {
        let is_file = command.starts_with("secret-") && words.last() == Some(&"--file");
        words.push(if is_file { "FILE" } else { arg });
    }
    words.join(" ")
}

fn refused(why: &str) -> (Answered, Vec<Effect>) {
    let answer = Answer {
        exit_code: 1,
        stderr: format!("ERROR {why}\n").into_bytes(),
        ..Answer::default()
    };
    (Answered::Answer(answer), Vec::new())
}
