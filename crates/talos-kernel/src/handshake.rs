//! The turn of the ratchet and the handshake of both sides, one call each: specification 20.14 to 20.16.
//!
//! `SK (96) = HKDF(salt 0^32, 0xff^32 || DH1 || DH2 || DH3 [|| DH4] || ss, "talos/ts1/sk" || transcript hash)` = root key ||
//! the initiator's header key || the responder's. `RK' || CK || NHK = HKDF(salt RK, DH [|| mixed], "talos/ts1/rk", 96)`.

use crate::error::{Error, exact, require};
use crate::hash::{HkdfInput, SHA256_BYTES, hkdf_sha256};
use crate::mlkem::{
    MLKEM768_CIPHERTEXT_BYTES, MLKEM768_ENCAPSULATION_KEY_BYTES, MLKEM768_RANDOMNESS_BYTES, MLKEM768_SEED_BYTES,
    mlkem768_decapsulate, mlkem768_encapsulate,
};
use crate::ratchet::RATCHET_KEY_BYTES;
use crate::secret::Secret;
use crate::x25519::{X25519_KEY_BYTES, agree, x25519_public_key};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Longest head of a transcript.
pub const HANDSHAKE_MAX_HEAD_BYTES: usize = 8192;
/// Bytes of the three keys that a turn and a handshake derive.
pub const DERIVED_KEYS_BYTES: usize = 3 * RATCHET_KEY_BYTES;

const TURN_INFO: &[u8] = b"talos/ts1/rk";
const SESSION_INFO: &[u8; 12] = b"talos/ts1/sk";
/// What stands before the shared secrets: 32 bytes that no X25519 public key encodes.
const DOMAIN: [u8; 32] = [0xff; 32];
const SECRETS_MAX_BYTES: usize = 6 * 32;

/// Input of [`ratchet_turn`].
#[derive(Clone, Copy)]
pub struct TurnInput<'a> {
    /// 32 bytes.
    pub root_key: &'a [u8],
    /// 32 bytes: our ratchet secret.
    pub secret: &'a [u8],
    /// 32 bytes: the peer's ratchet key.
    pub public_key: &'a [u8],
    /// 32 bytes: the secret of a post-quantum step that this turn mixes in.
    pub mixed: Option<&'a [u8]>,
}

/// Input of [`handshake_initiate`]; all keys have 32 bytes unless said.
#[derive(Clone, Copy)]
pub struct InitiateInput<'a> {
    /// Secret of our identity key.
    pub identity_secret: &'a [u8],
    /// Fresh.
    pub ephemeral_secret: &'a [u8],
    /// Fresh: secret of our first ratchet key.
    pub ratchet_secret: &'a [u8],
    /// The responder's identity key.
    pub peer_identity_key: &'a [u8],
    /// The responder's signed prekey.
    pub signed_prekey: &'a [u8],
    /// X25519 key of the one-time pair, if there is one.
    pub one_time_key: Option<&'a [u8]>,
    /// 1,184 bytes: the encapsulation key of the one-time pair, or the signed one.
    pub kem_key: &'a [u8],
    /// Fresh.
    pub kem_randomness: &'a [u8],
    /// Items 1 to 15 of the transcript with their lengths, up to 8,192 bytes.
    pub transcript_head: &'a [u8],
    /// Hash of the capability context.
    pub context: &'a [u8],
}

/// What [`handshake_initiate`] derives. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Initiated {
    /// Public key of the ephemeral secret.
    pub ephemeral_key: [u8; X25519_KEY_BYTES],
    /// Public key of the ratchet secret.
    pub ratchet_key: [u8; X25519_KEY_BYTES],
    /// ML-KEM ciphertext.
    pub kem_ciphertext: [u8; MLKEM768_CIPHERTEXT_BYTES],
    /// Hash of the whole transcript.
    pub transcript_hash: [u8; SHA256_BYTES],
    /// Root key after the first turn.
    pub root_key: [u8; RATCHET_KEY_BYTES],
    /// Chain key of the first sending chain.
    pub chain_key: [u8; RATCHET_KEY_BYTES],
    /// Header key of the sending chain after that.
    pub next_header_key: [u8; RATCHET_KEY_BYTES],
    /// First header key of the initiator.
    pub initiator_header_key: [u8; RATCHET_KEY_BYTES],
    /// First header key of the responder.
    pub responder_header_key: [u8; RATCHET_KEY_BYTES],
}

impl Default for Initiated {
    fn default() -> Self {
        Self {
            ephemeral_key: [0; X25519_KEY_BYTES],
            ratchet_key: [0; X25519_KEY_BYTES],
            kem_ciphertext: [0; MLKEM768_CIPHERTEXT_BYTES],
            transcript_hash: [0; SHA256_BYTES],
            root_key: [0; RATCHET_KEY_BYTES],
            chain_key: [0; RATCHET_KEY_BYTES],
            next_header_key: [0; RATCHET_KEY_BYTES],
            initiator_header_key: [0; RATCHET_KEY_BYTES],
            responder_header_key: [0; RATCHET_KEY_BYTES],
        }
    }
}

