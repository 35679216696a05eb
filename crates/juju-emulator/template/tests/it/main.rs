//! The charm from outside, a module per level: one event, laws, a model, the whole deployment.

mod deployed;
mod laws;
mod model;
mod state_transitions;
