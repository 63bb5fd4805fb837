//! Headers as values of their own types: each is read from one header value, and written as one.

pub mod date;
pub mod disposition;
pub mod media_type;
pub mod name;
pub mod number;
pub mod option_tag;
pub mod reason;
pub mod session_timer;
pub mod via;
pub mod warning;

pub use date::Date;
pub use disposition::Disposition;
pub use media_type::MediaType;
pub use name::Name;
pub use number::{RetryAfter, parse_cseq};
pub use reason::Reason;
pub use session_timer::{Refresher, SessionExpires};
pub use via::Via;
pub use warning::Warning;