/// Input of [`handshake_respond`]; all keys have 32 bytes unless said.
#[derive(Clone, Copy)]
pub struct RespondInput<'a> {
    /// Secret of our identity key.
    pub identity_secret: &'a [u8],
    /// Secret of our signed prekey.
    pub signed_prekey_secret: &'a [u8],
    /// X25519 secret of the one-time pair, if there is one.
    pub one_time_secret: Option<&'a [u8]>,
    /// 64 bytes: seed of the one-time pair's ML-KEM key, or of the signed one.
    pub kem_seed: &'a [u8],
    /// The initiator's identity key.
    pub peer_identity_key: &'a [u8],
    /// The initiator's ephemeral key.
    pub ephemeral_key: &'a [u8],
    /// 1,088 bytes.
    pub kem_ciphertext: &'a [u8],
    /// Hash of the whole transcript.
    pub transcript_hash: &'a [u8],
}

/// Turns the ratchet: `out` becomes root key || chain key || next header key.
///
/// # Errors
/// [`Error::Argument`] for a wrong length, [`Error::LowOrder`] for an all-zero Diffie-Hellman result; `out` is untouched.
pub fn ratchet_turn(input: &TurnInput<'_>, out: &mut [u8; DERIVED_KEYS_BYTES]) -> Result<(), Error> {
    let root_key = exact("rootKey", input.root_key)?;
    let secret = exact("secret", input.secret)?;
    let public_key = exact("publicKey", input.public_key)?;
    let mixed = input.mixed.map(|mixed| exact("mixed", mixed)).transpose()?;
    turn(root_key, secret, public_key, mixed, out)
}

/// The initiator's handshake, up to and with the first turn of the ratchet.
///
/// # Errors
/// [`Error::Argument`] for a wrong length, [`Error::KeyInvalid`] for an encapsulation key that fails the modulus check,
/// [`Error::LowOrder`] for an all-zero Diffie-Hellman result; `out` is all zero after the latter two.
pub fn handshake_initiate(input: &InitiateInput<'_>, out: &mut Initiated) -> Result<(), Error> {
    let keys = InitiateKeys::of(input)?;
    let answer = initiate(input, &keys, out);
    if answer.is_err() {
        out.zeroize();
    }
    answer
}

/// The responder's handshake: `out` becomes root key || the initiator's header key || the responder's header key.
///
/// # Errors
/// [`Error::Argument`] for a wrong length, [`Error::LowOrder`] for an all-zero Diffie-Hellman result; `out` is untouched.
pub fn handshake_respond(input: &RespondInput<'_>, out: &mut [u8; DERIVED_KEYS_BYTES]) -> Result<(), Error> {
    let identity_secret = exact("identitySecret", input.identity_secret)?;
    let signed_prekey_secret = exact("signedPrekeySecret", input.signed_prekey_secret)?;
    let one_time_secret = input.one_time_secret.map(|secret| exact("oneTimeSecret", secret)).transpose()?;
    let kem_seed: &[u8; MLKEM768_SEED_BYTES] = exact("kemSeed", input.kem_seed)?;
    let peer_identity_key = exact("peerIdentityKey", input.peer_identity_key)?;
    let ephemeral_key = exact("ephemeralKey", input.ephemeral_key)?;
    let kem_ciphertext: &[u8; MLKEM768_CIPHERTEXT_BYTES] = exact("kemCiphertext", input.kem_ciphertext)?;
    let transcript_hash = exact("transcriptHash", input.transcript_hash)?;

    let mut secrets = Secrets::new();
    agree(signed_prekey_secret, peer_identity_key, secrets.next())?;
    agree(identity_secret, ephemeral_key, secrets.next())?;
    agree(signed_prekey_secret, ephemeral_key, secrets.next())?;
    if let Some(one_time_secret) = one_time_secret {
        agree(one_time_secret, ephemeral_key, secrets.next())?;
    }
    mlkem768_decapsulate(kem_seed, kem_ciphertext, secrets.next())?;
    secrets.session_keys(transcript_hash, out)
}

/// The initiator's keys, with the right lengths.
struct InitiateKeys<'a> {
    identity_secret: &'a [u8; 32],
    ephemeral_secret: &'a [u8; 32],
    ratchet_secret: &'a [u8; 32],
    peer_identity_key: &'a [u8; 32],
    signed_prekey: &'a [u8; 32],
    one_time_key: Option<&'a [u8; 32]>,
    context: &'a [u8; 32],
}

