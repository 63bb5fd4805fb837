//! The stories of a call, one a file, each read from its first message to its last.

pub(crate) mod answer;
pub(crate) mod auth;
pub(crate) mod bye;
pub(crate) mod cancel;
pub(crate) mod early;
pub(crate) mod failover;
pub(crate) mod forking;
pub(crate) mod invite;
pub(crate) mod naming;
pub(crate) mod options;
pub(crate) mod reinvite;
