//! The stations that requests of a dialog pass (RFC 3261 sections 12.1 and 12.2.1.1).

use crate::error::Malformed;
use crate::name_addr::AddressParts;
use crate::uri::{Uri, UriParts};

/// The stations, the first one first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RouteSet(Vec<Station>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Station {
    /// As it came: parameters that nobody here knows may be those that it finds its way by.
    text: String,
    uri: Uri,
}

impl RouteSet {
    /// Reads the values of Record-Route.
    pub(super) fn new<'a>(values: impl Iterator<Item = &'a str>) -> Result<Self, Malformed> {
        let station = |text: &str| {
            let uri = AddressParts::parse(text)?.uri().to_uri();
            Ok(Station { text: text.to_owned(), uri })
        };
        values.flat_map(crate::list::split).map(station).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the same stations from the other end.
    pub(super) fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    /// Returns the first station.
    pub(super) fn first(&self) -> Option<&Uri> {
        self.0.first().map(|station| &station.uri)
    }

    /// Returns the Request-URI and the values of Route that lead to a peer.
    pub(super) fn lead(&self, target: &Uri) -> (Uri, Vec<String>) {
        let texts = |stations: &[Station]| stations.iter().map(|station| station.text.clone()).collect();
        match self.0.split_first() {
            // RFC 2543 routed strictly: each station takes its own address from the front.
            Some((first, rest)) if !first.uri.is_loose_router() => {
                let mut routes: Vec<String> = texts(rest);
                routes.push(format!("<{target}>"));
                (as_request_uri(&first.uri.parts()).unwrap_or_else(|_| first.uri.clone()), routes)
            }
            _ => (target.clone(), texts(&self.0)),
        }
    }
}

/// Reads the URI of an address as a Request-URI.
pub(super) fn uri_of(value: &str) -> Result<Uri, Malformed> {
    let first = crate::list::split(value).next().ok_or(Malformed::NameAddr)?;
    as_request_uri(&AddressParts::parse(first)?.uri())
}

/// RFC 3261 section 19.1.1: neither headers nor a method stand in a Request-URI.
fn as_request_uri(parts: &UriParts<'_>) -> Result<Uri, Malformed> {
    let headers_len = parts.headers().map_or(0, |headers| headers.len().saturating_add(1));
    let len = parts.as_str().len().saturating_sub(headers_len);
    let uri = Uri::parse(parts.as_str().get(..len).ok_or(Malformed::Uri)?)?;
    Ok(if uri.parameters().has("method") { uri.without_parameter("method") } else { uri })
}
