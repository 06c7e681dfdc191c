//! An OpenID provider, which lets everybody sign in.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use integration::http;
use integration::provider::{Provider, Seen};
use integration::reply::Reply;
use integration::stage;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::issuer::{Issuer, url};

/// What it knows its client by.
pub(super) const SECRET: &str = "client-secret-c0ffee";

/// Gives tokens for codes, once each, and for refresh tokens.
pub(super) struct Login {
    state: Arc<State>,
    pub(super) server: Provider,
}

struct State {
    issuer: Issuer,
    /// Seconds for which a session holds.
    expires_in: AtomicU64,
    /// What somebody is known by, for each code that nobody has used and each refresh token.
    grants: Mutex<HashMap<String, Grant>>,
}

#[derive(Clone)]
struct Grant {
    /// <https://www.rfc-editor.org/rfc/rfc7636#section-4.2>
    challenge: Option<String>,
    claims: Value,
}

impl Login {
    pub(super) fn new(issuer: &str) -> Self {
        let issuer = Issuer::new(issuer);
        let state = Arc::new(State { issuer, expires_in: AtomicU64::new(3_600), grants: Mutex::default() });
        let ours = Arc::clone(&state);
        let server = stage::outliving(Provider::answering(move |seen, _| ours.answer(seen)));
        Self { state, server }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address
    }

    pub(super) fn issuer(&self) -> &Issuer {
        &self.state.issuer
    }

    /// Lets new sessions hold so many seconds.
    pub(super) fn expire_in(&self, seconds: u64) {
        self.state.expires_in.store(seconds, Ordering::Relaxed);
    }

    /// Signs in somebody who was sent to this address. Says where the browser is sent back to.
    pub(super) fn sign_in(&self, address: &str, claims: Value) -> String {
        let asked = fields(address.split_once('?').unwrap().1);
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", "tollhouse"));
        assert_eq!(asked["code_challenge_method"], "S256");
        let code = format!("code-of-{}", claims["email"].as_str().unwrap());
        let grant = Grant { challenge: Some(asked["code_challenge"].clone()), claims };
        self.state.grants.lock().unwrap().insert(code.clone(), grant);
        let back = asked["redirect_uri"].strip_prefix("https://llm.acme.example").unwrap();
        format!("{back}?code={code}&state={}", asked["state"])
    }
}

impl State {
    fn answer(&self, seen: &Seen) -> Reply {
        if seen.head.word(1) == "/keys" {
            return Reply::new(200).header("content-type", "application/json").body(self.issuer.jwks());
        }
        let asked = fields(&String::from_utf8_lossy(&seen.body));
        match self.grant(&asked) {
            Some(grant) => Reply::json(200, &self.tokens(grant)),
            None => Reply::json(400, &json!({ "error": "invalid_grant" })),
        }
    }

    fn grant(&self, asked: &HashMap<String, String>) -> Option<Grant> {
        let mut grants = self.grants.lock().unwrap();
        let known = asked.get("client_id")? == "tollhouse" && asked.get("client_secret")? == SECRET;
        match asked.get("grant_type")?.as_str() {
            "authorization_code" => {
                let grant = grants.remove(asked.get("code")?)?;
                let challenge = url(digest(&SHA256, asked.get("code_verifier")?.as_bytes()).as_ref());
                (known && grant.challenge == Some(challenge)).then_some(grant)
            }
            "refresh_token" => grants.get(asked.get("refresh_token")?).filter(|_| known).cloned(),
            _ => None,
        }
    }

    /// <https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse>
    fn tokens(&self, grant: Grant) -> Value {
        let refresh = format!("refresh-{}", grant.claims["email"].as_str().unwrap());
        let (id, mut access) = (grant.claims.clone(), grant.claims.clone());
        access["scope"] = json!("openid email");
        let tokens = json!({
            "token_type": "Bearer",
            "expires_in": self.expires_in.load(Ordering::Relaxed),
            "id_token": self.issuer.token(id),
            "access_token": self.issuer.token(access),
            "refresh_token": refresh,
        });
        self.grants.lock().unwrap().insert(refresh, Grant { challenge: None, ..grant });
        tokens
    }
}

/// <https://url.spec.whatwg.org/#application/x-www-form-urlencoded>, without spaces.
fn fields(form: &str) -> HashMap<String, String> {
    form.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), http::decoded(v))).collect()
}
