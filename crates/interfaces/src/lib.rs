//! What charms say to each other: a module for each well-known interface of relations, as typed data over
//! [`ops::Relation`].
//!
//! [`ingress`] is the first, and the pattern for the next:
//!
//! - Its first page names the interface and its version, and what either side publishes, in the interface's own words.
//! - A struct for each bag has a field for each key. Its [`Serialize`](serde::Serialize) and
//!   [`Deserialize`](serde::Deserialize) are the whole of how it is written and read.
//! - A type for each side, `Requirer` and `Provider`, holds the relation. It has a method for each thing that its side
//!   may do; where only a leader may do it, it asks whether the unit leads, or takes an [`ops::Leader`].
//! - Reading fails in words for the one who must act: [`ops::Error::Waiting`] until the other side has answered,
//!   [`ops::Error::Blocked`] when it has published something else, naming the key.
//! - Nothing is remembered between hooks, and nothing depends on the event.

pub mod ingress;
mod json_or_text;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
