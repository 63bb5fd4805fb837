//! Our own authority. The judge of what it makes is TLS itself, in the tests beside this one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use transport::SetupError;
use transport::certificate::keep;
use transport::tls::{Identity, Roots};

use crate::scene::{Folder, ZONE, authority};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn what_was_made_once_is_kept() {
    let (folder, now) = (Folder::new(), SystemTime::now());
    let first = keep(folder.path(), ZONE, now).unwrap();
    assert!(first.is_renewed && first.root_pem.starts_with("-----BEGIN CERTIFICATE-----"));
    let names = ["root.pem", "root.key", "server.pem", "server.key"];
    let read = || names.map(|name| fs::read(folder.path().join(name)).unwrap());
    let files = read();
    let second = keep(folder.path(), ZONE, now + DAY).unwrap();
    assert_eq!((second.is_renewed, &second.root_pem), (false, &first.root_pem));
    assert_eq!(read(), files);
    for (name, mode) in names.into_iter().zip([0o644, 0o600, 0o644, 0o600]) {
        let found = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{name}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
}

#[test]
fn a_certificate_is_renewed_a_month_before_its_end_and_the_root_stays() {
    let (folder, now) = (Folder::new(), SystemTime::now());
    let root = keep(folder.path(), ZONE, now).unwrap().root_pem;
    for (days, is_renewed) in [(365, false), (367, true), (368, false), (740, true)] {
        let kept = keep(folder.path(), ZONE, now + days * DAY).unwrap();
        assert_eq!((kept.is_renewed, &kept.root_pem), (is_renewed, &root), "{days}");
    }
}

#[test]
fn what_does_not_fit_is_made_anew() {
    let (folder, now) = (Folder::new(), SystemTime::now());
    keep(folder.path(), ZONE, now).unwrap();
    assert!(keep(folder.path(), "other.example", now).unwrap().is_renewed);
    assert!(!keep(folder.path(), "other.example", now).unwrap().is_renewed);
    let other = Folder::new();
    keep(other.path(), "other.example", now).unwrap();
    // Of another authority, with half of the pair, and no certificate at all.
    for name in ["server.pem", "server.key"] {
        fs::copy(other.path().join(name), folder.path().join(name)).unwrap();
        assert!(keep(folder.path(), "other.example", now).unwrap().is_renewed, "{name}");
    }
    for name in ["server.pem", "server.key"] {
        fs::copy(other.path().join(name), folder.path().join(name)).unwrap();
    }
    assert!(keep(folder.path(), "other.example", now).unwrap().is_renewed);
    fs::write(folder.path().join("server.pem"), "x").unwrap();
    assert!(keep(folder.path(), "other.example", now).unwrap().is_renewed);
}

#[test]
fn a_root_without_its_key_is_not_replaced_silently() {
    let (folder, now) = (Folder::new(), SystemTime::now());
    keep(folder.path(), ZONE, now).unwrap();
    fs::remove_file(folder.path().join("root.key")).unwrap();
    let error = keep(folder.path(), ZONE, now).unwrap_err();
    assert!(matches!(error, SetupError::File { .. }), "{error}");
    // The other way round, what peers believe is made of the same key.
    let folder = Folder::new();
    keep(folder.path(), ZONE, now).unwrap();
    fs::remove_file(folder.path().join("root.pem")).unwrap();
    assert!(!keep(folder.path(), ZONE, now).unwrap().is_renewed);
}

#[test]
fn a_key_is_never_printed_and_has_to_fit() {
    let kept = authority();
    assert_eq!(format!("{:?}", kept.identity), "Identity");
    let (one, other) = (Folder::new(), Folder::new());
    for folder in [&one, &other] {
        keep(folder.path(), ZONE, SystemTime::now()).unwrap();
    }
    let read = |folder: &Folder, name| fs::read_to_string(folder.path().join(name)).unwrap();
    let (certificate, key) = (read(&one, "server.pem"), read(&one, "server.key"));
    assert!(Identity::from_pem(&certificate, &key).is_ok());
    let foreign = Identity::from_pem(&certificate, &read(&other, "server.key"));
    assert!(matches!(foreign, Err(SetupError::Certificate(_))));
    let swapped = Identity::from_pem(&key, &certificate);
    assert!(matches!(swapped, Err(SetupError::Pem { wanted: "certificate" })));
    let without = Identity::from_pem(&certificate, "");
    assert!(matches!(without, Err(SetupError::Pem { wanted: "private key" })));
    assert!(Roots::new().add_pem("nothing").is_err());
}
