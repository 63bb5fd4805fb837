//! What no value says of itself: ranges, and what contradicts something else.

use std::{fmt::Display, net::IpAddr};

use trunk::{Host, Transport};

use super::{Config, Listener, Media, Part, Realm, S3, words::is_token};
use crate::document::Document;

/// Checks a configuration, and fills in what follows from the rest.
pub(super) fn check(mut config: Config, host: &[IpAddr], document: &mut Document<'_>) -> Config {
    let name = &config.node.name;
    document.require(is_name(name), "node/name", NAME, quoted(name), "");
    sip(&config, document);
    listeners(&mut config, host, document);
    media(&mut config, document);
    cdr(&mut config, document);
    let (limits, timers) = (&config.limits, &config.timers);
    for (path, found, min, max, never) in [
        ("limits/calls", limits.calls, 1, 1 << 24, ""),
        ("limits/cps", limits.cps, 1, 100_000, ""),
        ("timers/call_max_s", timers.call_max_s, 60, 7 * DAY_S, ", or 0 for never"),
        ("timers/media_timeout_s", timers.media_timeout_s, 10, DAY_S, ", or 0 for never"),
        ("timers/options_interval_s", timers.options_interval_s, 5, 3_600, ", or 0 for never"),
    ] {
        let holds = (min..=max).contains(&found) || found == 0 && !never.is_empty();
        document.require(holds, path, format_args!("{min} to {max}{never}"), found, "");
    }
    manipulation(&config, document);
    for (name, addresses) in &config.dns.hosts {
        let path = format!("dns/hosts/{name}");
        let is_host = Host::parse(name).is_some_and(|host| host.address().is_none());
        document.require(is_host, &path, "a host name before its addresses", quoted(name), "");
        document.require(!addresses.is_empty(), &path, "an address at least", "none", "");
    }
    config
}

fn sip(config: &Config, document: &mut Document<'_>) {
    let sip = &config.sip;
    let is_challenge = matches!(sip.challenge, 401 | 407);
    document.require(is_challenge, "sip/challenge", "401 or 407", sip.challenge, "");
    let wanted = "\"MD5\", \"SHA-256\" or both, each once";
    let is_once =
        sip.digest.iter().enumerate().all(|(at, digest)| !sip.digest.iter().take(at).any(|it| it == digest));
    let found = if sip.digest.is_empty() { "none" } else { "one twice" };
    document.require(!sip.digest.is_empty() && is_once, "sip/digest", wanted, found, "");
    let name = &sip.server_name;
    let is_plain = name.len() <= 64 && name.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    document.require(is_plain, "sip/server_name", "64 characters of ASCII at most", quoted(name), "");
    if let Some(zone) = &sip.zone {
        // An id of 36 characters and a dot stand before it in a host name.
        let is_zone = zone.len() <= 216 && Host::parse(zone).is_some_and(|host| host.address().is_none());
        let wanted = "a name of the DNS of 216 characters at most";
        document.require(is_zone, "sip/zone", wanted, quoted(zone), "zone = \"voiceconnector.example\"");
    }
    for (said, lacks, path) in [
        (&sip.tls.certificate, &sip.tls.key, "sip/tls/certificate"),
        (&sip.tls.key, &sip.tls.certificate, "sip/tls/key"),
    ] {
        let wanted = "certificate and key, or neither for a certificate of our own";
        document.require(said.is_none() || lacks.is_some(), path, wanted, "one of them", "");
    }
}

fn listeners(config: &mut Config, host: &[IpAddr], document: &mut Document<'_>) {
    let sip = &mut config.sip;
    let may_tls = sip.zone.is_some() || sip.tls.certificate.is_some();
    if sip.listeners.is_empty() {
        let all = [Transport::Udp, Transport::Tcp, Transport::Tls].into_iter();
        let all = all.filter(|transport| may_tls || *transport != Transport::Tls);
        let listener =
            |transport| Listener { address: super::unspecified(), advertised: None, port: 0, transport };
        sip.listeners = all.map(listener).collect();
    }
    let mut seen: Vec<&Listener> = Vec::new();
    let mut is_asked = false;
    for (at, listener) in sip.listeners.iter_mut().enumerate() {
        let path = |key: &str| format!("sip/listeners/{at}/{key}");
        if listener.port == 0 {
            listener.port = listener.transport.default_port();
        }
        if listener.address.is_unspecified() {
            let wanted = "an address of this host, which has not just one";
            let advice = "[[sip.listeners]] with transport = \"udp\" and address = \"...\"";
            let only = only(host);
            document.require(only.is_some() || is_asked, &path("address"), wanted, listed(host), advice);
            (listener.address, is_asked) = (only.unwrap_or(listener.address), true);
        }
        let has_certificate = listener.transport != Transport::Tls || may_tls || !document.is_whole();
        let wanted = "sip.zone, which the certificate is for, or sip.tls";
        let advice = "[sip] with zone = \"voiceconnector.example\"";
        document.require(has_certificate, &path("transport"), wanted, "TLS without a zone", advice);
        if let Some(text) = &listener.advertised {
            let wanted = "a host name or an address, with a port or not";
            document.require(is_place(text), &path("advertised"), wanted, quoted(text), "");
        }
        let rival = seen.iter().position(|other| {
            let is_stream = |listener: &Listener| listener.transport != Transport::Udp;
            (other.address, other.port) == (listener.address, listener.port)
                && !other.address.is_unspecified()
                && is_stream(other) == is_stream(listener)
        });
        let found = format_args!("{} port {} again", listener.address, listener.port);
        document.require(rival.is_none(), &path("port"), "a port of its own for each listener", found, "");
        seen.push(listener);
    }
}

