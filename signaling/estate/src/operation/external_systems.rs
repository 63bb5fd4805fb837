//! What trunks work with: names of products, which change nothing.

use trunk::VoiceConnectorId;

use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::AccountId;
use crate::refusal::Refusal;
use crate::voice_connector::ExternalSystems;

impl Estate {
    /// Tells what a trunk works with.
    ///
    /// # Errors
    /// If there is no such trunk, or that was never set.
    pub fn voice_connector_external_systems_configuration(
        &self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<&ExternalSystems, Refusal> {
        let systems = self.voice_connector(account, id)?.external_systems.as_ref();
        systems.ok_or_else(|| Refusal::unset(PART, id))
    }
}

impl Draft<'_> {
    /// Sets what a trunk works with.
    ///
    /// # Errors
    /// If there is no such trunk, a product is none that the API knows, or comes twice.
    pub fn put_voice_connector_external_systems_configuration(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
        systems: ExternalSystems,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            products("SessionBorderControllerTypes", &systems.session_border_controller_types, &CONTROLLERS)?;
            products("ContactCenterSystemTypes", &systems.contact_center_system_types, &CONTACT_CENTERS)?;
            connector.external_systems = Some(systems);
            Ok(())
        })
    }

    /// Forgets what a trunk works with.
    ///
    /// # Errors
    /// If there is no such trunk, or that was never set.
    pub fn delete_voice_connector_external_systems_configuration(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            connector.external_systems.take().map(drop).ok_or_else(|| Refusal::unset(PART, id))
        })
    }
}

fn products(list: &str, found: &[String], known: &[&str]) -> Result<(), Refusal> {
    let mut names = std::collections::BTreeSet::new();
    for name in found {
        if !known.contains(&name.as_str()) || !names.insert(name) {
            let wanted = known.join(", ");
            let message = format_args!("{list}: wanted each once of {wanted}, found {name:?}");
            return Err(Refusal::bad_request(message));
        }
    }
    Ok(())
}

const CONTROLLERS: [&str; 5] = [
    "RIBBON_SBC",
    "ORACLE_ACME_PACKET_SBC",
    "AVAYA_SBCE",
    "CISCO_UNIFIED_BORDER_ELEMENT",
    "AUDIOCODES_MEDIANT_SBC",
];

const CONTACT_CENTERS: [&str; 4] = [
    "GENESYS_ENGAGE_ON_PREMISES",
    "AVAYA_AURA_CALL_CENTER_ELITE",
    "AVAYA_AURA_CONTACT_CENTER",
    "CISCO_UNIFIED_CONTACT_CENTER_ENTERPRISE",
];

const PART: &str = "ExternalSystemsConfiguration";
