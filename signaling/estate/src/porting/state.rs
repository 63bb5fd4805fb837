//! How a case goes on: one function per state.

use serde::{Deserialize, Serialize};
use trunk::records::PhoneNumberStatus;

use crate::moment::Moment;
use crate::order::OrderStatus;

/// How far a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum PortingState {
    /// It was called off.
    Cancelled,
    /// It was called off, and the losing carrier has not agreed yet.
    CancelRequested,
    /// The losing carrier is asked whether something else will do.
    ChangeRequested,
    /// The losing carrier has objected: what it was told is not what it has on file.
    Exception,
    /// The losing carrier has named the date.
    Foc,
    /// Documents are missing.
    PendingDocuments,
    /// The losing carrier was asked.
    Submitted,
    /// The numbers are here.
    Successful,
    /// The numbers cannot be ported.
    Unportable,
}

/// What may happen to a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortingStep {
    /// The operator misses a document.
    AskDocuments {
        /// Which.
        note: String,
    },
    /// The losing carrier has agreed that nothing is ported.
    Cancel,
    /// The numbers are here.
    Complete {
        /// How many calls may come to each at a time; 100 if none.
        calls_max: Option<u32>,
        /// Who delivers calls to them.
        carriers: Vec<String>,
        /// The city, if any.
        city: String,
        /// The state or province, if any.
        state: String,
    },
    /// The losing carrier has named the date.
    Confirm {
        /// The date.
        foc_date: Moment,
    },
    /// The numbers cannot be ported.
    DeclareUnportable {
        /// Why.
        note: String,
    },
    /// The losing carrier objects.
    Object {
        /// To what.
        note: String,
    },
    /// The customer calls it off.
    RequestCancel,
    /// The customer wants another date.
    RequestChange {
        /// The date.
        requested: Moment,
    },
    /// All documents are there, or what was wrong is right now.
    Submit,
}

impl PortingState {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Cancelled,
        Self::CancelRequested,
        Self::ChangeRequested,
        Self::Exception,
        Self::Foc,
        Self::PendingDocuments,
        Self::Submitted,
        Self::Successful,
        Self::Unportable,
    ];

    /// Tells how it goes on; none if that cannot happen now.
    pub fn after(self, step: &PortingStep) -> Option<Self> {
        match self {
            Self::Cancelled | Self::Successful | Self::Unportable => None,
            Self::CancelRequested => after_cancel_requested(step),
            Self::ChangeRequested => after_change_requested(step),
            Self::Exception => after_exception(step),
            Self::Foc => after_foc(step),
            Self::PendingDocuments => after_pending_documents(step),
            Self::Submitted => after_submitted(step),
        }
    }

    /// Tells whether nothing more comes of it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Successful | Self::Unportable)
    }

    /// Gives the word that the order has for it.
    pub const fn order(self) -> OrderStatus {
        match self {
            Self::Cancelled => OrderStatus::Cancelled,
            Self::CancelRequested => OrderStatus::CancelRequested,
            Self::ChangeRequested => OrderStatus::ChangeRequested,
            Self::Exception => OrderStatus::Exception,
            Self::Foc => OrderStatus::Foc,
            Self::PendingDocuments => OrderStatus::PendingDocuments,
            Self::Submitted => OrderStatus::Submitted,
            Self::Successful => OrderStatus::Successful,
            Self::Unportable => OrderStatus::Failed,
        }
    }

    /// Gives the word that its numbers have for it, as long as they are not here.
    pub(crate) const fn phone_number(self) -> PhoneNumberStatus {
        match self {
            Self::Cancelled => PhoneNumberStatus::Cancelled,
            Self::CancelRequested => PhoneNumberStatus::PortinCancelRequested,
            Self::ChangeRequested
            | Self::Exception
            | Self::Foc
            | Self::PendingDocuments
            | Self::Submitted => PhoneNumberStatus::PortinInProgress,
            Self::Successful => PhoneNumberStatus::Unassigned,
            Self::Unportable => PhoneNumberStatus::AcquireFailed,
        }
    }
}

