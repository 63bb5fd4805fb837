//! Answers whoever asks about signatures, a line of JSON for a line of JSON: `tools/deploy/sigv4/botocore_agrees.py` does.
//!
//! A question has `method`, `target`, `headers` (pairs), `body`, `now_ms`, `key_id`, `secret`, `region` and `service`.
//! With `"ask": "verify"` the answer is `{"key_id"}` or `{"refused", "message"}`, with `"ask": "sign"` it is
//! `{"authorization"}`.

use std::error::Error;
use std::io::{self, BufRead, Write};

use serde_json::{Value, json};
use sigv4::{AccessKey, Refusal, Request, Scope, Verifier, sign};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let answer = answer(&question).ok_or("a question lacks a text that it has to have")?;
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(question: &Value) -> Option<Value> {
    let text = |name: &str| question[name].as_str();
    let headers = question["headers"].as_array()?.iter();
    let headers: Vec<(&str, &[u8])> =
        headers.map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?.as_bytes()))).collect::<Option<_>>()?;
    let (method, target, body) = (text("method")?, text("target")?, text("body")?.as_bytes());
    let request = Request { method, target, headers: &headers, body };
    let (now_ms, secret) = (question["now_ms"].as_u64()?, text("secret")?.as_bytes());
    let (region, service) = (text("region")?, text("service")?);
    let answer = if text("ask")? == "sign" {
        let key = AccessKey { id: text("key_id")?, secret };
        sign(&request, &key, &Scope { region, service }, now_ms)
            .map(|signed| json!({"authorization": signed.authorization}))
    } else {
        let verifier = Verifier::new(&[service]).with_regions(&[region]);
        let signature = verifier.claim(&request, now_ms).and_then(|claim| claim.verify(secret));
        signature.map(|signature| json!({"key_id": signature.key_id()}))
    };
    let refused = |refusal: Refusal| json!({"refused": refusal.word(), "message": refusal.to_string()});
    Some(answer.unwrap_or_else(refused))
}
