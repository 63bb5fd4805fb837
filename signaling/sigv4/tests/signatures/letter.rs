//! A request that owns its parts, to be signed, changed and judged.

use sigv4::{AccessKey, Claim, Refusal, Request, Scope, Signature, Verifier, sign};

/// The key of all examples of AWS.
pub(crate) const KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30 12:36:00, the time of all examples.
pub(crate) const NOW_MS: u64 = 1_440_938_160_000;

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Letter {
    /// A call of the API as SDKs make it, not signed yet.
    pub(crate) fn example() -> Self {
        Self {
            method: "POST".into(),
            target: "/phone-numbers/%2B12065550100?operation=restore".into(),
            headers: vec![
                ("Host".into(), b"127.0.0.1:8443".to_vec()),
                ("Content-Type".into(), b"application/json".to_vec()),
            ],
            body: b"{}".to_vec(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        self
    }

    /// Replaces a text within the value of a header, which has to have it.
    pub(crate) fn edit(mut self, name: &str, old: &str, new: &str) -> Self {
        let value = self.value_mut(name);
        let text = String::from_utf8(value.clone()).expect("it is text");
        assert!(text.contains(old), "{name} has no {old}: {text}");
        *value = text.replace(old, new).into_bytes();
        self
    }

    pub(crate) fn value_mut(&mut self, name: &str) -> &mut Vec<u8> {
        let found = self.headers.iter_mut().find(|(found, _)| found.eq_ignore_ascii_case(name));
        &mut found.expect("the header is there").1
    }

    pub(crate) fn signed(self) -> Self {
        self.signed_at(NOW_MS)
    }

    pub(crate) fn signed_at(self, now_ms: u64) -> Self {
        self.try_signed(now_ms).expect("it can be signed")
    }

    pub(crate) fn try_signed(self, now_ms: u64) -> Result<Self, Refusal> {
        let scope = Scope { region: "us-east-1", service: "chime" };
        let key = AccessKey { id: KEY_ID, secret: SECRET };
        let signed = self.read(|request| sign(request, &key, &scope, now_ms))?;
        let bare = self.without("x-amz-date").without("authorization");
        Ok(bare.with("X-Amz-Date", &signed.date).with("Authorization", &signed.authorization))
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&Request<'_>) -> R) -> R {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        look(&Request { method: &self.method, target: &self.target, headers: &headers, body: &self.body })
    }

    pub(crate) fn claim(&self) -> Result<Claim, Refusal> {
        self.read(|request| Verifier::new(&["chime"]).claim(request, NOW_MS))
    }

    pub(crate) fn judge(&self) -> Result<Signature, Refusal> {
        self.claim()?.verify(SECRET)
    }
}
