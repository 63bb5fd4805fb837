//! Whether calls could obey what is to be set, and whether an account may have so much.
//!
//! What is too much is asked of what is set now. A quota that was lowered, and strictness that came later, keep nobody from
//! what there is: as much as there was may stay, and the networks and hosts that there were, too.

use trunk::records::{Records, VoiceConnectorGroupRecord, VoiceConnectorRecord};
use trunk::snapshot::Snapshot;
use trunk::{Quotas, VoiceConnectorId};

use crate::estate::Estate;
use crate::id::{AccountId, Owned};
use crate::records::{ANY_ZONE, UNLIMITED};
use crate::refusal::Refusal;
use crate::voice_connector::VoiceConnector;

impl Estate {
    /// Checks a trunk as it is to be, given what it was.
    pub(crate) fn check_voice_connector(
        &self,
        account: AccountId,
        before: &VoiceConnectorRecord,
        after: &VoiceConnectorRecord,
    ) -> Result<(), Refusal> {
        let quotas = at_least(self.account(account)?.quotas, before);
        Snapshot::build(&alone(after.clone(), quotas, false))?;
        if self.installation_or_default().strict_aws_limits {
            Snapshot::build(&alone(added(before, after), UNLIMITED, true))?;
        }
        Ok(())
    }

    /// Checks a group as it is to be, given how many connectors it had.
    pub(crate) fn check_voice_connector_group(
        &self,
        account: AccountId,
        items_before: usize,
        after: &VoiceConnectorGroupRecord,
    ) -> Result<(), Refusal> {
        let mut ids = Vec::with_capacity(after.voice_connector_items.len());
        for item in &after.voice_connector_items {
            let text = &item.voice_connector_id;
            ids.push(VoiceConnectorId::parse(text).ok_or_else(|| {
                let wanted = VoiceConnectorId::WANTED;
                Refusal::bad_request(format_args!("VoiceConnectorId: wanted {wanted}, found {text:?}"))
            })?);
        }
        ids.sort_unstable();
        ids.dedup();
        let mut voice_connectors = Vec::with_capacity(ids.len());
        for id in ids {
            voice_connectors.push(self.find::<VoiceConnector>(&Owned { account, id })?.record.clone());
        }
        let group_items = self.account(account)?.quotas.group_items.max(items_before);
        Snapshot::build(&Records {
            quotas: Quotas { group_items, ..UNLIMITED },
            voice_connector_groups: vec![after.clone()],
            voice_connectors,
            zone: ANY_ZONE.to_owned(),
            ..Records::default()
        })?;
        Ok(())
    }
}

/// Gives records of nothing but a trunk.
fn alone(record: VoiceConnectorRecord, quotas: Quotas, strict_aws_limits: bool) -> Records {
    let zone = ANY_ZONE.to_owned();
    Records { quotas, strict_aws_limits, voice_connectors: vec![record], zone, ..Records::default() }
}

/// Raises quotas to what a trunk has already.
fn at_least(quotas: Quotas, before: &VoiceConnectorRecord) -> Quotas {
    let termination = before.termination.as_ref();
    let routes = before.origination.as_ref().map_or(0, |origination| origination.routes.len());
    Quotas {
        cidrs: quotas.cidrs.max(termination.map_or(0, |termination| termination.cidr_allowed_list.len())),
        cps: quotas.cps.max(termination.map_or(0, |termination| termination.cps_limit)),
        credentials: quotas.credentials.max(before.credentials.len()),
        routes: quotas.routes.max(routes),
        ..quotas
    }
}

/// Gives a trunk with nothing but the networks and hosts that it did not have before.
fn added(before: &VoiceConnectorRecord, after: &VoiceConnectorRecord) -> VoiceConnectorRecord {
    let mut added = VoiceConnectorRecord { emergency_calling: None, ..after.clone() };
    if let (Some(before), Some(added)) = (&before.termination, &mut added.termination) {
        added.cidr_allowed_list.retain(|network| !before.cidr_allowed_list.contains(network));
    }
    if let (Some(before), Some(added)) = (&before.origination, &mut added.origination) {
        added.routes.retain(|route| !before.routes.iter().any(|other| other.host == route.host));
    }
    added
}
