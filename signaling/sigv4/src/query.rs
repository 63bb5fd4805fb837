//! The query as it is signed: decoded, encoded strictly, and sorted.

use crate::Refusal;
use crate::percent;

/// Longer queries are refused: no operation comes near it.
const QUERY_BYTES_MAX: usize = 16 * 1024;

/// The parameters of a query, encoded strictly and in the order in which they are signed.
pub(crate) struct Query(Vec<(Vec<u8>, Vec<u8>)>);

impl Query {
    /// Reads what stands behind the `?`.
    ///
    /// A `+` is a space, as forms write it: botocore sends such spaces and signs them as `%20`. A parameter without
    /// `=` has an empty value; an empty one between two `&` counts.
    pub(crate) fn parse(query: &str) -> Result<Self, Refusal> {
        if query.len() > QUERY_BYTES_MAX {
            let found = format!("{} bytes", query.len());
            return Err(Refusal::unreadable("a query of 16384 bytes at most", &found));
        }
        if query.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let mut parameters = Vec::new();
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            parameters.push((strictly(name)?, strictly(value)?));
        }
        // By name and then by value: sorted as whole texts, `a-b=` would come before `a=`.
        parameters.sort_unstable();
        Ok(Self(parameters))
    }

    /// Tells whether this is a signed URL: its signature is a parameter.
    pub(crate) fn is_presigned(&self) -> bool {
        let names = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"];
        self.0.iter().any(|(found, _)| names.iter().any(|name| found.eq_ignore_ascii_case(name.as_bytes())))
    }

    /// Appends the canonical form.
    pub(crate) fn write_canonical(&self, out: &mut Vec<u8>) {
        for (at, (name, value)) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(b'&');
            }
            out.extend_from_slice(name);
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
}

fn strictly(text: &str) -> Result<Vec<u8>, Refusal> {
    let spaced = text.replace('+', " ");
    let decoded = percent::decode(&spaced)
        .ok_or_else(|| Refusal::unreadable("two hexadecimal digits behind each '%' of the query", text))?;
    let mut out = Vec::with_capacity(text.len());
    percent::encode(&decoded, &mut out);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(query: &str) -> Result<String, Refusal> {
        let mut out = Vec::new();
        Query::parse(query)?.write_canonical(&mut out);
        Ok(String::from_utf8(out).expect("escapes are letters"))
    }

    #[test]
    fn parameters_are_encoded_strictly_and_sorted() {
        for (query, expected) in [
            ("", ""),
            ("operation=batch-delete", "operation=batch-delete"),
            ("b=2&a=1", "a=1&b=2"),
            ("a-b=1&a=2", "a=2&a-b=1"),
            ("a=2&a=1&a=1", "a=1&a=1&a=2"),
            ("a&b=", "a=&b="),
            ("a=1&", "=&a=1"),
            ("a=b=c", "a=b%3Dc"),
            ("e164=%2B1206&name=A+B%20C", "e164=%2B1206&name=A%20B%20C"),
            ("arn=arn:aws:chime/x%3a%7e", "arn=arn%3Aaws%3Achime%2Fx%3A~"),
            ("q=Zürich&q=%C3%BC", "q=%C3%BC&q=Z%C3%BCrich"),
            ("a=?&?=a", "%3F=a&a=%3F"),
        ] {
            assert_eq!(canonical(query).as_deref(), Ok(expected), "{query}");
        }
    }

    #[test]
    fn what_has_two_readings_is_refused_and_so_is_a_long_one() {
        assert!(matches!(canonical("a=100%"), Err(Refusal::Unreadable(_))));
        assert!(canonical(&"&".repeat(QUERY_BYTES_MAX)).is_ok());
        assert!(matches!(canonical(&"&".repeat(QUERY_BYTES_MAX + 1)), Err(Refusal::Unreadable(_))));
    }

    #[test]
    fn a_signed_url_is_known_by_any_of_its_parameters() {
        for query in ["X-Amz-Signature=00", "a=1&x-amz-credential=AKID", "X%2DAmz-Algorithm"] {
            assert!(Query::parse(query).expect("it is readable").is_presigned(), "{query}");
        }
        assert!(!Query::parse("X-Amz-Date=1&filter=X-Amz-Signature").expect("it is readable").is_presigned());
    }
}
