//! Copies of what calls say: whether, for how long, and who is told.

use trunk::{StreamingConfiguration, VoiceConnectorId};

use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::AccountId;
use crate::refusal::Refusal;

impl Estate {
    /// Tells how a trunk's calls are streamed.
    ///
    /// # Errors
    /// If there is no such trunk, or that was never set.
    pub fn voice_connector_streaming_configuration(
        &self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<&StreamingConfiguration, Refusal> {
        let streaming = self.voice_connector(account, id)?.record.streaming.as_ref();
        streaming.ok_or_else(|| Refusal::unset(PART, id))
    }
}

impl Draft<'_> {
    /// Sets how a trunk's calls are streamed.
    ///
    /// # Errors
    /// If there is no such trunk, too many are to be told, or the name of who analyses is none.
    pub fn put_voice_connector_streaming_configuration(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
        streaming: StreamingConfiguration,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            let insights = streaming.media_insights_configuration.as_ref();
            if let Some(arn) = insights.and_then(|insights| insights.configuration_arn.as_ref())
                && !is_arn(arn)
            {
                // The text stays out of the message: the API has it for sensitive.
                let message = format_args!(
                    "ConfigurationArn: wanted {ARN_WANTED}, found something else of {} bytes",
                    arn.len()
                );
                return Err(Refusal::bad_request(message));
            }
            connector.record.streaming = Some(streaming);
            Ok(())
        })
    }

    /// Streams no more of a trunk's calls, and forgets how.
    ///
    /// # Errors
    /// If there is no such trunk, or that was never set.
    pub fn delete_voice_connector_streaming_configuration(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            connector.record.streaming.take().map(drop).ok_or_else(|| Refusal::unset(PART, id))
        })
    }
}

/// Tells whether a text has the form that the AWS API gives to names of anything of AWS.
fn is_arn(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/:-_.".contains(&byte);
    (4..=1_024).contains(&text.len()) && text.starts_with("arn") && text.bytes().all(is_plain)
}

const ARN_WANTED: &str = "arn and 1 to 1,021 letters, digits, /, :, -, _ and dots";

const PART: &str = "StreamingConfiguration";
