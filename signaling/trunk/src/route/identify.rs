//! Whose call it is: told by the host, else by the source address, else by who has logged in.

use crate::{connector::VoiceConnector, reason::Reason, snapshot::Snapshot};

use super::{
    attempt::{Attempt, Credentials},
    trail::{Rule, Trail},
};

pub(super) fn connector<'a>(
    snapshot: &'a Snapshot,
    attempt: &Attempt<'_>,
    trail: &mut Trail,
) -> Result<&'a VoiceConnector, Reason> {
    if let Some(connector) = snapshot.connector_by_host(attempt.host) {
        trail.passed(Rule::Connector, format!("{}, named by the request host", connector.id));
        return Ok(connector);
    }
    let Some((network, owners)) = snapshot.owners_of(attempt.source) else {
        let found = format!("nobody allows calls from {}", attempt.source);
        return Err(trail.failed(Reason::SourceUnknown, found));
    };
    let mut rest = owners.clone();
    let only = rest.next().filter(|_| rest.next().is_none());
    if snapshot.is_in_zone(attempt.host) {
        // Whoever sends from there finds the attempt among its own.
        trail.connector = only.map(|only| only.id);
        let found = format!("no connector has the host {}", attempt.host);
        return Err(trail.failed(Reason::ConnectorUnknown, found));
    }
    if let Some(only) = only {
        trail.passed(Rule::Connector, format!("{}, the only one that allows calls from {network}", only.id));
        return Ok(only);
    }
    if let Credentials::Verified { connector, .. } = attempt.credentials {
        if let Some(owner) = owners.clone().find(|owner| owner.id == connector) {
            trail.passed(Rule::Connector, format!("{}, told by its login", owner.id));
            return Ok(owner);
        }
        let found = format!("the login is of {connector}, which does not allow calls from {network}");
        return Err(trail.failed(Reason::SourceAmbiguous, found));
    }
    let found = format!("{} connectors allow calls from {network}", owners.clone().count());
    if owners.clone().all(|owner| owner.credentials.is_empty()) {
        let found = format!("{found}; name one by the request host");
        return Err(trail.failed(Reason::SourceAmbiguous, found));
    }
    trail.noted(Rule::Connector, found);
    match attempt.credentials {
        Credentials::Absent => {
            Err(trail.failed(Reason::CredentialsWanted, "asked for, to tell which one it is"))
        }
        Credentials::Verified { .. } | Credentials::Wrong => {
            Err(trail.failed(Reason::CredentialsWrong, "no credential of any of them"))
        }
    }
}
