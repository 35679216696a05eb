//! The charm from outside, a module per level: one event, laws, the whole deployment.

mod deployed;
mod laws;
mod state_transitions;
