//! What stands in for signatures under Miri, where one of Ed25519 takes ten seconds of CPU time: a few sums over public key and
//! message. Anyone can make it, so it shows nothing about forgery; all that depends on whether a signature holds goes the
//! same way.

/// A secret key, in name only: the public key is its bytes, each turned over.
#[derive(Clone)]
pub(super) struct Secret([u8; 32]);

impl Secret {
    /// The key of these 32 bytes.
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        Self(*secret)
    }

    /// The public key.
    pub(super) fn public(&self) -> [u8; 32] {
        self.0.map(|byte| !byte)
    }

    /// The one tag of `message`.
    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        tag(&self.public(), message)
    }
}

/// Whether `signature` is the tag of `message` for `public`.
pub(super) fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    tag(public, message) == *signature
}

/// FNV-1a over eight bytes at a time, spread over 64 bytes.
fn tag(public: &[u8; 32], message: &[u8]) -> [u8; 64] {
    let mut sum = 0xcbf2_9ce4_8422_2325 ^ message.len() as u64;
    for part in public.chunks(8).chain(message.chunks(8)) {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        sum = (sum ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3);
        sum ^= sum >> 29;
    }
    let mut tag = [0; 64];
    for place in tag.chunks_exact_mut(8) {
        sum = (sum ^ (sum >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        place.copy_from_slice(&sum.to_le_bytes());
    }
    tag
}
