//! The operations of a model: how they are started, and what waits in which unit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::controller::model::Model;
use crate::controller::operation::{JUJU_EXEC, Operation, Receiver, Task, TaskStatus};

impl Model {
    /// Starts an operation with a task for each receiver, and hands back its number. As in Juju, the tasks have the numbers
    /// that follow on it; a receiver that is not there, an error, takes a number too.
    pub(crate) fn enqueue(
        &mut self,
        summary: String,
        action: &str,
        params: &Map<String, Value>,
        receivers: &[Result<Receiver, String>],
    ) -> u64 {
        let number = self.next_operation;
        self.next_operation += 1 + receivers.len() as u64;
        let now = Timestamp::now();
        let mut tasks = BTreeMap::new();
        let mut missing = Vec::new();
        for (id, receiver) in (number + 1..).zip(receivers) {
            match receiver {
                Ok(receiver) => {
                    let task = Task::new(receiver.clone(), action, params.clone(), now);
                    tasks.insert(id, task);
                }
                Err(why) => missing.push(why.as_str()),
            }
        }
        let operation = Operation {
            summary,
            enqueued: now,
            fail: (!missing.is_empty()).then(|| missing.join("\n")),
            tasks,
        };
        self.operations.insert(number, operation);
        number
    }

    pub(crate) fn task(&self, id: u64) -> Option<&Task> {
        let operation = self.operations.range(..id).next_back()?.1;
        operation.tasks.get(&id)
    }

    pub(crate) fn task_mut(&mut self, id: u64) -> Option<&mut Task> {
        let operation = self.operations.range_mut(..id).next_back()?.1;
        operation.tasks.get_mut(&id)
    }

    /// The first action that waits in a unit, or that an agent has begun which was then killed.
    pub(crate) fn next_task(&self, unit: &str) -> Option<u64> {
        let tasks = self.operations.values().flat_map(|it| &it.tasks);
        let waits = |task: &Task| {
            [TaskStatus::Pending, TaskStatus::Running].contains(&task.status)
                && matches!(&task.receiver, Receiver::Unit(name) if name == unit)
                && task.action != JUJU_EXEC
        };
        tasks
            .filter(|(_, task)| waits(task))
            .map(|(id, _)| *id)
            .next()
    }
}
