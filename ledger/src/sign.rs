//! Ed25519 over `rookery/1/<kind>`, a zero byte, the game and the body. The one place that touches the signature scheme.

pub mod ed25519;
#[cfg(feature = "recall")]
pub mod recall;
#[cfg(miri)]
mod tag;

#[cfg(not(miri))]
use ed25519 as scheme;
#[cfg(miri)]
use tag as scheme;

use crate::codec;
use crate::id::{GameId, Hash, Nonce, OrderKey, PlayerKey, Signature};
use crate::record::{Body, Signed};

/// A secret Ed25519 key, of a player or of a relay. Its bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct Keypair(scheme::Secret);

impl Keypair {
    /// The key of these 32 secret bytes, which must come from a cryptographic random source.
    #[must_use]
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self(scheme::Secret::new(secret))
    }

    /// The public key as a player's.
    #[must_use]
    pub fn player(&self) -> PlayerKey {
        PlayerKey(self.0.public())
    }

    /// The public key as a relay's order key.
    #[must_use]
    pub fn order(&self) -> OrderKey {
        OrderKey(self.0.public())
    }

    /// Signs `body` in `game`. Ed25519 is deterministic: the same body gives the same bytes.
    #[must_use]
    pub fn sign<B: Body>(&self, game: GameId, body: B) -> Signed<B> {
        let sig = Signature(self.sign_bytes(&preimage(game, &body)));
        Signed { body, sig }
    }

    fn sign_bytes(&self, message: &[u8]) -> [u8; 64] {
        #[cfg(feature = "recall")]
        return recall::sign(&self.0.public(), message, || self.0.sign(message));
        #[cfg(not(feature = "recall"))]
        self.0.sign(message)
    }
}

impl std::fmt::Debug for Keypair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keypair({})", self.player())
    }
}

/// What is signed.
fn preimage<B: Body>(game: GameId, body: &B) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    bytes.extend_from_slice(b"rookery/1/");
    bytes.extend_from_slice(body.kind().as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&game.0);
    bytes.extend_from_slice(&codec::encode(body));
    bytes
}

fn verify<B: Body>(key: &[u8; 32], game: GameId, signed: &Signed<B>) -> bool {
    let (message, signature) = (preimage(game, &signed.body), &signed.sig.0);
    #[cfg(feature = "recall")]
    return recall::verify(key, &message, signature, scheme::verify);
    #[cfg(not(feature = "recall"))]
    scheme::verify(key, &message, signature)
}

/// A public key that signatures can be checked with.
pub trait Verifier: Copy {
    /// Whether `signed` carries this key's signature for `game`.
    #[must_use]
    fn signed<B: Body>(self, game: GameId, signed: &Signed<B>) -> bool;
}

impl Verifier for PlayerKey {
    fn signed<B: Body>(self, game: GameId, signed: &Signed<B>) -> bool {
        verify(&self.0, game, signed)
    }
}

impl Verifier for OrderKey {
    fn signed<B: Body>(self, game: GameId, signed: &Signed<B>) -> bool {
        verify(&self.0, game, signed)
    }
}

/// The commitment to a secret with which colours are drawn.
#[must_use]
pub fn colours_commitment(secret: Nonce) -> Hash {
    let mut bytes = b"rookery/1/colours\0".to_vec();
    bytes.extend_from_slice(&secret.0);
    codec::hash_bytes(&bytes)
}

/// Whether the creator has White: the lowest bit of the last byte of SHA-256 over the two nonces is 0.
#[must_use]
pub fn creator_draws_white(secret: Nonce, joiner: Nonce) -> bool {
    let digest = codec::hash_bytes(&[secret.0, joiner.0].concat());
    digest.0[31] & 1 == 0
}
