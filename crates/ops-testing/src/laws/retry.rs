//! Whether a hook that goes wrong is made good by the next one.

use ops::Status;

use crate::fault::{Fault, FaultKind};
use crate::laws::difference::Situation;
use crate::laws::judge::{Judge, Verdict, is_blocked, waited_for_the_next_hook};
use crate::laws::law::{Law, Violation};
use crate::laws::story::{StepFault, Story, Told};
use crate::outcome::Outcome;
use crate::state::State;
use crate::workload::Workload;

impl<W: Workload> Judge<'_, W> {
    /// What can go wrong with the last event of the story.
    pub(super) fn faults(&mut self, story: &Story) -> Verdict<Vec<StepFault>> {
        let told = self.tell(story)?;
        let commands = told
            .last()
            .map_or(0, |last| last.outcome.hook_commands.len());
        let of_workload = self.workload.faults().iter().copied();
        let of_hook_commands = (0..commands).flat_map(|command| {
            FaultKind::ALL.map(|kind| StepFault::HookCommand(Fault { command, kind }))
        });
        Ok(of_workload
            .map(StepFault::Workload)
            .chain(of_hook_commands)
            .collect())
    }

    /// What the story ends with when nothing goes wrong, and Juju has had its second hook if it needs one.
    pub(super) fn undisturbed_end(&mut self, story: &Story) -> Verdict<Situation> {
        let mut told = self.tell(&story.and(story.again()))?;
        let needs_two = match &told[..] {
            [.., first, second] => waited_for_the_next_hook(first, second),
            _ => false,
        };
        let end = told.len() - if needs_two { 1 } else { 2 };
        Ok(told.swap_remove(end).after)
    }

    /// When this goes wrong with the last event of the story, the next one leads to the expected end.
    pub(super) fn retry(
        &mut self,
        story: &Story,
        fault: StepFault,
        expected: &Situation,
    ) -> Verdict {
        let mut disturbed = story.clone();
        if let Some(step) = disturbed.steps.last_mut() {
            step.fault = Some(fault);
        }
        let retried = disturbed.and(story.again());
        let retried_told = self.tell(&retried)?;
        let ([.., faulty], [retry]) = retried_told.split_at(disturbed.steps.len()) else {
            return Ok(());
        };
        let told = &retried_told[..disturbed.steps.len()];
        check_faulty_hook(&disturbed, told, faulty, fault, expected)?;

        // Juju runs nothing again when the hook ended well, and nobody asks for more when the status says so.
        let done = faulty.outcome.succeeded()
            && faulty.after.state.unit_status == expected.state.unit_status;
        let (story, told, last, complaint, hooks) = if done {
            let complaint = "the hook took it for done, so Juju does not run it again, yet it should have left what it \
                             leaves when nothing goes wrong";
            (&disturbed, told, faulty, complaint, 1)
        } else {
            let complaint =
                "Juju runs the hook again, and then all should be as if nothing had gone wrong";
            (&retried, &retried_told[..], retry, complaint, 2)
        };
        if last.after == *expected || self.one_more_event_makes_it(story, last, expected)? {
            return Ok(());
        }
        Err(Violation::new(
            Law::Retry,
            complaint,
            story,
            told,
            expected,
            hooks,
        ))
    }
}

/// What the hook that goes wrong leaves until the next one is not wrong itself.
fn check_faulty_hook(
    story: &Story,
    told: &[Told],
    faulty: &Told,
    fault: StepFault,
    expected_in_the_end: &Situation,
) -> Verdict {
    let Situation { state, workload } = &faulty.after;
    let newly_blocked = is_blocked(state) && !is_blocked(&expected_in_the_end.state);
    let (law, complaint, expected) = if faulty.outcome.succeeded()
        && newly_blocked
        && state.opened_ports != faulty.before.state.opened_ports
    {
        let expected = State {
            opened_ports: faulty.before.state.opened_ports.clone(),
            ..state.clone()
        };
        let complaint = "the unit is blocked, so its ports should be as they were";
        (Law::BlockedIsStable, complaint, expected)
    } else if claims_too_much(&faulty.outcome, fault) {
        let expected = State {
            unit_status: faulty.before.state.unit_status.clone(),
            ..state.clone()
        };
        let complaint = "the hook said active and failed after that; Juju does not take a status back, so it stays wrong \
                         until the retry";
        (Law::Retry, complaint, expected)
    } else {
        return Ok(());
    };
    let expected = Situation {
        state: expected,
        workload: workload.clone(),
    };
    Err(Violation::new(law, complaint, story, told, &expected, 1))
}

/// Whether a hook that failed had said active before, other than as the very last thing that it did.
fn claims_too_much(failed: &Outcome, fault: StepFault) -> bool {
    let killed_when_done = matches!(fault, StepFault::HookCommand(fault) if fault.kind == FaultKind::CharmKilled)
        && failed
            .hook_commands
            .last()
            .is_some_and(|last| last.starts_with("status-set"));
    !failed.succeeded()
        && !killed_when_done
        && failed.status_history.last().map(Status::name) == Some("active")
}
