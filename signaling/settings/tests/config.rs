//! The configuration: what is read, and what is said of what cannot be.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::{fs, net::IpAddr, path::PathBuf, time::Duration};

use proptest::prelude::*;
use settings::config::{Config, Digest, NameServer, Part, Ports, Way};
use telemetry::log::Format;
use trunk::{AwsRegion, Transport};

fn parse(text: &str) -> Result<Config, String> {
    let host: IpAddr = "192.0.2.1".parse().unwrap();
    Config::parse("trunkline.toml", text, &[host]).map_err(|faults| faults.to_string())
}

/// Gives the places and first lines of what is wrong, without the file's name.
fn faults(text: &str) -> Vec<String> {
    let host = ["192.0.2.1".parse().unwrap()];
    let faults = Config::parse("f", text, &host).map(|_| ()).unwrap_err();
    let line = |fault: &settings::Fault| {
        let first = fault.to_string().lines().next().unwrap_or_default().to_owned();
        first.strip_prefix("f:").unwrap_or(&first).to_owned()
    };
    faults.list.iter().map(line).collect()
}

#[test]
fn an_empty_file_starts_on_a_host_with_one_address() {
    let config = parse("").unwrap();
    let listeners: Vec<String> = config
        .sip
        .listeners
        .iter()
        .map(|one| format!("{} {}:{}", one.transport, one.address, one.port))
        .collect();
    assert_eq!(listeners, ["udp 192.0.2.1:5060", "tcp 192.0.2.1:5060"]);
    assert_eq!(config.media.realms.len(), 1);
    assert_eq!(config.media.realms[0].ports, Ports { first: 10_000, last: 59_999 });
    assert_eq!(config.cdr.folder, Some(PathBuf::from("/var/lib/trunkline/cdr")));

    let with_zone = parse("[sip]\nzone = \"vc.example\"").unwrap();
    assert_eq!(with_zone.sip.listeners[2].transport, Transport::Tls);
    assert_eq!(with_zone.sip.listeners[2].port, 5061);
}

#[test]
fn the_default_file_says_what_is_meant_where_nothing_is_said() {
    assert_eq!(parse(Config::default_toml()), parse(""));
}

#[test]
fn what_the_default_file_has_as_examples_is_understood() {
    let example = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.starts_with('[') || rest.starts_with('"') || is_setting(rest) => rest.to_owned(),
        _ => line.to_owned(),
    };
    let text: Vec<String> = Config::default_toml().lines().map(example).collect();
    // Records go to the bucket or the folder, and one of the two ways of media has to be left out.
    let text = text.join("\n").replace("folder = ", "# folder = ").replace("\"192.0.2.10\"", "\"192.0.2.1\"");
    let text = text.replace("_realm = \"default\"", "_realm = \"inside\"");
    let config = parse(&text).unwrap();
    assert_eq!(config.manipulation[0].part, Part::Parameter("refresher".to_owned()));
    assert_eq!(config.manipulation[0].direction, Way::ToCustomer);
    assert_eq!(config.sip.listeners[0].advertised.as_deref(), Some("203.0.113.1"));
    assert_eq!(config.media.driver.as_deref(), Some("afxdp"));
    assert_eq!(config.cdr.s3.unwrap().access_key_id, "AKIAIOSFODNN7EXAMPLE");
}

fn is_setting(text: &str) -> bool {
    text.split_once(" = ")
        .is_some_and(|(key, _)| key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'0'..=b'9')))
}

#[test]
fn the_example_that_is_installed_is_accepted() {
    let config = parse(include_str!("../../../tools/deploy/example/trunkline.toml")).unwrap();
    assert_eq!((config.sip.listeners.len(), config.media.realms.len()), (3, 2));
}

