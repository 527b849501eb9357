//! The curves, engine against engine, on keys and signatures of every kind.

use crate::fields::Fields;
use crate::{POISON, is_all, plain};
use talos_kernel::{ed25519_public_key, ed25519_sign, ed25519_verify, x25519_public_key};

/// p = 2^255 - 19, least significant byte first.
const P: [u8; 32] = {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

/// Fields: public key, message, signature; then a seed and edits of the honest signature.
pub fn ed25519(data: &[u8]) {
    let mut fields = Fields::new(data);
    let (public_key, message, signature) = (fields.bytes(), fields.bytes(), fields.bytes());
    assert_eq!(ed25519_verify(public_key, message, signature), holds(public_key, message, signature), "raw");

    let seed = fields.array();
    let honest_key = ed25519_public_key(&seed).expect("32 bytes");
    let honest = ed25519_sign(&seed, message).expect("32 bytes");
    assert_eq!(honest_key, plain::ed25519_public_key(&seed), "both engines make one key");
    assert_eq!(honest, plain::ed25519_sign(&seed, message), "both engines make one signature");
    assert!(ed25519_verify(&honest_key, message, &honest), "an honest signature holds");
    let mut edited = honest.to_vec();
    fields.edit(&mut edited);
    let accepted = ed25519_verify(&honest_key, message, &edited);
    assert_eq!(accepted, holds(&honest_key, message, &edited), "edited");
    assert_eq!(accepted, edited == honest, "no other signature of a message holds than the one that was made");
}

/// The rule of specification 20.6, told by dalek: its strict equation, which compares the encoding of R, and y of A below p.
#[must_use]
pub fn holds(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(public_key), Ok(signature)) = (public_key.try_into(), signature.try_into()) else {
        return false;
    };
    let public_key: &[u8; 32] = public_key;
    let mut y = *public_key;
    y[31] &= 0x7f;
    y.iter().rev().lt(P.iter().rev())
        && plain::Ed25519Key::decode(public_key).is_some_and(|key| key.equation_holds(message, signature))
}

/// Fields: secret, public key.
pub fn x25519(data: &[u8]) {
    let mut fields = Fields::new(data);
    let (secret, public_key) = (fields.array(), fields.array());
    let (mut shared, mut expected) = ([POISON; 32], [POISON; 32]);
    let outcome = talos_kernel::x25519(&secret, &public_key, &mut shared);
    plain::x25519(&secret, &public_key, &mut expected);
    assert_eq!(shared, expected, "both engines agree on a secret");
    assert_eq!(outcome.is_err(), is_all(&shared, 0), "an all-zero secret is refused, and no other");
    let own = x25519_public_key(&secret).expect("32 bytes");
    assert_eq!(own, plain::x25519_public_key(&secret), "both engines make one key");
    let other = x25519_public_key(&public_key).expect("32 bytes");
    let mut answer = [POISON; 32];
    talos_kernel::x25519(&secret, &other, &mut shared).expect("an honest key");
    talos_kernel::x25519(&public_key, &own, &mut answer).expect("an honest key");
    assert_eq!(shared, answer, "both sides get one secret");
}
