//! What is provisioned: from what people write to what processes load.

#![expect(clippy::unwrap_used, reason = "a test may panic, and says where")]

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use proptest::prelude::*;
use settings::provision::{self, Disk, HostDisk, Seen};
use sip::digest::{Algorithm, Challenge, Credentials, Ha1, Login};
use trunk::{
    DigestAlgorithm,
    records::{AssociationName, PhoneNumberStatus, PhoneNumberType, Records},
    snapshot::Snapshot,
};

const EXAMPLE: &str = include_str!("../../../tools/deploy/example/provisioning.toml");

/// A folder of a test's own, which is gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("trunkline-provision-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn apply(&self, text: &str) -> String {
        provision::apply(&[self.file("sheet.toml", text)], &self.data()).unwrap().to_string()
    }

    fn provisioned(&self) -> String {
        fs::read_to_string(self.data().join("provisioning.toml")).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(text: &str) -> Result<Records, String> {
    let folder = Folder::new();
    let path = folder.file("sheet.toml", text);
    let records = provision::read(std::slice::from_ref(&path));
    records.map_err(|faults| faults.to_string().replace(path.to_str().unwrap(), "sheet.toml"))
}

/// Gives the first lines of what is wrong.
fn faults(text: &str) -> Vec<String> {
    let text = read(text).map(|_| ()).unwrap_err();
    text.lines().filter_map(|line| line.strip_prefix("sheet.toml:")).map(str::to_owned).collect()
}

fn same(one: &Records, other: &Records) {
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
}

#[test]
fn short_forms_become_records() {
    let records = read(EXAMPLE).unwrap();
    let numbers = &records.phone_numbers;
    assert_eq!(
        (numbers[0].status, numbers[2].phone_number_type),
        (PhoneNumberStatus::Assigned, PhoneNumberType::TollFree)
    );
    assert_eq!(numbers[0].associations[0].value, "headquarters0000000001");
    assert_eq!(numbers[2].associations[0].name, AssociationName::VoiceConnectorGroupId);
    assert_eq!(numbers[1].carriers, ["north"]);
    assert_eq!(Snapshot::build(&records).unwrap().numbers_len(), 3);
}

#[test]
fn of_passwords_only_the_hashes_are_kept_that_logins_are_checked_with() {
    let folder = Folder::new();
    folder.apply(EXAMPLE);
    assert!(!folder.provisioned().contains("change me"));
    let records = provision::load(&folder.data()).unwrap();
    let headquarters =
        records.voice_connectors.iter().find(|connector| connector.name == "Headquarters").unwrap();
    let secrets = &headquarters.credentials[0].secrets;
    assert_eq!(secrets.len(), 2);
    for secret in secrets {
        let algorithm = match secret.algorithm {
            DigestAlgorithm::Md5 => Algorithm::Md5,
            DigestAlgorithm::Sha256 => Algorithm::Sha256,
            DigestAlgorithm::Sha512Of256 => panic!("nobody asked for it"),
        };
        let zone = "voiceconnector.example";
        let kept = Ha1::from_hex(algorithm, secret.ha1.expose()).unwrap();
        let login = |password: &str| {
            let secret = Ha1::new(algorithm, "headquarters", zone, password);
            let challenge = Challenge::new(zone, "nonce", algorithm, false);
            let login = Login { username: "headquarters", secret: &secret };
            login.answer(&challenge, "INVITE", "sip:+12065550100@vc.example", 1, "0a4f113b").unwrap()
        };
        assert!(
            Credentials::parse(&login("change me before anybody knows it")).unwrap().prove(&kept, "INVITE")
        );
        assert!(!Credentials::parse(&login("something else")).unwrap().prove(&kept, "INVITE"));
    }
}

#[test]
fn what_is_applied_is_what_is_loaded_and_applying_it_again_changes_nothing() {
    let folder = Folder::new();
    assert_eq!(folder.apply(EXAMPLE).lines().last().unwrap(), "added 8, changed 0, removed 0, unchanged 0");
    let canonical = folder.provisioned();
    let loaded = provision::load(&folder.data()).unwrap();
    let snapshot = Snapshot::build(&loaded).unwrap();
    assert_eq!((snapshot.numbers_len(), snapshot.links().len()), (3, 2));

    assert_eq!(folder.apply(EXAMPLE), "added 0, changed 0, removed 0, unchanged 8");
    assert_eq!(folder.apply(&canonical), "added 0, changed 0, removed 0, unchanged 8");
    assert_eq!(folder.provisioned(), canonical);
    let mode = fs::metadata(folder.data().join("provisioning.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_change_is_told_thing_by_thing_and_made_only_when_it_is_committed() {
    let folder = Folder::new();
    folder.apply(EXAMPLE);
    let before = folder.provisioned();
    let changed = EXAMPLE.replace("cps_limit = 5", "cps_limit = 6").replace("+12065550102", "+12065550199");
    let file = folder.file("changed.toml", &changed);
    let plan = provision::plan(std::slice::from_ref(&file), &folder.data()).unwrap();
    let wanted = "\
+ phone number +12065550199
~ voice connector headquarters0000000001: termination
- phone number +12065550102
added 1, changed 1, removed 1, unchanged 6";
    assert_eq!(plan.applied.to_string(), wanted);
    assert_eq!(folder.provisioned(), before);
    plan.commit(&mut HostDisk).unwrap();
    assert_ne!(folder.provisioned(), before);
}

#[test]
fn several_files_are_one() {
    let folder = Folder::new();
    let (one, two) = EXAMPLE.split_at(EXAMPLE.find("# The short form").unwrap());
    let files = [folder.file("one.toml", one), folder.file("two.toml", two)];
    same(&provision::read(&files).unwrap(), &read(EXAMPLE).unwrap());

    let again = folder.file("again.toml", "zone = \"other.example\"\n[[numbers]]\nnumber = \"+12065550101\"\nconnector = \"headquarters0000000001\"\ncarrier = \"north\"\n");
    let [one, two] = files;
    let text = provision::read(&[one, again.clone()]).unwrap_err().to_string();
    assert!(text.contains("again.toml:1:8: wanted it in one file only, found it in two"), "{text}");
    fs::write(&again, fs::read_to_string(&again).unwrap().replace("zone", "# zone")).unwrap();
    let one = folder.file("one.toml", EXAMPLE.split_once("# The short form").unwrap().0);
    let text = provision::read(&[one, two, again]).unwrap_err().to_string();
    assert!(text.contains("again.toml:3:10: wanted each number once (phone number +12065550101)"), "{text}");
}

#[test]
fn all_that_cannot_be_read_is_told_at_once() {
    let text = EXAMPLE
        .replace("carrier_id = \"north\"", "carrier_id = 5")
        .replace("calling_regions = [\"US\", \"CA\"]", "calling_regoins = [\"US\"]")
        .replace("password =", "pasword =")
        .replace("protocol = \"TCP\"", "protocol = \"tcp\"")
        .replace("connector = \"branch", "conector = \"branch");
    let wanted = "\
sheet.toml:7:14: wanted a text in quotes, found 5
    7 | carrier_id = 5
      |              ^
sheet.toml:27:1: wanted a key that is known here, found calling_regoins
   27 | calling_regoins = [\"US\"]
      | ^ type: calling_regions
sheet.toml:32:1: wanted a key that is known here, found (not shown)
   32 | pasword (not shown)
      | ^ type: password
sheet.toml:45:69: wanted \"TCP\", \"UDP\", found \"tcp\"
   45 | origination = { routes = [{ host = \"pbx.branch.example\", protocol = \"tcp\", priority = 1, weight = 1 }] }
      |                                                                     ^ type: \"TCP\"
sheet.toml:64:1: wanted a key that is known here, found conector
   64 | conector = \"branch0000000000000001\"
      | ^ type: connector
5 things to mend";
    let found = read(&text).unwrap_err();
    assert_eq!(found, wanted, "{found}");
}

#[test]
fn numbers_may_stand_under_either_name_and_under_both() {
    let first = "[[numbers]]\nnumber = \"+12065550101\"";
    let long = EXAMPLE.replace(first, &first.replace("numbers", "phone_numbers"));
    assert_ne!(long, EXAMPLE);
    let numbers = |text: &str| {
        let mut numbers = read(text).unwrap().phone_numbers;
        numbers.sort_by(|one, other| one.e164_phone_number.cmp(&other.e164_phone_number));
        format!("{numbers:?}")
    };
    assert_eq!(numbers(&long), numbers(EXAMPLE));
    assert_eq!(numbers(&EXAMPLE.replace("[[numbers]]", "[[phone_numbers]]")), numbers(EXAMPLE));
    let again = long.replace("+12065550102", "+12065550101");
    assert!(faults(&again)[0].contains("wanted each number once"), "{again}");
    assert_eq!(
        faults(&format!("numbers = 5\n{}", long.replace("[[numbers]]", "[[phone_numbers]]")))[0],
        "1:11: wanted a table, found 5"
    );
}

#[test]
fn a_table_that_is_nearly_right_is_told_its_name() {
    for (found, meant) in [
        ("[[connector]]", "voice_connectors"),
        ("[[connectors]]", "voice_connectors"),
        ("[[voice_connector]]", "voice_connectors"),
        ("[[groups]]", "voice_connector_groups"),
        ("[[carier]]", "carriers"),
        ("[[number]]", "numbers"),
        ("[[phone_number]]", "phone_numbers"),
        ("[voice_connectors]", "[[voice_connectors]]"),
        ("[numbers]", "[[numbers]]"),
        ("[[global_settings]]", "[global_settings]"),
        ("[[quotas]]", "[quotas]"),
    ] {
        let text = read(&format!("{found}\nname = \"x\"\n")).map(|_| ()).unwrap_err();
        assert!(text.contains(&format!("^ type: {meant}\n")), "{found}: {text}");
    }
    let text = read("[[trunk]]\nname = \"x\"\n").map(|_| ()).unwrap_err();
    assert!(text.contains("^ type: one of caller_identity, calls_max, carriers, "), "{text}");
}

#[test]
fn each_fault_of_a_connector_is_told_where_it_stands() {
    told(&[
        (
            "zone = \"voiceconnector.example\"",
            "zone = \"a..b\"",
            "3:8: wanted a name of the DNS of 216 characters at most (zone), found \"a..b\"",
        ),
        (
            "cps_limit = 5",
            "cps_limit = 0",
            "28:13: wanted 1 to 256 (voice connector headquarters0000000001: termination: cps_limit), found 0",
        ),
        (
            "\"192.0.2.32/27\"",
            "\"192.0.2.33/27\"",
            "26:22: wanted an IPv4 or IPv6 network without host bits, such as 192.0.2.0/27, or one address (voice connector headquarters0000000001: termination: cidr_allowed_list, network 1), found \"192.0.2.33/27\"",
        ),
        (
            "\"CA\"",
            "\"CAN\"",
            "27:26: wanted a country by two letters in ISO 3166, such as US (voice connector headquarters0000000001: termination: calling_regions, country 2), found \"CAN\"",
        ),
        (
            "host = \"192.0.2.34\"",
            "host = \"192.0.2.\"",
            "37:14: wanted a host name, an IPv4 or an IPv6 address (voice connector headquarters0000000001: origination: route 2: host), found \"192.0.2.\"",
        ),
        (
            "username = \"headquarters\"",
            "username = \"a\\\"b\"",
            "31:12: wanted 1 to 128 characters of ASCII without quotes and backslashes (voice connector headquarters0000000001: credential 1: username), found \"a\\\"b\"",
        ),
        (
            "password = \"change me before anybody knows it\"",
            "password = \"\"",
            "32:12: wanted a password, found (not shown)",
        ),
        (
            "password = \"change me before anybody knows it\"",
            "secrets = [{ algorithm = \"MD5\", ha1 = \"00\" }]",
            "32:11: wanted the hexadecimal digits of MD5",
        ),
        (
            "name = \"Branch\"",
            "name = \"\"",
            "42:8: wanted 1 to 256 letters, digits, spaces, dots, _ and - (voice connector branch0000000000000001: name), found \"\"",
        ),
        (
            "{ voice_connector_id = \"branch",
            "{ voice_connector_id = \"brunch",
            "52:28: wanted a connector that there is (voice connector group everywhere000000000001: item 2: voice_connector_id), found \"brunch0000000000000001\"",
        ),
    ]);
}

#[test]
fn each_fault_of_a_carrier_or_number_is_told_where_it_stands() {
    told(&[
        (
            "priority = 2\n\n#",
            "priority = 200\n\n#",
            "18:12: wanted 1 to 100 (carrier north: link north-2: priority), found 200",
        ),
        (
            "carrier_link_id = \"north-2\"",
            "carrier_link_id = \"north-1\"",
            "16:19: wanted an id of its own (carrier north: link north-1), found the id of another one",
        ),
        (
            "number = \"+12065550102\"",
            "number = \"2065550102\"",
            "63:10: wanted + and 2 to 15 digits in E.164, such as +12065550100 (phone number 2065550102), found \"2065550102\"",
        ),
        (
            "number = \"+12065550102\"",
            "number = \"+12065550101\"",
            "63:10: wanted each number once (phone number +12065550101), found the number again",
        ),
        (
            "group = \"everywhere000000000001\"",
            "group = \"everywhere000000000002\"",
            "69:9: wanted a connector or group that there is (phone number +18005550103: associations), found \"everywhere000000000002\"",
        ),
        (
            "calling_name = \"Headquarters\"",
            "calling_name = \"H\"",
            "60:16: wanted 2 to 15 letters, digits and spaces (phone number +12065550101: calling_name), found \"H\"",
        ),
    ]);
}

/// Puts bad text in the place of good, and compares the beginning of what is said first.
fn told(cases: &[(&str, &str, &str)]) {
    for (good, bad, wanted) in cases {
        assert!(EXAMPLE.contains(good), "{good}");
        let found = faults(&EXAMPLE.replacen(good, bad, 1));
        assert!(found[0].starts_with(wanted), "{bad}\n{found:#?}\n{wanted}");
    }
}

#[test]
fn passwords_and_hashes_are_in_nothing_that_is_shown() {
    for (good, bad) in [
        ("password =", "passwrod ="),
        ("password = \"change me before anybody knows it\"", "password = \"change me\" x"),
        ("password = \"change me before anybody knows it\"", "password = [\"change me\"]"),
        ("password = \"change me before anybody knows it\"", "password = \"change me\npriority = 5"),
        ("username = \"headquarters\"", "usernam = \"headquarters\""),
    ] {
        let text = read(&EXAMPLE.replacen(good, bad, 1)).unwrap_err();
        assert!(!text.contains("change me"), "{text}");
    }
    assert!(!format!("{:?}", read(EXAMPLE).unwrap()).contains("change me"));
}

/// A disk that fails at one step, half of which is done.
struct Failing {
    step: u32,
}

impl Failing {
    fn fails(&mut self) -> bool {
        self.step = self.step.wrapping_sub(1);
        self.step == u32::MAX
    }
}

impl Disk for Failing {
    fn write(&mut self, path: &Path, text: &str) -> io::Result<()> {
        if self.fails() {
            fs::write(path, &text[..text.len() / 2])?;
            return Err(io::Error::other("no space"));
        }
        HostDisk.write(path, text)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if self.fails() { Err(io::Error::other("gone")) } else { HostDisk.rename(from, to) }
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        if self.fails() { Err(io::Error::other("gone")) } else { HostDisk.sync_folder(folder) }
    }
}

#[test]
fn a_crash_at_any_step_leaves_the_old_state_or_the_new_one() {
    let changed = EXAMPLE.replace("cps_limit = 5", "cps_limit = 6");
    for (step, is_new) in [(0, false), (1, false), (2, true)] {
        let folder = Folder::new();
        folder.apply(EXAMPLE);
        let before = folder.provisioned();
        let file = folder.file("changed.toml", &changed);
        let plan = provision::plan(&[file], &folder.data()).unwrap();
        plan.commit(&mut Failing { step }).unwrap_err();
        assert_eq!(folder.provisioned() != before, is_new, "step {step}");
        provision::load(&folder.data()).unwrap();
        folder.apply(&changed);
        assert!(folder.provisioned().contains("cps_limit = 6"), "step {step}");
    }
}

#[test]
fn whoever_watches_hears_of_each_change_once() {
    let folder = Folder::new();
    let mut seen = Seen::default();
    assert!(provision::changed(&folder.data(), &mut seen).unwrap().is_none());
    folder.apply(EXAMPLE);
    assert_eq!(provision::changed(&folder.data(), &mut seen).unwrap().unwrap().phone_numbers.len(), 3);
    assert!(provision::changed(&folder.data(), &mut seen).unwrap().is_none());
    folder.apply(&EXAMPLE.replace("cps_limit = 5", "cps_limit = 6"));
    assert!(provision::changed(&folder.data(), &mut seen).unwrap().is_some());

    fs::write(folder.data().join("provisioning.toml"), "zone = 5 # by hand").unwrap();
    assert!(provision::changed(&folder.data(), &mut seen).is_err());
    assert!(provision::changed(&folder.data(), &mut seen).unwrap().is_none());
    fs::remove_file(folder.data().join("provisioning.toml")).unwrap();
    assert!(provision::changed(&folder.data(), &mut seen).unwrap().is_none());
}

#[test]
fn a_hundred_thousand_numbers_are_loaded_fast() {
    let count: u32 = if cfg!(debug_assertions) { 5_000 } else { 100_000 };
    let number = |at: u32| {
        let (area, rest) = (202 + at % 7, at / 7);
        format!(
            "[[numbers]]\nnumber = \"+1{area}{}{:04}\"\nconnector = \"headquarters0000000001\"\ncarrier = \"north\"\n",
            300 + rest % 5,
            rest / 5
        )
    };
    let (head, _) = EXAMPLE.split_once("# The short form").unwrap();
    let text: String = std::iter::once(head.to_owned()).chain((0..count).map(number)).collect();
    let folder = Folder::new();
    let start = Instant::now();
    folder.apply(&text);
    let applied = start.elapsed();
    let start = Instant::now();
    let records = provision::load(&folder.data()).unwrap();
    let loaded = start.elapsed();
    assert_eq!(records.phone_numbers.len(), count as usize);
    println!(
        "{count} numbers: applied in {applied:?}, loaded in {loaded:?}, {} bytes",
        folder.provisioned().len()
    );
    if !cfg!(debug_assertions) {
        assert!(loaded < Duration::from_secs(2), "{loaded:?}");
    }
}

proptest! {
    #[test]
    fn any_change_of_a_sheet_gives_records_that_load_again_or_faults(
        at in 0_usize..2_500, len in 0_usize..30, put in "[\\[\\]{}=\"'.#, \n0-9a-z_\\\\é-]{0,12}",
    ) {
        let mut text: Vec<char> = EXAMPLE.chars().collect();
        let start = at.min(text.len());
        let end = (start + len).min(text.len());
        text.splice(start..end, put.chars());
        let text: String = text.into_iter().collect();
        if read(&text).is_ok() {
            let folder = Folder::new();
            folder.apply(&text);
            let once = provision::load(&folder.data()).unwrap();
            folder.apply(&folder.provisioned());
            same(&once, &provision::load(&folder.data()).unwrap());
        }
    }
}
