//! `secret-add` and its like: what a hook sees of secrets, and what it holds back until it has ended well.

pub(crate) mod access;
pub(crate) mod commands;
pub(crate) mod read;
pub(crate) mod view;
