//! From a number of ours to the hosts of whoever it is assigned to.

use crate::{
    connector::{Route, VoiceConnector, VoiceConnectorGroup},
    e164::E164,
    number::Home,
    reason::Reason,
    records::CallDistributionType,
    snapshot::Snapshot,
};

use super::{
    decision::{RouteTarget, TARGETS_MAX},
    order,
    trail::{Rule, Trail},
};

/// Orders the hosts: connector by connector, each one's routes by priority and weight.
pub(super) fn targets(
    snapshot: &Snapshot,
    number: E164,
    random: &mut dyn FnMut(u32) -> u32,
    trail: &mut Trail,
) -> Result<(Home, Vec<RouteTarget>), Reason> {
    let Some(home) = snapshot.number(number).and_then(|number| number.home) else {
        return Err(trail.failed(Reason::NumberUnassigned, format!("{number} is assigned to nobody")));
    };
    let connectors = match home {
        Home::VoiceConnector(id) => {
            trail.passed(Rule::Home, home.to_string());
            snapshot.connector(&id).into_iter().collect()
        }
        Home::VoiceConnectorGroup(id) => {
            let connectors =
                snapshot.group(&id).map(|group| members(snapshot, group, random)).unwrap_or_default();
            trail.passed(Rule::Home, format!("{home}, connectors: {}", connectors.len()));
            connectors
        }
    };
    trail.connector = trail.connector.or_else(|| connectors.first().map(|connector| connector.id));

    let mut targets = Vec::new();
    let mut reason = Reason::OriginationMissing;
    for connector in &connectors {
        let id = connector.id;
        match &connector.origination {
            Some(origination) if origination.disabled => {
                trail.noted(Rule::Origination, format!("{id}: disabled"));
                reason = Reason::OriginationDisabled;
            }
            Some(origination) if !origination.routes.is_empty() => {
                trail.noted(Rule::Origination, format!("{id}: routes: {}", origination.routes.len()));
                targets.extend(routes(connector, random));
            }
            Some(_) | None => trail.noted(Rule::Origination, format!("{id}: no route")),
        }
    }
    if targets.is_empty() {
        return Err(trail.failed(reason, "nowhere to deliver the call"));
    }
    targets.truncate(TARGETS_MAX);
    trail.passed(Rule::Origination, format!("hosts to try: {}", targets.len()));
    Ok((home, targets))
}

fn members<'a>(
    snapshot: &'a Snapshot,
    group: &VoiceConnectorGroup,
    random: &mut dyn FnMut(u32) -> u32,
) -> Vec<&'a VoiceConnector> {
    let rank = |priority: u8| match group.call_distribution_type {
        CallDistributionType::LoadBalancedDistribution => 0,
        CallDistributionType::PriorityWeightedDistribution => priority,
    };
    let ordered = order::by_rank(
        snapshot.connectors_of(group).collect(),
        |(_, priority)| rank(*priority),
        |_| 1,
        random,
    );
    ordered.into_iter().map(|(connector, _priority)| connector).collect()
}

fn routes(connector: &VoiceConnector, random: &mut dyn FnMut(u32) -> u32) -> Vec<RouteTarget> {
    let routes = connector.origination.iter().flat_map(|origination| &*origination.routes).collect();
    let ordered = order::by_rank(routes, |route| route.priority, |route| route.weight.get(), random);
    let target = |route: &Route| RouteTarget {
        connector: connector.id,
        is_encrypted: connector.require_encryption,
        peer: route.peer.clone(),
        priority: route.priority,
        weight: route.weight.get(),
    };
    ordered.into_iter().map(target).collect()
}
