//! Reads a recording of a real Juju: its commands with what they printed, and what the hooks were told.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) output: String,
    pub(crate) errors: String,
    pub(crate) exit_code: i32,
}

pub(crate) type Hooks = BTreeMap<String, Vec<String>>;

pub(crate) fn read(recording: &str) -> (Vec<Step>, Hooks) {
    let (mut steps, mut hooks) = (Vec::<Step>::new(), Hooks::new());
    let mut unit = String::new();
    for line in recording.lines() {
        let (kind, rest) = line.split_at(line.len().min(2));
        match kind.trim() {
            "$" | "%" => steps.push(Step {
                command: line.trim_start_matches("$ ").to_owned(),
                ..Step::default()
            }),
            ">" | "!" | "=" => {
                let step = steps.last_mut().unwrap();
                match kind.trim() {
                    ">" => step.output.extend([rest, "\n"]),
                    "!" => step.errors.extend([rest, "\n"]),
                    _ => step.exit_code = rest.parse().unwrap(),
                }
            }
            "@" => rest.clone_into(&mut unit),
            "+" | "#" => {}
            "==" => told(hooks.entry(unit.clone()).or_default(), line, true),
            _ => told(hooks.entry(unit.clone()).or_default(), line, false),
        }
    }
    (steps, hooks)
}

/// Adds a line to what a unit's hooks were told.
pub(crate) fn told(hooks: &mut Vec<String>, line: &str, is_new: bool) {
    match hooks.last_mut() {
        Some(hook) if !is_new => hook.extend(["\n", line]),
        _ => hooks.push(line.to_owned()),
    }
}

/// The arguments of a recorded command: its words, and what follows ` -- ` as one.
pub(crate) fn arguments(command: &str) -> Vec<&str> {
    let (words, line) = match command.split_once(" -- ") {
        Some((words, line)) => (words, Some(line)),
        None => (command, None),
    };
    let line = line.into_iter().flat_map(|line| ["--", line]);
    words.split(' ').chain(line).collect()
}
