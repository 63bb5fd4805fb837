//! The domain of SIP trunking: connectors, groups, numbers, carriers, and the decision where a call goes.
//!
//! Plain [`records`] become a [`snapshot::Snapshot`], in which everything is checked and indexed. [`route::decide`] says for
//! one attempt where it goes and why, [`limits`] whether there is room for it, and [`failover`] which target comes next.
//! Everything is a value or a pure function: no SIP, no HTTP, no SQL, no sockets, no clock.

#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![cfg_attr(test, expect(clippy::indexing_slicing, reason = "a test may panic, and says where"))]

mod carrier;
mod cidr;
mod connector;
mod country;
mod credential;
mod dialled;
mod e164;
mod fault;
mod id;
mod nanp;
mod number;
mod peer;
mod quotas;
mod reason;
mod region;
mod seed;
mod settings;
mod word;

pub mod failover;
pub mod limits;
pub mod records;
pub mod route;
pub mod snapshot;

pub use carrier::{Carrier, CarrierLink};
pub use cidr::Cidr;
pub use connector::{EmergencyCalling, Origination, Route, Termination, VoiceConnector, VoiceConnectorGroup};
pub use country::Country;
pub use credential::{Credential, DigestAlgorithm, Ha1, Secret};
pub use dialled::Dialled;
pub use e164::{E164, NotE164, NumberClass, NumberPrefix};
pub use fault::{Fault, Faults};
pub use id::{CarrierId, CarrierLinkId, VoiceConnectorGroupId, VoiceConnectorId};
pub use nanp::{Nanp, TOLL_FREE};
pub use number::{Home, PhoneNumber, Tenure};
pub use peer::{Host, Peer, Transport};
pub use quotas::Quotas;
pub use reason::{CdrStatus, Reason};
pub use region::AwsRegion;
pub use seed::Seed;
pub use settings::{
    CdrSchema, GlobalSettings, IntegrationType, LoggingConfiguration, MediaInsightsConfiguration,
    NetworkType, NotificationTarget, StreamingConfiguration,
};
