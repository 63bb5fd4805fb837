//! What is configured beside calls: logs, streams, call detail records. Data only; others act on it.

use serde::{Deserialize, Serialize};

/// What all connectors share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct GlobalSettings {
    /// Where call detail records are put; nowhere if none.
    pub cdr_bucket: Option<String>,
    /// How they are written.
    pub cdr_schema: CdrSchema,
}

/// The two forms that call detail records have had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum CdrSchema {
    /// Thirteen keys, times in milliseconds.
    #[default]
    #[serde(rename = "1.0")]
    One,
    /// Countries, directions and usage types as well, times in seconds.
    #[serde(rename = "2.0")]
    Two,
}

/// Which logs a connector writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoggingConfiguration {
    /// Whether a record is written per call and minute, on the quality of its media.
    pub enable_media_metric_logs: bool,
    /// Whether SIP messages are written as they are.
    pub enable_sip_logs: bool,
}

/// Whether and how the media of a connector's calls are streamed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StreamingConfiguration {
    /// How long streams are kept.
    pub data_retention_in_hours: u32,
    /// Whether nothing is streamed although the rest is set.
    pub disabled: bool,
    /// Who analyses the media, if anybody.
    #[serde(default)]
    pub media_insights_configuration: Option<MediaInsightsConfiguration>,
    /// Who is told of streams; three at most.
    #[serde(default)]
    pub streaming_notification_targets: Vec<NotificationTarget>,
}

/// Who analyses streamed media.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MediaInsightsConfiguration {
    /// The configuration that is meant.
    #[serde(default)]
    pub configuration_arn: Option<String>,
    /// Whether nobody does although the rest is set.
    #[serde(default)]
    pub disabled: bool,
}

/// Where notifications go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the AWS API and mean nothing else")]
pub enum NotificationTarget {
    EventBridge,
    #[serde(rename = "SNS")]
    Sns,
    #[serde(rename = "SQS")]
    Sqs,
}

/// What a connector was made for, beside calls of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum IntegrationType {
    /// To analyse calls of Amazon Connect.
    #[serde(rename = "CONNECT_ANALYTICS_CONNECTOR")]
    ConnectAnalyticsConnector,
    /// To transfer calls from Amazon Connect.
    #[serde(rename = "CONNECT_CALL_TRANSFER_CONNECTOR")]
    ConnectCallTransferConnector,
}

/// Which families of addresses a connector uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum NetworkType {
    /// IPv4 and IPv6.
    #[serde(rename = "DUAL_STACK")]
    DualStack,
    /// IPv4.
    #[default]
    #[serde(rename = "IPV4_ONLY")]
    Ipv4Only,
}
