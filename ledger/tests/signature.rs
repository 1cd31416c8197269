//! The signature scheme by its own name, so that Miri runs it too.

#![allow(missing_docs, clippy::unwrap_used)]

use rookery_ledger::sign::ed25519::{Secret, verify};

/// RFC 8032, section 7.1, the second vector.
#[test]
fn an_ed25519_signature_is_the_one_of_the_standard_and_has_one_form() {
    let secret = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let public = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signature: [u8; 64] = bytes(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    let key = Secret::new(&secret);
    assert_eq!(key.sign(&[0x72]), signature);
    assert!(verify(&public, &[0x72], &signature));
    let mut other_form = signature;
    other_form[63] |= 0xe0;
    assert!(!verify(&public, &[0x72], &other_form));
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let digits: Vec<u8> = hex
        .bytes()
        .map(|c| (c as char).to_digit(16).unwrap() as u8)
        .collect();
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    bytes.try_into().unwrap()
}
