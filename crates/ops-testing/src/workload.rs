//! What the charm works on beside Juju.

use serde_json::Value;

/// What the charm under test works on beside Juju: the fake of a server, or the services and files of a machine.
///
/// It is the test's side of it: the charm has its own view, and does not know that it is looked at or disturbed. A
/// charm that changes nothing but Juju has the workload `()`.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use ops_testing::Workload;
/// use serde_json::{Value, json};
///
/// /// What the charm starts and stops; clones are the same server.
/// #[derive(Clone, Default)]
/// struct FakeServer(Arc<Mutex<Option<u16>>>);
///
/// impl Workload for FakeServer {
///     fn snapshot(&self) -> Value {
///         json!({ "serving": *self.0.lock().unwrap() })
///     }
///
///     fn reset(&mut self) {
///         *self.0.lock().unwrap() = None;
///     }
/// }
/// ```
pub trait Workload {
    /// All that the charm can change about it, such as `{"serving": 8000}`; two that are equal are the same workload.
    fn snapshot(&self) -> Value;

    /// Makes it what it was before the charm was installed.
    fn reset(&mut self);

    /// What can go wrong with it, such as `["the server dies at once", "the port is taken"]`.
    fn faults(&self) -> &'static [&'static str] {
        &[]
    }

    /// Lets one of its [`faults`](Self::faults) happen from now on, or none any more.
    fn set_fault(&mut self, fault: Option<&'static str>) {
        let _ = fault;
    }
}

/// No workload at all.
impl Workload for () {
    fn snapshot(&self) -> Value {
        Value::Null
    }

    fn reset(&mut self) {}
}
