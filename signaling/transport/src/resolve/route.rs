//! RFC 3263: from a name to addresses in the order in which they are tried. It knows no server and does not wait: what
//! it lacks, it names.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use sip::flow::Protocol;

use crate::resolve::cache::{Key, Known};
use crate::resolve::message::{Kind, Pointer, Record, Service};
use crate::resolve::{Query, ResolveError, default_port};

/// What is to be done for a query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is answered: how to travel, and where to.
    Done(Protocol, Result<Vec<SocketAddr>, ResolveError>),
    /// This has to be asked for first.
    Lacks(Vec<Key>),
}

/// Those who serve a service and are looked at; a carrier has two to six.
const SERVICES_MAX: usize = 16;

/// Where names are looked up.
pub(crate) struct Book<'a, Find> {
    pub(crate) hosts: &'a HashMap<String, Vec<IpAddr>>,
    pub(crate) find: Find,
}

impl<'a, Find: Fn(&Key) -> Known<'a>> Book<'a, Find> {
    /// Answers a query as far as that is possible. `draw` returns a number below the one it is given.
    pub(crate) fn route(&self, query: &Query, draw: &mut dyn FnMut(u32) -> u32) -> Outcome {
        let name = query.name.trim_end_matches('.').to_ascii_lowercase();
        let first = query.first();
        let port = query.port.unwrap_or(default_port(first));
        // RFC 3263 section 4.2: with a port there is nothing to choose from.
        if query.port.is_some() || self.hosts.contains_key(&name) {
            return self.conclude(first, vec![Hop { name, port }]);
        }
        let offered = match self.choices(&name, &query.protocols) {
            Ok(offered) => offered,
            Err(lacking) => return Outcome::Lacks(vec![lacking]),
        };
        for (protocol, service) in offered {
            let services = (service, Kind::Srv);
            match (self.find)(&services) {
                Known::Unknown => return Outcome::Lacks(vec![services]),
                Known::Records(records) if !records.is_empty() => {
                    return self.conclude(protocol, hops(records, draw));
                }
                Known::Records(_) | Known::Failed => {}
            }
        }
        self.conclude(first, vec![Hop { name, port }])
    }

    /// RFC 3263 section 4.1: which protocols to try, each with the name of its services. Those that the name points to
    /// (NAPTR) in its order, or else all, if there is a choice.
    fn choices(&self, name: &str, protocols: &[Protocol]) -> Result<Vec<(Protocol, String)>, Key> {
        let usual = || protocols.iter().map(|protocol| (*protocol, service_name(name, *protocol))).collect();
        if protocols.len() < 2 {
            return Ok(usual());
        }
        let pointers = (name.to_owned(), Kind::Naptr);
        let records = match (self.find)(&pointers) {
            Known::Unknown => return Err(pointers),
            Known::Failed => return Ok(usual()),
            Known::Records(records) => records,
        };
        let mut found: Vec<&Pointer> = records.iter().filter_map(Record::pointer).collect();
        found.sort_by_key(|pointer| (pointer.order, pointer.preference));
        let choice = |pointer: &&Pointer| Some((served(pointer)?, pointer.replacement.clone()));
        let mut chosen: Vec<(Protocol, String)> = found.iter().filter_map(choice).collect();
        chosen.retain(|(protocol, _)| protocols.contains(protocol));
        chosen.truncate(SERVICES_MAX);
        Ok(if chosen.is_empty() { usual() } else { chosen })
    }

    /// Turns hops into addresses, all of them or none.
    fn conclude(&self, protocol: Protocol, hops: Vec<Hop>) -> Outcome {
        let mut found = Vec::new();
        let mut lacking = Vec::new();
        let mut is_failed = false;
        for Hop { name, port } in hops {
            if let Some(addresses) = self.hosts.get(&name) {
                found.extend(addresses.iter().map(|address| SocketAddr::new(*address, port)));
                continue;
            }
            for kind in [Kind::A, Kind::Aaaa] {
                let key = (name.clone(), kind);
                match (self.find)(&key) {
                    Known::Unknown => lacking.push(key),
                    Known::Failed => is_failed = true,
                    Known::Records(records) => {
                        found.extend(records.iter().filter_map(|record| match record {
                            Record::Address(address) => Some(SocketAddr::new(*address, port)),
                            Record::Service(_) | Record::Pointer(_) => None,
                        }))
                    }
                }
            }
        }
        if !lacking.is_empty() {
            return Outcome::Lacks(lacking);
        }
        let result = match found.is_empty() {
            false => Ok(found),
            true if is_failed => Err(ResolveError::TimedOut),
            true => Err(ResolveError::NotFound),
        };
        Outcome::Done(protocol, result)
    }
}

/// Somebody to ask for an address.
struct Hop {
    name: String,
    port: u16,
}

impl Record {
    const fn pointer(&self) -> Option<&Pointer> {
        match self {
            Self::Pointer(pointer) => Some(pointer),
            Self::Address(_) | Self::Service(_) => None,
        }
    }
}

