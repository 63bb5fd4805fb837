//! Any message: every variant, every field, every list of every length.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use control::{
    CLOCK_RATES, Count, DirectionSummary, Epoch, Event, FromMedia, Incarnation, Learn, MEDIA_TIMEOUT_S_MAX,
    Name, PAYLOAD_MAPS_MAX, PERMITS_MAX, PayloadMap, Permit, Ports, Protection, RealmState, Reason, Request,
    RequestId, Response, Rtcp, SessionId, SessionSpec, SessionState, SessionSummary, SideName, SideSpec,
    ToMedia, Versions, WorkerState,
};
use crypto::{MasterKey, Suite};
use proptest::array::uniform2;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn to_media() -> impl Strategy<Value = ToMedia> {
    prop_oneof![
        1 => versions().prop_map(ToMedia::Hello),
        9 => (any::<u32>(), request()).prop_map(|(id, request)| ToMedia::Request(RequestId(id), request)),
    ]
}

pub(crate) fn from_media() -> impl Strategy<Value = FromMedia> {
    let welcome = any::<(u16, u64)>()
        .prop_map(|(version, start)| FromMedia::Welcome { version, incarnation: Incarnation(start) });
    prop_oneof![
        1 => welcome,
        1 => versions().prop_map(FromMedia::NoVersion),
        9 => (any::<u32>(), response()).prop_map(|(id, response)| FromMedia::Response(RequestId(id), response)),
        6 => event().prop_map(FromMedia::Event),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        6 => wish().prop_map(|wish| Request::Apply(Box::new(wish))),
        1 => session().prop_map(Request::Close),
        1 => option::of(session()).prop_map(Request::List),
        1 => session().prop_map(Request::Describe),
        1 => Just(()).prop_map(|()| Request::Statistics),
        1 => Just(()).prop_map(|()| Request::Realms),
        1 => Just(()).prop_map(|()| Request::Workers),
        1 => Just(()).prop_map(|()| Request::Subscribe),
    ]
}

fn wish() -> impl Strategy<Value = SessionSpec> {
    (session(), epoch(), 0..=MEDIA_TIMEOUT_S_MAX, uniform2(side()))
        .prop_map(|(id, epoch, media_timeout_s, sides)| SessionSpec { id, epoch, media_timeout_s, sides })
}

fn side() -> impl Strategy<Value = SideSpec> {
    let place = (name(), option::of(remote()), rtcp(), learn(), vec(permit(), 0..=PERMITS_MAX));
    let media = (protection(), protection(), any::<bool>(), any::<bool>());
    let maps = btree_map(payload_type(), payload_type(), 0..=PAYLOAD_MAPS_MAX);
    let stream = (maps, option::of(payload_type()), CLOCK_RATES, any::<bool>(), 0u8..64);
    (place, media, stream).prop_map(|(place, media, stream)| {
        let (realm, remote, rtcp, learn, permits) = place;
        let (receive, send, accepts, sends) = media;
        let (maps, telephone_event, clock_rate, continuous, dscp) = stream;
        let payload_maps = maps.into_iter().map(|(from, to)| PayloadMap { from, to }).collect();
        SideSpec {
            realm,
            remote,
            rtcp,
            learn,
            permits,
            receive,
            send,
            accepts,
            sends,
            payload_maps,
            telephone_event,
            clock_rate,
            continuous,
            dscp,
        }
    })
}

/// Any host, at any port that has one behind it.
fn remote() -> impl Strategy<Value = SocketAddr> {
    let host = plain_address().prop_filter("one host", |address| {
        !address.is_multicast() && !address.is_unspecified() && *address != Ipv4Addr::BROADCAST
    });
    (host, 1..u16::MAX).prop_map(SocketAddr::from)
}

/// Any address but IPv4 in the spelling of IPv6.
fn plain_address() -> impl Strategy<Value = IpAddr> {
    any::<IpAddr>().prop_map(|address| address.to_canonical())
}

fn rtcp() -> impl Strategy<Value = Rtcp> {
    prop_oneof![Just(Rtcp::Muxed), option::of(1..=u16::MAX).prop_map(Rtcp::NextPort)]
}

fn learn() -> impl Strategy<Value = Learn> {
    let address = (1..=u16::MAX).prop_map(|window_ms| Learn::Address { window_ms });
    prop_oneof![Just(Learn::Never), Just(Learn::Port), address]
}

fn permit() -> impl Strategy<Value = Permit> {
    let v4 = (any::<Ipv4Addr>(), 0u8..=32).prop_map(|(address, len)| (IpAddr::V4(address), len));
    let network = prop_oneof![v4, (plain_address().prop_filter("IPv6", IpAddr::is_ipv6), 0u8..=128)];
    network.prop_map(|(address, prefix_len)| Permit { address, prefix_len })
}

fn protection() -> impl Strategy<Value = Protection> {
    let key = (select(Suite::ALL.to_vec()), any::<[u8; 32]>(), any::<[u8; 14]>());
    option::of(key).prop_map(|key| {
        let Some((suite, key, salt)) = key else { return Protection::Clear };
        let bytes = [&key[..], &salt].concat();
        let key = MasterKey::from_bytes(suite, &bytes[..suite.inline_len()]);
        Protection::Srtp(key.expect("the length is that of the suite"))
    })
}

