//! Call detail records: never lost, never doubled.
//!
//! A call attempt leaves one object in the customer's bucket, whatever is killed in between. What is known of it goes
//! through a [`Journal`] on the local disk before anything of it is visible outside; an [`Uploader`] takes the ended
//! records from that disk to where they belong. Neither reads the clock or draws random numbers for what is recorded.
#![forbid(unsafe_code)]

mod error;
mod figures;
pub mod journal;
pub mod record;
mod spool;
mod text;
mod transaction_id;
pub mod upload;

pub use error::Error;
pub use figures::Figures;
pub use journal::{Journal, Note, OpenCall, Opened};
pub use record::{Begin, Disposition, Outcome, Record, Status};
pub use spool::Spool;
pub use text::Text;
pub use transaction_id::TransactionId;
pub use upload::{Bucket, Destination, Uploader};
