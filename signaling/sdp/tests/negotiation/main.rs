//! Offer and answer between two legs, seen from outside.

mod later;
mod properties;
mod scene;
mod table;