/// RFC 2782: a single record without a target says that the service is not there.
fn hops(records: &[Record], draw: &mut dyn FnMut(u32) -> u32) -> Vec<Hop> {
    let services = records.iter().filter_map(|record| match record {
        Record::Service(service) if !service.target.is_empty() => Some(service),
        Record::Service(_) | Record::Address(_) | Record::Pointer(_) => None,
    });
    let ordered = order(services.take(SERVICES_MAX).collect(), draw).into_iter();
    ordered.map(|service| Hop { name: service.target.clone(), port: service.port }).collect()
}

/// RFC 3263 section 4.1: which protocol a pointer is about; none for other services, and for those that rewrite names.
fn served(pointer: &Pointer) -> Option<Protocol> {
    if !pointer.flags.eq_ignore_ascii_case("s") || !pointer.expression.is_empty() {
        return None;
    }
    let known = [("SIP+D2U", Protocol::Udp), ("SIP+D2T", Protocol::Tcp), ("SIPS+D2T", Protocol::Tls)];
    known
        .into_iter()
        .find(|(word, _)| pointer.service.eq_ignore_ascii_case(word))
        .map(|(_, protocol)| protocol)
}

/// RFC 3263 section 4.1.
fn service_name(name: &str, protocol: Protocol) -> String {
    let service = match protocol {
        Protocol::Udp => "_sip._udp",
        Protocol::Tcp => "_sip._tcp",
        Protocol::Tls => "_sips._tcp",
    };
    format!("{service}.{name}")
}

/// RFC 2782: by priority, and among equals each one first in proportion to its weight.
fn order<'a>(mut services: Vec<&'a Service>, draw: &mut dyn FnMut(u32) -> u32) -> Vec<&'a Service> {
    // Those without weight come first, so that they have their small chance.
    services.sort_by_key(|service| (service.priority, service.weight));
    let mut ordered = Vec::with_capacity(services.len());
    while let Some(first) = services.first() {
        let priority = first.priority;
        let equals = services.iter().take_while(|service| service.priority == priority);
        let sum: u32 = equals.map(|service| u32::from(service.weight)).sum();
        let mut left = draw(sum.saturating_add(1));
        let chosen = services.iter().position(|service| {
            let weight = u32::from(service.weight);
            let is_it = left <= weight;
            left = left.saturating_sub(weight);
            is_it
        });
        ordered.push(services.remove(chosen.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: [u8; 4] = [192, 0, 2, 1];

    fn query(name: &str, port: Option<u16>, protocol: Protocol) -> Query {
        Query { name: name.to_owned(), port, protocols: vec![protocol] }
    }

    fn service(priority: u16, weight: u16, target: &str) -> Record {
        Record::Service(Service { priority, weight, port: 5070, target: target.to_owned() })
    }

    fn route(known: &HashMap<Key, Known<'static>>, query: &Query) -> Outcome {
        let find = |key: &Key| known.get(key).copied().unwrap_or(Known::Unknown);
        Book { hosts: &HashMap::new(), find }.route(query, &mut |_| 0)
    }

    #[test]
    fn each_protocol_has_a_service_and_a_port_of_its_own() {
        for (protocol, service, port) in [
            (Protocol::Udp, "_sip._udp.a.example", 5060),
            (Protocol::Tcp, "_sip._tcp.a.example", 5060),
            (Protocol::Tls, "_sips._tcp.a.example", 5061),
        ] {
            let services = (service.to_owned(), Kind::Srv);
            let query = query("A.Example.", None, protocol);
            assert_eq!(route(&HashMap::new(), &query), Outcome::Lacks(vec![services.clone()]));
            let address: &'static [Record] = vec![Record::Address(ADDRESS.into())].leak();
            let mut known = HashMap::from([(services, Known::Records(&[]))]);
            known.insert(("a.example".to_owned(), Kind::A), Known::Records(address));
            known.insert(("a.example".to_owned(), Kind::Aaaa), Known::Records(&[]));
            let expected = SocketAddr::from((ADDRESS, port));
            assert_eq!(route(&known, &query), Outcome::Done(protocol, Ok(vec![expected])));
        }
    }

    #[test]
    fn a_service_that_is_decidedly_not_there_has_no_address() {
        let nobody: &'static [Record] = vec![service(0, 0, "")].leak();
        let known = HashMap::from([(("_sip._udp.a".to_owned(), Kind::Srv), Known::Records(nobody))]);
        let outcome = route(&known, &query("a", None, Protocol::Udp));
        assert_eq!(outcome, Outcome::Done(Protocol::Udp, Err(ResolveError::NotFound)));
    }

    #[test]
    fn equals_come_first_in_proportion_to_their_weights() {
        let records =
            [service(2, 0, "last"), service(1, 0, "none"), service(1, 1, "one"), service(1, 3, "three")];
        let services: Vec<&Service> = records
            .iter()
            .map(|record| match record {
                Record::Service(service) => service,
                Record::Address(_) | Record::Pointer(_) => unreachable!("all are services"),
            })
            .collect();
        let mut firsts: HashMap<&str, u32> = HashMap::new();
        for first in 0..5 {
            let mut draws = [first, 0, 0, 0].into_iter();
            let ordered = order(services.clone(), &mut |_| draws.next().unwrap());
            assert_eq!((ordered.len(), ordered[3].target.as_str()), (4, "last"));
            *firsts.entry(&ordered[0].target).or_default() += 1;
        }
        assert_eq!(firsts, HashMap::from([("none", 1), ("one", 1), ("three", 3)]));
    }
}
