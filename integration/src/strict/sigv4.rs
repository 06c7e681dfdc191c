//! Signatures of AWS.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use sha2::{Digest, Sha256};

use super::{Fault, require};
use crate::provider::Seen;

/// Where requests are signed for.
pub(super) const REGION: &str = "eu-central-1";
const ID: &str = "AKIDEXAMPLE";
/// It begins like every provider's key, so that it is looked for where none may be.
const SECRET: &str = "sk-upstream-aws-secret";

/// The environment of an Envoy that signs.
pub const ENV: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", ID), ("AWS_SECRET_ACCESS_KEY", SECRET)];

/// Checks that the request is signed, its body included.
pub(super) fn verify(seen: &Seen) -> Result<(), Fault> {
    let header = |name: &str| seen.head.get(name).ok_or_else(|| format!("no {name}"));
    let (date, hash) = (header("x-amz-date")?, header("x-amz-content-sha256")?);
    require(hash == hex(&Sha256::digest(&seen.body)), || format!("{hash} is not the hash of the body"))?;
    let day = date.get(..8).ok_or_else(|| format!("x-amz-date: {date}"))?;
    let scope = format!("{day}/{REGION}/bedrock/aws4_request");
    let told = header("authorization")?;
    let rest = told.strip_prefix(&format!("AWS4-HMAC-SHA256 Credential={ID}/{scope}, SignedHeaders="));
    let (names, signature) = rest.and_then(|rest| rest.split_once(", Signature=")).ok_or_else(|| told.to_owned())?;
    for name in ["host", "x-amz-date", "x-amz-content-sha256"] {
        require(names.split(';').any(|signed| signed == name), || format!("{name} is not signed: {names}"))?;
    }
    let canonical = canonical(seen, names, hash)?;
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let key = [day, REGION, "bedrock", "aws4_request"]
        .iter()
        .fold(format!("AWS4{SECRET}").into_bytes(), |key, word| hmac(&key, word.as_bytes()));
    require(signature == hex(&hmac(&key, text.as_bytes())), || format!("not the signature of {canonical}"))
}

/// The path is encoded once more than it is sent; there is no query.
fn canonical(seen: &Seen, names: &str, hash: &str) -> Result<String, Fault> {
    let path = seen.head.word(1).replace('%', "%25");
    let mut headers = String::new();
    for name in names.split(';') {
        let value = seen.head.get(name).ok_or_else(|| format!("{name} is signed, but missing"))?;
        headers.push_str(&format!("{name}:{value}\n"));
    }
    Ok(format!("{}\n{path}\n\n{headers}\n{names}\n{hash}", seen.head.word(0)))
}

/// <https://www.rfc-editor.org/rfc/rfc2104>
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