fn response() -> impl Strategy<Value = Response> {
    let reason = select(Reason::ALL.to_vec());
    prop_oneof![
        (session(), epoch(), ports()).prop_map(|(session, epoch, ports)| Response::Applied {
            session,
            epoch,
            ports
        }),
        (session(), reason).prop_map(|(session, reason)| Response::Refused { session, reason }),
        (session(), option::of(summary()))
            .prop_map(|(session, summary)| Response::Closed { session, summary }),
        page().prop_map(Response::Sessions),
        (state(), uniform2(option::of(address())), summary())
            .prop_map(|(state, remotes, summary)| Response::Session { state, remotes, summary }),
        vec(count(), 0..20).prop_map(Response::Statistics),
        vec(realm(), 0..20).prop_map(Response::Realms),
        vec(worker(), 0..20).prop_map(Response::Workers),
        Just(Response::Subscribed),
    ]
}

/// States of sessions in the order of their identities.
fn page() -> impl Strategy<Value = Vec<SessionState>> {
    let rest = (epoch(), ports(), any::<u16>());
    btree_map(session(), rest, 0..20).prop_map(|states| {
        let state = |(session, (epoch, ports, worker))| SessionState { session, epoch, ports, worker };
        states.into_iter().map(state).collect()
    })
}

fn state() -> impl Strategy<Value = SessionState> {
    (session(), epoch(), ports(), any::<u16>()).prop_map(|(session, epoch, ports, worker)| SessionState {
        session,
        epoch,
        ports,
        worker,
    })
}

fn count() -> impl Strategy<Value = Count> {
    (text(), any::<u64>()).prop_map(|(name, value)| Count { name, value })
}

fn realm() -> impl Strategy<Value = RealmState> {
    (name(), any::<IpAddr>(), any::<[u16; 2]>(), any::<[u32; 2]>()).prop_map(
        |(realm, address, [first_port, last_port], [leased, quarantined])| RealmState {
            realm,
            address,
            first_port,
            last_port,
            leased,
            quarantined,
        },
    )
}

fn worker() -> impl Strategy<Value = WorkerState> {
    (any::<Option<u16>>(), text(), any::<u32>(), any::<[u64; 5]>()).prop_map(
        |(cpu, driver, sessions, [received, forwarded, dropped, system_calls, turns])| WorkerState {
            cpu,
            driver,
            sessions,
            received,
            forwarded,
            dropped,
            system_calls,
            turns,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let side = || select(SideName::BOTH.to_vec());
    prop_oneof![
        (session(), side(), address()).prop_map(|(session, side, from)| Event::FirstMedia {
            session,
            side,
            from
        }),
        session().prop_map(|session| Event::MediaTimeout { session }),
        (session(), side(), any::<u32>()).prop_map(|(session, side, count)| Event::AuthenticationFailures {
            session,
            side,
            count
        }),
        (session(), side(), any::<u8>(), any::<u16>())
            .prop_map(|(session, side, event, duration)| Event::Digit { session, side, event, duration }),
        (session(), summary()).prop_map(|(session, summary)| Event::Quality { session, summary }),
        any::<u64>().prop_map(|lost| Event::Overflow { lost }),
    ]
}

fn summary() -> impl Strategy<Value = SessionSummary> {
    let direction = any::<([u64; 8], u32, u16)>().prop_map(|(counts, jitter_us, mos_x100)| {
        let [packets, bytes, rtcp_packets, lost, duplicates, reordered, dropped, bad_tags] = counts;
        DirectionSummary {
            packets,
            bytes,
            rtcp_packets,
            lost,
            duplicates,
            reordered,
            dropped,
            bad_tags,
            jitter_us,
            mos_x100,
        }
    });
    uniform2(direction).prop_map(|from| SessionSummary { from })
}

fn ports() -> impl Strategy<Value = Ports> {
    (address(), address()).prop_map(|(a, b)| Ports { a, b })
}

fn address() -> impl Strategy<Value = SocketAddr> {
    any::<(IpAddr, u16)>().prop_map(SocketAddr::from)
}

fn versions() -> impl Strategy<Value = Versions> {
    any::<(u16, u16)>().prop_map(|(lowest, highest)| Versions { lowest, highest })
}

fn session() -> impl Strategy<Value = SessionId> {
    any::<u64>().prop_map(SessionId)
}

fn epoch() -> impl Strategy<Value = Epoch> {
    any::<u32>().prop_map(Epoch)
}

fn payload_type() -> impl Strategy<Value = u8> {
    0u8..128
}

fn name() -> impl Strategy<Value = Name> {
    "[A-Za-z0-9_-]{1,32}".prop_map(|text| Name::new(&text).expect("of its letters and length"))
}

/// Up to 96 bytes, of one to three each.
fn text() -> impl Strategy<Value = String> {
    "[a-z{}=\"Äß☎]{0,32}"
}
