//! The unit agents: which operation is next, and what becomes of it.

pub(crate) mod deployer;
pub(crate) mod effects;
pub(crate) mod exec;
pub(crate) mod executed;
pub(crate) mod in_memory;
pub(crate) mod interrupt;
pub(crate) mod machine_agent;
pub(crate) mod operation;
pub(crate) mod provision_view;
pub(crate) mod relation_resolver;
pub(crate) mod resolver;
pub(crate) mod secret_resolver;
pub(crate) mod settle;
pub(crate) mod storage_resolver;
pub(crate) mod task;
pub(crate) mod unit_agent;
pub(crate) mod uniter;
pub(crate) mod view;
