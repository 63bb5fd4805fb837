//! Calls to customers: whether, and where they are delivered.

use trunk::VoiceConnectorId;
use trunk::records::{OriginationRecord, RouteProtocol, RouteRecord};

use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::AccountId;
use crate::refusal::Refusal;

/// How calls are to be delivered. One of the two has to be said; it replaces all that was said before.
#[derive(Clone, Debug, Default)]
pub struct NewOrigination {
    /// Whether no call is delivered although there are routes.
    pub disabled: Option<bool>,
    /// Where calls are delivered.
    pub routes: Option<Vec<RouteRecord>>,
}

impl Estate {
    /// Tells how calls are delivered to a trunk's customer.
    ///
    /// # Errors
    /// If there is no such trunk, or that was never set.
    pub fn voice_connector_origination(
        &self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<&OriginationRecord, Refusal> {
        let origination = self.voice_connector(account, id)?.record.origination.as_ref();
        origination.ok_or_else(|| Refusal::unset(PART, id))
    }
}

impl Draft<'_> {
    /// Sets how calls are delivered to a trunk's customer.
    ///
    /// # Errors
    /// If there is no such trunk, something is not as it has to be or more than a quota, a route cannot be encrypted and has to
    /// be, or emergency calls need what would be disabled.
    pub fn put_voice_connector_origination(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
        new: NewOrigination,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            if new.disabled.is_none() && new.routes.is_none() {
                return Err(Refusal::bad_request("Origination: wanted Routes or Disabled, found neither"));
            }
            let routes = new.routes.unwrap_or_default();
            let clear = routes.iter().find(|route| route.protocol == RouteProtocol::Udp);
            if let (true, Some(route)) = (connector.record.require_encryption, clear) {
                let message = format_args!(
                    "Routes: wanted the Protocol TCP, because VoiceConnector {id} requires encryption, found UDP to {:?}",
                    route.host
                );
                return Err(Refusal::bad_request(message));
            }
            let disabled = new.disabled.unwrap_or_default();
            connector.record.origination = Some(OriginationRecord { disabled, routes });
            Ok(())
        })
    }

    /// Delivers no more calls to a trunk's customer, and forgets where.
    ///
    /// # Errors
    /// If there is no such trunk, that was never set, or emergency calls need it.
    pub fn delete_voice_connector_origination(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            connector.record.origination.take().map(drop).ok_or_else(|| Refusal::unset(PART, id))
        })
    }
}

const PART: &str = "Origination";
