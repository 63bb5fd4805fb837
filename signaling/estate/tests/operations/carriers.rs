//! Who brings calls of the telephone network and takes them there.

use estate::{PageRequest, Refusal, Why};
use trunk::records::{CarrierLinkRecord, CarrierRecord, Records};
use trunk::{CarrierId, CarrierLinkId};

use crate::office::Office;
use crate::sample::{carrier, link, records};

fn why<T: std::fmt::Debug>(done: Result<T, Refusal>) -> Why {
    done.unwrap_err().why
}

fn id(text: &str) -> CarrierId {
    CarrierId::parse(text).unwrap()
}

#[test]
fn a_carrier_is_made_changed_listed_and_removed() {
    let mut office = Office::new();
    let made = office.now;
    for name in ["north", "south"] {
        let host = format!("{name}.example");
        let mut record = carrier(name, &host);
        assert_eq!(why(office.does(|draft| draft.put_carrier(record.clone()))), Why::BadRequest, "no source");
        record.links[0].sources = vec![if name == "north" { "192.0.2.1" } else { "192.0.2.2" }.to_owned()];
        office.does(|draft| draft.put_carrier(record)).unwrap();
    }
    office.now = made.after(5);
    office.does(|draft| draft.put_carrier(carrier("north", "198.51.100.1"))).unwrap();
    let found = office.estate.carrier(id("north")).unwrap();
    assert_eq!((found.created, found.updated), (made, office.now));
    let first = office.estate.list_carriers(PageRequest { len: Some(1), after: None }).unwrap();
    assert_eq!((first.items[0].0, first.next.as_deref()), (id("north"), Some("north")));
    office.does(|draft| draft.delete_carrier(id("north"))).unwrap();
    assert_eq!(why(office.estate.carrier(id("north"))), Why::NotFound);
    assert_eq!(why(office.does(|draft| draft.delete_carrier(id("north")))), Why::NotFound);
}

#[test]
fn what_is_set_of_carriers_is_checked() {
    let mut office = Office::new();
    office.does(|draft| draft.put_carrier(carrier("north", "198.51.100.1"))).unwrap();
    let with = |change: &dyn Fn(&mut CarrierLinkRecord)| {
        let mut record = carrier("south", "198.51.100.2");
        record.links.iter_mut().for_each(change);
        record
    };
    let bad: [CarrierRecord; 10] = [
        carrier("South", "198.51.100.2"),
        carrier("", "198.51.100.2"),
        CarrierRecord { name: "a\nb".to_owned(), ..carrier("south", "198.51.100.2") },
        with(&|link| link.carrier_link_id = "north-1".to_owned()),
        with(&|link| link.host = "198.51.100.1".to_owned()),
        with(&|link| link.priority = 101),
        with(&|link| link.weight = 0),
        with(&|link| link.calls_max = Some(0)),
        with(&|link| link.prefixes = vec!["44".to_owned()]),
        with(&|link| link.sources = vec!["198.51.100.0/99".to_owned()]),
    ];
    for record in bad {
        let refused = office.does(|draft| draft.put_carrier(record.clone()));
        assert_eq!(why(refused), Why::BadRequest, "{record:?}");
    }
    office.does(|draft| draft.put_carrier(with(&|_| ()))).unwrap();
}

#[test]
fn links_come_and_go_one_by_one() {
    let mut office = Office::new();
    office.does(|draft| draft.put_carrier(carrier("north", "198.51.100.1"))).unwrap();
    office.does(|draft| draft.put_carrier(carrier("south", "198.51.100.9"))).unwrap();
    office.does(|draft| draft.put_carrier_link(id("north"), link("north-2", "198.51.100.2"))).unwrap();
    office.does(|draft| draft.put_carrier_link(id("north"), link("north-2", "198.51.100.3"))).unwrap();
    let hosts = |office: &Office| -> Vec<String> {
        let links = &office.estate.carrier(id("north")).unwrap().record.links;
        links.iter().map(|link| link.host.clone()).collect()
    };
    assert_eq!(hosts(&office), ["198.51.100.1", "198.51.100.3"]);
    let taken = office.does(|draft| draft.put_carrier_link(id("north"), link("south-1", "198.51.100.4")));
    assert_eq!(why(taken), Why::BadRequest);
    let delete = |carrier: &str, link: &str| {
        let (carrier, link) = (id(carrier), CarrierLinkId::parse(link).unwrap());
        move |draft: &mut estate::Draft<'_>| draft.delete_carrier_link(carrier, link)
    };
    assert_eq!(why(office.does(delete("south", "north-1"))), Why::NotFound);
    assert_eq!(why(office.does(delete("west", "north-1"))), Why::NotFound);
    office.does(delete("north", "north-1")).unwrap();
    assert_eq!(hosts(&office), ["198.51.100.3"]);
    assert_eq!(why(office.does(delete("north", "north-1"))), Why::NotFound);
}

#[test]
fn a_carrier_that_numbers_need_stays() {
    let mut office = Office::new();
    let account = office.account("ours");
    office.does(|draft| draft.provision(&records(), account)).unwrap();
    assert_eq!(why(office.does(|draft| draft.delete_carrier(id("north")))), Why::Conflict);
    office.does(|draft| draft.delete_carrier(id("south"))).unwrap();
    let without = Records { phone_numbers: Vec::new(), ..records() };
    office.does(|draft| draft.provision(&without, account)).unwrap();
    office.does(|draft| draft.delete_carrier(id("north"))).unwrap();
}
