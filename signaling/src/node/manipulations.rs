//! From the rules of the configuration to those of the engine.

use call::{Forbidden, Manipulation, Message, Part, Scope, Travel};
use settings::config;
use trunk::snapshot::Side;

use super::StartError;

/// Returns the rules, in their order.
pub(super) fn manipulations(rules: &[config::Manipulation]) -> Result<Vec<Manipulation>, StartError> {
    rules.iter().map(manipulation).collect()
}

fn manipulation(rule: &config::Manipulation) -> Result<Manipulation, StartError> {
    let config::Manipulation { direction, header, message, method, part, value } = rule;
    let (side, travel) = match direction {
        config::Way::FromCarrier => (Side::Carrier, Travel::In),
        config::Way::FromCustomer => (Side::Customer, Travel::In),
        config::Way::ToCarrier => (Side::Carrier, Travel::Out),
        config::Way::ToCustomer => (Side::Customer, Travel::Out),
    };
    let message = message.map(|kind| match kind {
        config::Message::Request => Message::Request,
        config::Message::Response => Message::Response,
    });
    let part = match part {
        config::Part::Value => Part::Whole,
        config::Part::DisplayName => Part::DisplayName,
        config::Part::User => Part::User,
        config::Part::Host => Part::Host,
        config::Part::Parameter(name) => Part::Parameter(name.clone()),
    };
    let scope = Scope { side, travel, method: sip::method::parse(method.as_bytes()), message };
    Manipulation::new(scope, header, part, value).map_err(|why| {
        let why = match why {
            Forbidden::Header => "messages are matched by it or find their way by it",
            Forbidden::Part => "its tag has to stay; host, user and display_name can be rewritten",
            Forbidden::Value => "the value is more than one line",
        };
        StartError::Settings(format!("manipulation of {header}: {why}"))
    })
}

#[cfg(test)]
mod tests {
    use settings::config::Config;

    use super::*;

    #[test]
    fn each_direction_and_each_part_becomes_a_rule() {
        let rule = |direction: &str, header: &str, part: &str, more: &str| {
            let text = format!(
                "[sip]\nzone = \"vc.example\"\n[[manipulation]]\ndirection = \"{direction}\"\nmethod = \"*\"\nheader = \"{header}\"\n\
                 part = \"{part}\"\nvalue = \"a\"\n{more}"
            );
            let config = Config::parse("test", &text, &[[192, 0, 2, 1].into()]).expect("it can be read");
            manipulations(&config.manipulation).expect("there can be such rules").remove(0)
        };
        let expected = |side, travel, message, header: &str, part| {
            let scope = Scope { side, travel, method: None, message };
            Manipulation::new(scope, header, part, "a").expect("there can be such a rule")
        };
        assert_eq!(
            rule("to_customer", "To", "host", "message = \"response\""),
            expected(Side::Customer, Travel::Out, Some(Message::Response), "To", Part::Host)
        );
        assert_eq!(
            rule("from_carrier", "Subject", "value", ""),
            expected(Side::Carrier, Travel::In, None, "Subject", Part::Whole)
        );
        assert_eq!(
            rule("from_customer", "Session-Expires", "parameter:refresher", "message = \"request\""),
            expected(
                Side::Customer,
                Travel::In,
                Some(Message::Request),
                "Session-Expires",
                Part::Parameter("refresher".to_owned())
            )
        );
    }
}