fn media(config: &mut Config, document: &mut Document<'_>) {
    let Config { media, sip, .. } = config;
    if media.addresses.is_empty() {
        let mut addresses: Vec<IpAddr> = sip.listeners.iter().map(|listener| listener.address).collect();
        addresses.dedup();
        media.addresses = addresses;
    }
    let (wanted, found) = match media.spawn {
        true => ("no control sockets of others, or spawn = false", "both"),
        false => ("the control sockets of media processes, or spawn = true", "neither"),
    };
    document.require(media.spawn == media.control.is_empty(), "media/control", wanted, found, "");
    let driver = media.driver.as_deref().unwrap_or("mmsg");
    document.require(DRIVERS.contains(&driver), "media/driver", DRIVERS.join(", "), quoted(driver), "");
    let is_bound = driver != "afxdp" || media.interface.is_some();
    document.require(
        is_bound,
        "media/driver",
        "media.interface, which afxdp needs",
        "none",
        "interface = \"eth0\"",
    );
    let workers = media.workers.unwrap_or(1);
    document.require((1..=1_024).contains(&workers), "media/workers", "1 to 1024", workers, "");
    let cpus = media.cpus.as_deref().unwrap_or("0");
    document.require(is_cpus(cpus), "media/cpus", "CPUs such as \"2-5,8\"", quoted(cpus), "");
    if media.spawn {
        realms(media, &sip.listeners, document);
    }
}

fn realms(media: &mut Media, listeners: &[Listener], document: &mut Document<'_>) {
    if let (true, Some(address)) = (media.realms.is_empty(), media.addresses.first()) {
        media.realms.push(Realm { address: *address, name: "default".to_owned(), ports: media.ports });
    }
    let mut seen: Vec<&Realm> = Vec::new();
    for (at, realm) in media.realms.iter().enumerate() {
        let path = |key: &str| format!("media/realms/{at}/{key}");
        document.require(is_name(&realm.name), &path("name"), NAME, quoted(&realm.name), "");
        let is_new = seen.iter().all(|other| other.name != realm.name);
        document.require(is_new, &path("name"), "a name of its own", quoted(&realm.name), "");
        let is_listed = media.addresses.contains(&realm.address) || !document.is_whole();
        let wanted = format!("one of media.addresses ({})", listed(&media.addresses));
        document.require(is_listed, &path("address"), wanted, realm.address, "");
        let shares = |other: &&&Realm| {
            let (ports, others) = (realm.ports, other.ports);
            other.address == realm.address && ports.first <= others.last && others.first <= ports.last
        };
        let rival = seen.iter().find(shares).map_or("", |other| &other.name);
        let wanted = format_args!("ports of its own on {}", realm.address);
        let found = format_args!("some of the realm {rival}");
        document.require(rival.is_empty(), &path("ports"), wanted, found, "");
        let of_sip = listeners.iter().find(|listener| {
            let (address, port) = (listener.address, listener.port);
            let is_within = (realm.ports.first..=realm.ports.last).contains(&port);
            listener.transport == Transport::Udp && address == realm.address && is_within
        });
        let port = of_sip.map_or(0, |listener| listener.port);
        document.require(port == 0, &path("ports"), "ports that SIP does not have", port, "");
        seen.push(realm);
    }
    let sides =
        [("media/customer_realm", &media.customer_realm), ("media/carrier_realm", &media.carrier_realm)];
    for (path, name) in sides {
        let names: Vec<&str> = media.realms.iter().map(|realm| realm.name.as_str()).collect();
        let wanted = format!("a realm that there is ({})", names.join(", "));
        let is_there = names.contains(&name.as_str()) || !document.is_whole();
        document.require(is_there, path, wanted, quoted(name), "");
    }
}

fn cdr(config: &mut Config, document: &mut Document<'_>) {
    let cdr = &mut config.cdr;
    let account = &cdr.account_id;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    document.require(is_account, "cdr/account_id", "12 digits in quotes", quoted(account), "");
    let Some(s3) = &cdr.s3 else {
        cdr.folder.get_or_insert_with(|| config.node.data.join("cdr"));
        return;
    };
    document.require(cdr.folder.is_none(), "cdr/folder", "a folder or [cdr.s3]", "both", "");
    bucket(s3, document);
}