/// Nobody has been asked yet.
fn after_pending_documents(step: &PortingStep) -> Option<PortingState> {
    match step {
        PortingStep::DeclareUnportable { .. } => Some(PortingState::Unportable),
        PortingStep::RequestCancel => Some(PortingState::CancelRequested),
        PortingStep::Submit => Some(PortingState::Submitted),
        PortingStep::AskDocuments { .. }
        | PortingStep::Cancel
        | PortingStep::Complete { .. }
        | PortingStep::Confirm { .. }
        | PortingStep::Object { .. }
        | PortingStep::RequestChange { .. } => None,
    }
}

/// The losing carrier has not answered yet.
fn after_submitted(step: &PortingStep) -> Option<PortingState> {
    match step {
        PortingStep::AskDocuments { .. } => Some(PortingState::PendingDocuments),
        PortingStep::Confirm { .. } => Some(PortingState::Foc),
        PortingStep::DeclareUnportable { .. } => Some(PortingState::Unportable),
        PortingStep::Object { .. } => Some(PortingState::Exception),
        PortingStep::RequestCancel => Some(PortingState::CancelRequested),
        PortingStep::RequestChange { .. } => Some(PortingState::ChangeRequested),
        PortingStep::Cancel | PortingStep::Complete { .. } | PortingStep::Submit => None,
    }
}

/// Something has to be put right, and is submitted again.
fn after_exception(step: &PortingStep) -> Option<PortingState> {
    match step {
        PortingStep::AskDocuments { .. } => Some(PortingState::PendingDocuments),
        PortingStep::DeclareUnportable { .. } => Some(PortingState::Unportable),
        PortingStep::RequestCancel => Some(PortingState::CancelRequested),
        PortingStep::Submit => Some(PortingState::Submitted),
        PortingStep::Cancel
        | PortingStep::Complete { .. }
        | PortingStep::Confirm { .. }
        | PortingStep::Object { .. }
        | PortingStep::RequestChange { .. } => None,
    }
}

/// The losing carrier agrees to the change with a date, or does not.
fn after_change_requested(step: &PortingStep) -> Option<PortingState> {
    match step {
        PortingStep::Confirm { .. } => Some(PortingState::Foc),
        PortingStep::DeclareUnportable { .. } => Some(PortingState::Unportable),
        PortingStep::Object { .. } => Some(PortingState::Exception),
        PortingStep::RequestCancel => Some(PortingState::CancelRequested),
        PortingStep::AskDocuments { .. }
        | PortingStep::Cancel
        | PortingStep::Complete { .. }
        | PortingStep::RequestChange { .. }
        | PortingStep::Submit => None,
    }
}

/// The date stands, unless somebody has second thoughts.
fn after_foc(step: &PortingStep) -> Option<PortingState> {
    match step {
        PortingStep::Complete { .. } => Some(PortingState::Successful),
        PortingStep::Object { .. } => Some(PortingState::Exception),
        PortingStep::RequestCancel => Some(PortingState::CancelRequested),
        PortingStep::RequestChange { .. } => Some(PortingState::ChangeRequested),
        PortingStep::AskDocuments { .. }
        | PortingStep::Cancel
        | PortingStep::Confirm { .. }
        | PortingStep::DeclareUnportable { .. }
        | PortingStep::Submit => None,
    }
}

/// The losing carrier lets go of it.
fn after_cancel_requested(step: &PortingStep) -> Option<PortingState> {
    match step {
        PortingStep::Cancel => Some(PortingState::Cancelled),
        PortingStep::AskDocuments { .. }
        | PortingStep::Complete { .. }
        | PortingStep::Confirm { .. }
        | PortingStep::DeclareUnportable { .. }
        | PortingStep::Object { .. }
        | PortingStep::RequestCancel
        | PortingStep::RequestChange { .. }
        | PortingStep::Submit => None,
    }
}
