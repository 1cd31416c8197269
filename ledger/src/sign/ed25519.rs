//! The signature scheme of the protocol: Ed25519, verified strictly.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// A secret key. Its bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(SigningKey);

impl Secret {
    /// The key of these 32 secret bytes.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The one signature of `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// Whether `signature` is that of `message` by the owner of `public`: no weak keys, one form only.
#[must_use]
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    VerifyingKey::from_bytes(public).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}