fn bucket(s3: &S3, document: &mut Document<'_>) {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let is_bucket = (3..=63).contains(&s3.bucket.len()) && s3.bucket.bytes().all(is_letter);
    document.require(is_bucket, "cdr/s3/bucket", "3 to 63 of a-z, 0-9, . and -", quoted(&s3.bucket), "");
    let endpoint = s3.endpoint.as_deref().unwrap_or("https://");
    let is_url = endpoint.starts_with("https://") || endpoint.starts_with("http://");
    document.require(is_url, "cdr/s3/endpoint", "a URL of https or http", quoted(endpoint), "");
    let is_clear = s3.secret_access_key.is_some();
    let places = [is_clear, s3.secret_access_key_env.is_some(), s3.secret_access_key_file.is_some()];
    let count = places.into_iter().filter(|is_said| *is_said).count();
    let wanted = "one place of the secret access key";
    let advice = "secret_access_key_file = \"...\" or secret_access_key_env = \"...\"";
    document.require(count == 1, "cdr/s3", wanted, count, advice);
    let wanted = "the secret in a file or the environment, or secret_in_clear = true";
    document.require(!is_clear || s3.secret_in_clear, "cdr/s3/secret_access_key", wanted, "it here", advice);
}

fn manipulation(config: &Config, document: &mut Document<'_>) {
    for (at, rule) in config.manipulation.iter().enumerate() {
        let path = |key: &str| format!("manipulation/{at}/{key}");
        let is_method = METHODS.contains(&rule.method.as_str());
        document.require(is_method, &path("method"), METHODS.join(", "), quoted(&rule.method), "");
        let is_free = !STRUCTURAL.iter().any(|name| name.eq_ignore_ascii_case(&rule.header));
        let wanted = "a header that does not hold messages together";
        document.require(
            is_token(&rule.header) && is_free,
            &path("header"),
            wanted,
            quoted(&rule.header),
            "",
        );
        let is_tagged = TAGGED.iter().any(|name| name.eq_ignore_ascii_case(&rule.header));
        let is_part = !is_tagged || matches!(rule.part, Part::DisplayName | Part::Host | Part::User);
        let wanted = "host, user or display_name, because the tag has to stay";
        let found = if rule.part == Part::Value { "value" } else { "a parameter" };
        document.require(is_part, &path("part"), wanted, found, "");
        let is_line = !rule.value.contains(|letter: char| letter.is_control());
        document.require(is_line, &path("value"), "one line", quoted(&rule.value), "");
    }
}

/// Gives the address that is meant where none is said: the only one, or the only one of IPv4.
fn only(host: &[IpAddr]) -> Option<IpAddr> {
    let v4: Vec<&IpAddr> = host.iter().filter(|address| address.is_ipv4()).collect();
    match (v4.as_slice(), host) {
        ([one], _) => Some(**one),
        ([], [one]) => Some(*one),
        _ => None,
    }
}

/// Tells whether a text names realms and installations: what the control protocol takes.
fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=32).contains(&text.len()) && text.bytes().all(is_letter)
}

fn is_place(text: &str) -> bool {
    let with_port = text.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    Host::parse(text).or_else(|| Host::parse(with_port?.0)).is_some()
}

fn is_cpus(text: &str) -> bool {
    let number = |text: &str| text.parse::<u32>().ok().filter(|cpu| *cpu < CPUS_MAX);
    text.split(',').all(|part| match part.split_once('-') {
        Some((first, last)) => number(first).is_some_and(|first| Some(first) <= number(last)),
        None => number(part).is_some(),
    })
}

fn quoted(text: &str) -> impl Display {
    format!("{text:?}")
}

fn listed(addresses: &[IpAddr]) -> String {
    let texts: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

/// As `trunkline media` knows them.
const DRIVERS: [&str; 4] = ["afxdp", "uring-sklookup", "uring-sockets", "mmsg"];

/// The headers by which messages are matched, find their way, or are framed, long and short.
const STRUCTURAL: [&str; 17] = [
    "Via",
    "v",
    "Call-ID",
    "i",
    "CSeq",
    "Contact",
    "m",
    "Content-Length",
    "l",
    "Content-Type",
    "c",
    "Max-Forwards",
    "Record-Route",
    "Route",
    "RAck",
    "RSeq",
    "*",
];

/// The headers with the tag of a dialog.
const TAGGED: [&str; 4] = ["From", "f", "To", "t"];

/// What a trunk speaks, and all of it.
const METHODS: [&str; 6] = ["*", "ACK", "BYE", "CANCEL", "INVITE", "OPTIONS"];

/// The largest count of CPUs that Linux can be built for on x86.
const CPUS_MAX: u32 = 8_192;

const DAY_S: u32 = 24 * 60 * 60;

const NAME: &str = "1 to 32 letters, digits, - and _";