#[test]
fn all_values_are_read() {
    let text = r#"
        cdr = { account_id = "123456789012", folder = "records" }
        dns = { servers = ["192.0.2.53", "[2001:db8::53]:5353"], hosts."pbx.example" = ["192.0.2.20"] }
        limits = { calls = 20, cps = 3 }
        log = { level = "warn,call=debug", format = "json" }
        node = { name = "east-1", region = "eu-west-1", data = "data" }
        timers = { call_max_s = 7200, media_timeout_s = 60, options_interval_s = 0 }
        media = { spawn = false, control = ["media.sock"], workers = 2, cpus = "2-3,8" }
        sip = { challenge = 407, digest = ["SHA-256"], server_name = "", allow_loopback_media = true }
    "#;
    let config = parse(text).unwrap();
    assert_eq!((config.node.region, config.node.name.as_str()), (AwsRegion::EuWest1, "east-1"));
    assert_eq!(config.dns.servers[1], NameServer("[2001:db8::53]:5353".parse().unwrap()));
    assert_eq!(config.dns.servers[0].0.port(), 53);
    assert_eq!((config.limits.calls, config.limits.cps, config.timers.call_max_s), (20, 3, 7_200));
    assert_eq!((config.sip.challenge, config.log.format), (407, Format::Json));
    assert_eq!(config.media.control, [PathBuf::from("media.sock")]);
    assert_eq!(config.sip.digest, [Digest::Sha256]);
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_what_to_type() {
    let text = "[sip]\nzoen = \"x.example\"\nchallenge = 402\n[nodd]\nname = 5\n";
    let wanted = "\
trunkline.toml:2:1: wanted a key that is known here, found zoen
    2 | zoen = \"x.example\"
      | ^ type: zone
trunkline.toml:3:13: wanted 401 or 407, found 402
    3 | challenge = 402
      |             ^
trunkline.toml:4:2: wanted a key that is known here, found nodd
    4 | [nodd]
      |  ^ type: node
3 things to mend";
    assert_eq!(parse(text), Err(wanted.to_owned()));
}

#[test]
fn hashes_of_logins_are_those_that_there_are_and_each_stands_once() {
    assert_eq!(parse("").unwrap().sip.digest, [Digest::Md5, Digest::Sha256]);
    assert_eq!(
        parse("sip.digest = [\"SHA-256\", \"MD5\"]").unwrap().sip.digest,
        [Digest::Sha256, Digest::Md5]
    );
    let wanted = "wanted \"MD5\", \"SHA-256\" or both, each once, found";
    for (list, told) in [
        ("[]", format!("1:14: {wanted} none")),
        ("[\"MD5\", \"MD5\"]", format!("1:14: {wanted} one twice")),
        ("[\"md5\"]", "1:15: wanted \"MD5\" or \"SHA-256\", found \"md5\"".to_owned()),
        (
            "[\"MD5\", \"SHA-512-256\"]",
            "1:22: wanted \"MD5\" or \"SHA-256\", found \"SHA-512-256\"".to_owned(),
        ),
        ("\"MD5\"", "1:14: wanted a list in brackets, found \"MD5\"".to_owned()),
    ] {
        let faults = parse(&format!("sip.digest = {list}")).unwrap_err();
        assert!(faults.contains(&told), "{list}: {faults}");
    }
}

#[test]
fn broken_syntax_is_told_with_its_place() {
    for (text, wanted) in [
        ("[sip\n", "1:5: wanted TOML (unclosed table, expected `]`), found the end of the file"),
        ("a = 1\na = 2", "2:1: wanted TOML (duplicate key), found a"),
        ("[sip]\nzone = = 5", "2:8: wanted TOML (extra `=`, expected nothing), found ="),
    ] {
        assert_eq!(faults(text)[0], wanted);
    }
}

#[test]
fn each_value_of_the_wrong_type_or_range_is_told() {
    for (text, wanted) in [
        ("[sip]\nserver_name = 5", "2:15: wanted a text in quotes, found 5"),
        ("[sip]\nallow_loopback_media = 1", "2:24: wanted true or false, found 1"),
        ("sip = 5", "1:7: wanted a table, found 5"),
        ("[sip]\nlisteners = \"udp\"", "2:13: wanted a list in brackets, found \"udp\""),
        ("[limits]\ncps = 1.5", "2:7: wanted a whole number from 0 to 4294967295, found 1.5"),
        ("[limits]\ncps = 0", "2:7: wanted 1 to 100000, found 0"),
        ("[limits]\ncalls = 99999999", "2:9: wanted 1 to 16777216, found 99999999"),
        ("[timers]\ncall_max_s = 5", "2:14: wanted 60 to 604800, or 0 for never, found 5"),
        ("[timers]\nmedia_timeout_s = 1", "2:19: wanted 10 to 86400, or 0 for never, found 1"),
        ("[timers]\noptions_interval_s = 1", "2:22: wanted 5 to 3600, or 0 for never, found 1"),
        (
            "[node]\nregion = \"us-est-1\"",
            "2:10: wanted \"ap-northeast-1\", \"ap-northeast-2\", \"ap-southeast-1\", \"ap-southeast-2\", \"ca-central-1\", \"eu-central-1\", \"eu-west-1\", \"eu-west-2\", \"us-east-1\", \"us-west-2\", found \"us-est-1\"",
        ),
        ("[node]\nname = \"a b\"", "2:8: wanted 1 to 32 letters, digits, - and _, found \"a b\""),
        ("[sip]\nzone = \"a..b\"", "2:8: wanted a name of the DNS of 216 characters at most, found \"a..b\""),
        ("[sip]\nserver_name = \"a\\nb\"", "2:15: wanted 64 characters of ASCII at most, found \"a\\nb\""),
        (
            "[[sip.listeners]]\ntransport = \"sctp\"",
            "2:13: wanted \"udp\", \"tcp\" or \"tls\", found \"sctp\"",
        ),
        ("[[sip.listeners]]\nport = 1", "1:1: wanted transport to be said, found nothing"),
        (
            "[[sip.listeners]]\ntransport = \"udp\"\naddress = \"pbx\"",
            "3:11: wanted an IPv4 or IPv6 address, found \"pbx\"",
        ),
        (
            "[[sip.listeners]]\ntransport = \"udp\"\nport = 65536",
            "3:8: wanted a whole number from 0 to 65535, found 65536",
        ),
        (
            "[[sip.listeners]]\ntransport = \"udp\"\nadvertised = \"a b\"",
            "3:14: wanted a host name or an address, with a port or not, found \"a b\"",
        ),
        (
            "[media]\nports = \"80-90\"",
            "2:9: wanted FIRST-LAST within 1024-65535, two ports at least, found \"80-90\"",
        ),
        (
            "[media]\ndriver = \"dpdk\"",
            "2:10: wanted afxdp, uring-sklookup, uring-sockets, mmsg, found \"dpdk\"",
        ),
        ("[media]\nworkers = 0", "2:11: wanted 1 to 1024, found 0"),
        ("[media]\ncpus = \"3-1\"", "2:8: wanted CPUs such as \"2-5,8\", found \"3-1\""),
        ("[cdr]\naccount_id = \"12\"", "2:14: wanted 12 digits in quotes, found \"12\""),
        ("[dns]\nservers = [\"x\"]", "2:12: wanted an address, or an address and a port, found \"x\""),
        (
            "[dns.hosts]\n\"192.0.2.1\" = []",
            "2:15: wanted a host name before its addresses, found \"192.0.2.1\"",
        ),
        (
            "[log]\nlevel = \"loud\"",
            "2:9: wanted error, warn, info or debug, with rooms such as \"info,call=debug\" if need be, found \"loud\"",
        ),
        ("[log]\nformat = \"xml\"", "2:10: wanted \"text\" or \"json\", found \"xml\""),
    ] {
        assert_eq!(faults(text)[0], wanted, "{text}");
    }
}

#[test]
fn a_pinned_certificate_is_written_as_openssl_prints_it() {
    let digits =
        "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55";
    let bare = digits.replace(':', "").to_lowercase();
    let pinned =
        |text: &str| parse(&format!("[sip.tls]\npinned = [\"{text}\"]")).map(|config| config.sip.tls.pinned);
    let first = pinned(&format!("sha256:{digits}")).unwrap();
    assert_eq!((first.len(), first[0].0[..2].to_vec(), first[0].0[31]), (1, vec![0xe3, 0xb0], 0x55));
    for same in [
        format!("sha256:{bare}"),
        format!("SHA256 Fingerprint={digits}"),
        format!("sha256:{}", digits.to_lowercase()),
    ] {
        assert_eq!(pinned(&same), Ok(first.clone()), "{same}");
    }
    for wrong in [
        digits.to_owned(),
        bare.clone(),
        format!("sha1:{digits}"),
        format!("sha256:{}", &digits[3..]),
        format!("sha256:{digits}:00"),
        format!("sha256:{}", bare.replace('e', "g")),
        "sha256:é".to_owned(),
    ] {
        let found = faults(&format!("[sip.tls]\npinned = [\"{wrong}\"]"));
        let wanted = "2:11: wanted \"sha256:\" and 64 hexadecimal digits, as `openssl x509 -noout -fingerprint -sha256` prints them, found ";
        assert!(found[0].starts_with(wanted), "{wrong}: {found:?}");
    }
}

#[test]
fn each_contradiction_is_told() {
    let listener = "[[sip.listeners]]\naddress = \"192.0.2.9\"\ntransport =";
    let realm = "[[media.realms]]\nname = \"default\"\naddress = \"192.0.2.1\"\n";
    let bucket = "[cdr.s3]\nbucket = \"abc\"\naccess_key_id = \"a\"\n";
    for (text, wanted) in [
        (
            format!("{listener} \"udp\"\n{listener} \"udp\""),
            "4:1: wanted a port of its own for each listener, found 192.0.2.9 port 5060 again",
        ),
        (
            format!("{listener} \"tls\""),
            "3:13: wanted sip.zone, which the certificate is for, or sip.tls, found TLS without a zone",
        ),
        (
            "[sip.tls]\nkey = \"key.pem\"".to_owned(),
            "2:7: wanted certificate and key, or neither for a certificate of our own, found one of them",
        ),
        (
            "[media]\nspawn = false".to_owned(),
            "1:1: wanted the control sockets of media processes, or spawn = true, found neither",
        ),
        (
            "[media]\ncontrol = [\"a.sock\"]".to_owned(),
            "2:11: wanted no control sockets of others, or spawn = false, found both",
        ),
        (
            "[media]\ndriver = \"afxdp\"".to_owned(),
            "2:10: wanted media.interface, which afxdp needs, found none",
        ),
        (
            realm.replace("192.0.2.1", "192.0.2.2"),
            "3:11: wanted one of media.addresses (192.0.2.1), found 192.0.2.2",
        ),
        (format!("{realm}{realm}ports = \"1024-2000\""), "5:8: wanted a name of its own, found \"default\""),
        (
            format!("{realm}{}ports = \"50000-60000\"", realm.replace("default", "inside")),
            "7:9: wanted ports of its own on 192.0.2.1, found some of the realm default",
        ),
        (format!("{realm}ports = \"5000-6000\""), "4:9: wanted ports that SIP does not have, found 5060"),
        (
            "[media]\ncarrier_realm = \"outside\"".to_owned(),
            "2:17: wanted a realm that there is (default), found \"outside\"",
        ),
        (bucket.to_owned(), "1:1: wanted one place of the secret access key, found 0"),
        (
            format!("{bucket}secret_access_key = \"hunter2\""),
            "4:21: wanted the secret in a file or the environment, or secret_in_clear = true, found (not shown)",
        ),
        (
            format!("[cdr]\nfolder = \"a\"\n{bucket}secret_access_key_env = \"A\""),
            "2:10: wanted a folder or [cdr.s3], found both",
        ),
    ] {
        assert_eq!(faults(&text)[0], wanted, "{text}");
    }
}

#[test]
fn rules_of_manipulation_cannot_break_a_message() {
    let rule = |key: &str, value: &str| {
        let good = "direction = \"to_customer\"\nmethod = \"INVITE\"\nheader = \"To\"\npart = \"host\"\nvalue = \"a\"\n";
        let lines = good.lines().map(|line| match line.starts_with(key) {
            true => format!("{key} = {value}\n"),
            false => format!("{line}\n"),
        });
        format!("[[manipulation]]\n{}", lines.collect::<String>())
    };
    assert!(parse(&rule("value", "\"\"")).is_ok());
    for (key, value, wanted) in [
        ("value", "\"a\\r\\nVia: x\"", "6:9: wanted one line, found \"a\\r\\nVia: x\""),
        (
            "header",
            "\"To: x\"",
            "4:10: wanted a header that does not hold messages together, found \"To: x\"",
        ),
        ("header", "\"v\"", "4:10: wanted a header that does not hold messages together, found \"v\""),
        (
            "part",
            "\"value\"",
            "5:8: wanted host, user or display_name, because the tag has to stay, found value",
        ),
        ("method", "\"invite\"", "3:10: wanted *, ACK, BYE, CANCEL, INVITE, OPTIONS, found \"invite\""),
        (
            "part",
            "\"parameter:\"",
            "5:8: wanted \"value\", \"host\", \"user\", \"display_name\" or \"parameter:NAME\", found \"parameter:\"",
        ),
        (
            "direction",
            "\"up\"",
            "2:13: wanted \"from_carrier\", \"from_customer\", \"to_carrier\", \"to_customer\", found \"up\"",
        ),
    ] {
        assert_eq!(faults(&rule(key, value)), [wanted]);
    }
}

#[test]
fn a_host_without_just_one_address_has_to_be_told_which() {
    let host: Vec<IpAddr> = ["192.0.2.1", "198.51.100.1"].map(|text| text.parse().unwrap()).into();
    let faults = Config::parse("f", "", &host).unwrap_err();
    assert_eq!(faults.list.len(), 1);
    let wanted =
        "f:1:1: wanted an address of this host, which has not just one, found 192.0.2.1, 198.51.100.1";
    assert!(faults.to_string().starts_with(wanted), "{faults}");
    assert!(Config::parse("f", "", &[]).unwrap_err().to_string().contains("found none"));
    let mixed: Vec<IpAddr> = ["192.0.2.1", "2001:db8::1"].map(|text| text.parse().unwrap()).into();
    assert_eq!(Config::parse("f", "", &mixed).unwrap().sip.listeners[0].address, mixed[0]);
}

#[test]
fn secrets_are_in_nothing_that_is_shown() {
    for line in [
        "secret_access_key = 5 # \"hunter2\"",
        "secret_acess_key = \"hunter2\"",
        "pasword = 'hunter2'",
        "x = { secret = \"hunter2\", y = = 1 }",
        "secret_access_key = \"\"\"\nhunter2 \"\" \\q\"\"\"",
    ] {
        let text =
            parse(&format!("[cdr.s3]\nbucket = \"abc\"\naccess_key_id = \"a\"\n{line}\n")).unwrap_err();
        assert!(!text.contains("hunter2"), "{text}");
    }
    let good = "[cdr.s3]\nbucket = \"abc\"\naccess_key_id = \"a\"\nsecret_in_clear = true\nsecret_access_key = \"hunter2\"";
    let config = parse(good).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert_eq!(config.cdr.s3.unwrap().secret().unwrap().expose(), "hunter2");
}

#[test]
fn the_secret_of_a_bucket_is_read_from_its_file() {
    let path = std::env::temp_dir().join(format!("trunkline-secret-{}", std::process::id()));
    fs::write(&path, "hunter2\n").unwrap();
    let text =
        format!("[cdr.s3]\nbucket = \"abc\"\naccess_key_id = \"a\"\nsecret_access_key_file = {path:?}");
    let s3 = parse(&text).unwrap().cdr.s3.unwrap();
    assert_eq!(s3.secret().unwrap().expose(), "hunter2");
    fs::remove_file(&path).unwrap();
    assert!(s3.secret().unwrap_err().contains("wanted the secret access key, found"));
}

#[test]
fn a_file_that_is_not_there_is_a_fault_like_others() {
    let faults = Config::load("/nonexistent/trunkline.toml".as_ref()).unwrap_err().to_string();
    assert!(faults.starts_with("/nonexistent/trunkline.toml: wanted a file to read, found "), "{faults}");
}

#[test]
fn a_thousand_mistakes_do_not_take_long() {
    let text: String = (0..2_000).map(|at| format!("[[manipulation]]\nx{at} = 1\n")).collect();
    let start = std::time::Instant::now();
    assert_eq!(faults(&text).len(), 50);
    assert!(start.elapsed() < Duration::from_secs(20));
}

proptest! {
    #[test]
    fn any_text_gives_a_configuration_or_faults(text in "\\PC*") {
        let _ = parse(&text);
    }

    #[test]
    fn any_change_of_a_good_file_gives_a_configuration_or_faults(
        at in 0_usize..3_000, len in 0_usize..40, put in "[\\[\\]{}=\"'.#, \n0-9a-z_\\\\é-]{0,12}",
    ) {
        let mut text: Vec<char> = Config::default_toml().replace("# ", "").chars().collect();
        let start = at.min(text.len());
        let end = (start + len).min(text.len());
        text.splice(start..end, put.chars());
        let _ = parse(&text.into_iter().collect::<String>());
    }
}