impl<'a> InitiateKeys<'a> {
    fn of(input: &InitiateInput<'a>) -> Result<Self, Error> {
        let keys = Self {
            identity_secret: exact("identitySecret", input.identity_secret)?,
            ephemeral_secret: exact("ephemeralSecret", input.ephemeral_secret)?,
            ratchet_secret: exact("ratchetSecret", input.ratchet_secret)?,
            peer_identity_key: exact("peerIdentityKey", input.peer_identity_key)?,
            signed_prekey: exact("signedPrekey", input.signed_prekey)?,
            one_time_key: input.one_time_key.map(|key| exact("oneTimeKey", key)).transpose()?,
            context: exact("context", input.context)?,
        };
        require("kemKey", input.kem_key.len() == MLKEM768_ENCAPSULATION_KEY_BYTES)?;
        require("kemRandomness", input.kem_randomness.len() == MLKEM768_RANDOMNESS_BYTES)?;
        require("transcriptHead", input.transcript_head.len() <= HANDSHAKE_MAX_HEAD_BYTES)?;
        Ok(keys)
    }
}

fn initiate(input: &InitiateInput<'_>, keys: &InitiateKeys<'_>, out: &mut Initiated) -> Result<(), Error> {
    // First, as the specification says: a key that is none is refused as such, whatever the other keys are.
    let mut kem_secret = Secret::zero();
    mlkem768_encapsulate(input.kem_key, input.kem_randomness, &mut out.kem_ciphertext, &mut kem_secret)?;
    let mut secrets = Secrets::new();
    agree(keys.identity_secret, keys.signed_prekey, secrets.next())?;
    agree(keys.ephemeral_secret, keys.peer_identity_key, secrets.next())?;
    agree(keys.ephemeral_secret, keys.signed_prekey, secrets.next())?;
    if let Some(one_time_key) = keys.one_time_key {
        agree(keys.ephemeral_secret, one_time_key, secrets.next())?;
    }
    *secrets.next() = *kem_secret;
    out.ephemeral_key = x25519_public_key(keys.ephemeral_secret)?;
    out.ratchet_key = x25519_public_key(keys.ratchet_secret)?;
    let mut transcript = Sha256::new_with_prefix(input.transcript_head);
    for item in [&out.ephemeral_key[..], &out.kem_ciphertext, keys.context] {
        transcript.update(u32::try_from(item.len()).unwrap_or(u32::MAX).to_be_bytes());
        transcript.update(item);
    }
    out.transcript_hash = transcript.finalize().into();

    let mut derived = Secret::zero();
    secrets.session_keys(&out.transcript_hash, &mut derived)?;
    let [root_key, initiator_header_key, responder_header_key] = thirds(&derived);
    out.initiator_header_key = *initiator_header_key;
    out.responder_header_key = *responder_header_key;
    let mut turned = Secret::zero();
    turn(root_key, keys.ratchet_secret, keys.signed_prekey, None, &mut turned)?;
    let [root_key, chain_key, next_header_key] = thirds(&turned);
    out.root_key = *root_key;
    out.chain_key = *chain_key;
    out.next_header_key = *next_header_key;
    Ok(())
}

fn turn(
    root_key: &[u8; RATCHET_KEY_BYTES],
    secret: &[u8; X25519_KEY_BYTES],
    public_key: &[u8; X25519_KEY_BYTES],
    mixed: Option<&[u8; 32]>,
    out: &mut [u8; DERIVED_KEYS_BYTES],
) -> Result<(), Error> {
    let mut secrets = Secrets::empty();
    agree(secret, public_key, secrets.next())?;
    if let Some(mixed) = mixed {
        secrets.next().copy_from_slice(mixed);
    }
    hkdf_sha256(&HkdfInput { ikm: secrets.bytes(), salt: root_key, info: TURN_INFO }, out)
}

/// The three keys of 32 bytes of a derivation.
fn thirds(derived: &[u8; DERIVED_KEYS_BYTES]) -> [&[u8; 32]; 3] {
    let keys = derived.as_chunks().0;
    [&keys[0], &keys[1], &keys[2]]
}

/// Shared secrets one after another, as input key material.
struct Secrets {
    joined: Secret<SECRETS_MAX_BYTES>,
    length: usize,
}

impl Secrets {
    fn empty() -> Self {
        Self { joined: Secret::zero(), length: 0 }
    }

    /// Those of a handshake, which begin with [`DOMAIN`].
    fn new() -> Self {
        let mut secrets = Self::empty();
        *secrets.next() = DOMAIN;
        secrets
    }

    /// Room for the next secret; there are six at most.
    fn next(&mut self) -> &mut [u8; 32] {
        let index = self.length / 32;
        self.length += 32;
        &mut self.joined.as_chunks_mut().0[index]
    }

    fn bytes(&self) -> &[u8] {
        &self.joined[..self.length]
    }

    fn session_keys(
        &self,
        transcript_hash: &[u8; SHA256_BYTES],
        out: &mut [u8; DERIVED_KEYS_BYTES],
    ) -> Result<(), Error> {
        let mut info = [0; SESSION_INFO.len() + SHA256_BYTES];
        info[..SESSION_INFO.len()].copy_from_slice(SESSION_INFO);
        info[SESSION_INFO.len()..].copy_from_slice(transcript_hash);
        hkdf_sha256(&HkdfInput { ikm: self.bytes(), salt: &[0; 32], info: &info }, out)
    }
}
