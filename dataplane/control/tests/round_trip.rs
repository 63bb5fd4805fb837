//! What one process says is what the other one hears.

use control::{FromMedia, ToMedia};
use proptest::prelude::*;

#[path = "messages/any.rs"]
mod any_message;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_message_of_a_client_survives(message in any_message::to_media()) {
        let bytes = message.encode();
        let parsed = ToMedia::parse(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&parsed, &message);
        prop_assert_eq!(parsed.encode(), bytes);
    }

    #[test]
    fn any_message_of_the_media_process_survives(message in any_message::from_media()) {
        let bytes = message.encode();
        let parsed = FromMedia::parse(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&parsed, &message);
        prop_assert_eq!(parsed.encode(), bytes);
    }
}
