//! Requests and responses as values of their own: the model of `rsip`, filled from what was lexed and validated.

mod headers;
mod request;
mod response;

pub use headers::Headers;
pub use request::Request;
pub use response::Response;
pub(crate) use response::with_tag;

use crate::header::Name;
use crate::header::media_type::SDP;
use crate::lexer::Lexed;
use crate::validate::content;

/// Takes over headers and body; what else is in the body than a description stays behind, and the headers do not speak of it.
fn taken_over(lexed: &Lexed<'_>, is_of_call: bool) -> (Headers, Vec<u8>) {
    let mut headers = Headers::from_lexed(lexed);
    let description = if is_of_call { content::description(lexed) } else { None };
    let Some(description) = description else { return (headers, lexed.body.to_vec()) };
    for name in [Name::ContentDisposition, Name::MimeVersion] {
        headers.remove(name);
    }
    if description.is_empty() {
        headers.remove(Name::ContentType);
    } else {
        headers.set(Name::ContentType, SDP);
    }
    (headers, description.to_vec())
}

/// Gives a message the questions that its headers answer.
macro_rules! reads_headers {
    ($message:ident) => {
        impl $message {
            /// Returns the headers.
            pub const fn headers(&self) -> &Headers {
                &self.headers
            }

            /// Returns the headers to be changed.
            pub const fn headers_mut(&mut self) -> &mut Headers {
                &mut self.headers
            }

            /// Returns the first value of a header.
            pub fn header(&self, name: Name) -> Option<&str> {
                self.headers.get(name)
            }

            /// Returns the topmost Via.
            pub fn top_via(&self) -> Option<Via<'_>> {
                self.headers.vias().next()
            }

            /// Returns the Call-ID; empty in a message that was not given one.
            pub fn call_id(&self) -> &str {
                self.headers.get(Name::CallId).unwrap_or("")
            }

            /// Returns the CSeq.
            pub fn cseq(&self) -> Option<CSeq> {
                parse_cseq(self.headers.get(Name::CSeq)?).ok()
            }

            /// Returns who sent the request.
            pub fn from_address(&self) -> Option<AddressParts<'_>> {
                self.headers.address(Name::From)
            }

            /// Returns whom the request was sent to.
            pub fn to_address(&self) -> Option<AddressParts<'_>> {
                self.headers.address(Name::To)
            }

            /// Returns the tag of From.
            pub fn from_tag(&self) -> Option<&str> {
                self.from_address()?.tag()
            }

            /// Returns the tag of To, which is there within a dialog.
            pub fn to_tag(&self) -> Option<&str> {
                self.to_address()?.tag()
            }

            /// Returns the first Contact that is an address.
            pub fn contact(&self) -> Option<AddressParts<'_>> {
                self.headers.address(Name::Contact)
            }

            /// Returns the body.
            pub fn body(&self) -> &[u8] {
                &self.body
            }

            /// Sets the body and says what it is; an empty one has no type.
            pub fn set_body(&mut self, media_type: &str, body: impl Into<Vec<u8>>) {
                self.body = body.into();
                if self.body.is_empty() {
                    self.headers.remove(Name::ContentType);
                } else {
                    self.headers.set(Name::ContentType, media_type);
                }
            }

            /// Returns the same message with one more header value.
            #[must_use]
            pub fn with(mut self, name: Name, value: impl Into<String>) -> Self {
                self.headers.push(name, value);
                self
            }

            /// Returns the same message with a body.
            #[must_use]
            pub fn with_body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
                self.set_body(media_type, body);
                self
            }
        }
    };
}

pub(crate) use reads_headers;
