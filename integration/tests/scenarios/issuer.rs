//! Somebody who issues tokens, with a key made for the test.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tollhouse_filter::base64;

/// Signs tokens with ES256.
///
/// <https://www.rfc-editor.org/rfc/rfc7518#section-3.4>
pub(crate) struct Issuer {
    name: String,
    key: EcdsaKeyPair,
}

impl Issuer {
    pub(crate) fn new(name: &str) -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap();
        Self { name: name.to_owned(), key }
    }

    /// What Envoy verifies tokens with.
    pub(crate) fn jwks(&self) -> String {
        // An uncompressed point: 4, then both coordinates.
        let point = self.key.public_key().as_ref();
        let key = json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "test", "x": url(&point[1..33]), "y": url(&point[33..]) });
        json!({ "keys": [key] }).to_string()
    }

    /// A token that is good for an hour.
    pub(crate) fn token(&self, claims: Value) -> String {
        self.until(now() + 3_600, claims)
    }

    /// A token of yesterday.
    pub(crate) fn expired(&self, claims: Value) -> String {
        self.until(now() - 86_400, claims)
    }

    fn until(&self, exp: u64, mut claims: Value) -> String {
        claims["iss"] = json!(self.name);
        claims["aud"] = json!("tollhouse");
        claims["exp"] = json!(exp);
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "test" });
        let signed = format!("{}.{}", url(header.to_string().as_bytes()), url(claims.to_string().as_bytes()));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", url(signature.as_ref()))
    }
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Base64 for URLs, without padding.
pub(crate) fn url(bytes: &[u8]) -> String {
    base64::encode(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}
