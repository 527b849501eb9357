//! The token: a module is loaded, a user logged in, a key found.

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use crate::protocol::{Open, Refusal};

/// Ed25519 as the parameters of a curve: its object identifier 1.3.101.112 (RFC 8410), or its name as a printable string.
const ED25519_PARAMETERS: [&[u8]; 2] = [b"\x06\x03\x2b\x65\x70", b"\x13\x0cedwards25519"];
/// An octet string of 32 bytes, as which some modules show a point.
const POINT_PREFIX: &[u8] = b"\x04\x20";

/// A key that is ready to sign.
pub(crate) trait Token: Sized {
    /// Finds the key and whatever it takes to use it.
    fn open(open: &Open) -> Result<Self, Refusal>;
    /// The public half.
    fn public_key(&self) -> [u8; 32];
    /// A signature by the private half; its length is the module's word.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Refusal>;
}

/// A key of a PKCS #11 module.
pub(crate) struct Cryptoki {
    // Before the module: a session is closed before what it came from.
    session: Session,
    private_key: ObjectHandle,
    public_key: [u8; 32],
    _module: Pkcs11,
}

impl Token for Cryptoki {
    fn open(open: &Open) -> Result<Self, Refusal> {
        let module = Pkcs11::new(open.module.as_str()).map_err(|error| refusal("MODULE", &error))?;
        module
            .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
            .map_err(|error| refusal("MODULE", &error))?;
        let slot = slot_of(&module, &open.token)?;
        let session = module.open_ro_session(slot).map_err(|error| refusal("TOKEN", &error))?;
        let pin = AuthPin::new(open.pin.as_str().into());
        session.login(UserType::User, Some(&pin)).map_err(|error| refusal(login_part(&error), &error))?;
        let private_key = only(&session, ObjectClass::PRIVATE_KEY, &open.key)?;
        let public_key = point_of(&session, only(&session, ObjectClass::PUBLIC_KEY, &open.key)?)?;
        Ok(Self { session, private_key, public_key, _module: module })
    }

    fn public_key(&self) -> [u8; 32] {
        self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        self.session.sign(&mechanism, self.private_key, message).map_err(|error| refusal("DEVICE", &error))
    }
}

/// The one slot whose token has that label.
fn slot_of(module: &Pkcs11, label: &str) -> Result<Slot, Refusal> {
    let slots = module.get_slots_with_token().map_err(|error| refusal("TOKEN", &error))?;
    let mut named =
        slots.into_iter().filter(|slot| module.get_token_info(*slot).is_ok_and(|token| token.label() == label));
    match (named.next(), named.next()) {
        (Some(slot), None) => Ok(slot),
        (None, _) => Err(Refusal::new("TOKEN", "NONE")),
        (Some(_), Some(_)) => Err(Refusal::new("TOKEN", "SEVERAL")),
    }
}

/// The one half of a key of Edwards' form with that label.
fn only(session: &Session, class: ObjectClass, label: &str) -> Result<ObjectHandle, Refusal> {
    let template =
        [Attribute::Class(class), Attribute::KeyType(KeyType::EC_EDWARDS), Attribute::Label(label.as_bytes().to_vec())];
    let found = session.find_objects(&template).map_err(|error| refusal("KEY", &error))?;
    match found.as_slice() {
        [handle] => Ok(*handle),
        [] => Err(Refusal::new("KEY", "NONE")),
        _ => Err(Refusal::new("KEY", "SEVERAL")),
    }
}

fn point_of(session: &Session, public_key: ObjectHandle) -> Result<[u8; 32], Refusal> {
    let attributes = session
        .get_attributes(public_key, &[AttributeType::EcParams, AttributeType::EcPoint])
        .map_err(|error| refusal("KEY", &error))?;
    let mut is_ed25519 = false;
    let mut point = None;
    for attribute in attributes {
        match attribute {
            Attribute::EcParams(parameters) => is_ed25519 = ED25519_PARAMETERS.contains(&parameters.as_slice()),
            Attribute::EcPoint(encoded) => point = point_in(&encoded),
            _ => {}
        }
    }
    point.filter(|_| is_ed25519).ok_or_else(|| Refusal::new("KEY", "CURVE"))
}

/// A point as it is, or in an octet string: modules of both kinds are in use.
fn point_in(encoded: &[u8]) -> Option<[u8; 32]> {
    <[u8; 32]>::try_from(encoded)
        .or_else(|_| <[u8; 32]>::try_from(encoded.strip_prefix(POINT_PREFIX).unwrap_or_default()))
        .ok()
}

/// Whether it was the PIN that was refused.
fn login_part(error: &Error) -> &'static str {
    match error {
        Error::Pkcs11(
            RvError::PinIncorrect
            | RvError::PinLocked
            | RvError::PinInvalid
            | RvError::PinLenRange
            | RvError::PinExpired
            | RvError::UserPinNotInitialized
            | RvError::ArgumentsBad,
            _,
        ) => "PIN",
        _ => "TOKEN",
    }
}

fn refusal(what: &'static str, error: &Error) -> Refusal {
    match error {
        Error::Pkcs11(reason, _) => Refusal::new(what, &format!("{reason:?}")),
        Error::LibraryLoading(_) => Refusal::new(what, "NOT_LOADED"),
        _ => Refusal::new(what, "UNUSABLE"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_points_of_both_forms_and_no_others() {
        let point = [9_u8; 32];
        let wrapped = [POINT_PREFIX, &point].concat();
        assert_eq!(point_in(&point), Some(point));
        assert_eq!(point_in(&wrapped), Some(point));
        let other = [b"\x04\x21".as_slice(), &point].concat();
        for encoded in
            [&[][..], &point[1..], &wrapped[1..], &wrapped[..33], &other, &[wrapped.as_slice(), &[0]].concat()]
        {
            assert_eq!(point_in(encoded), None);
        }
    }

    #[test]
    fn tells_a_refused_pin_from_a_broken_token() {
        use cryptoki::context::Function;
        assert_eq!(login_part(&Error::Pkcs11(RvError::PinIncorrect, Function::Login)), "PIN");
        assert_eq!(login_part(&Error::Pkcs11(RvError::DeviceRemoved, Function::Login)), "TOKEN");
        assert_eq!(login_part(&Error::NotSupported), "TOKEN");
        assert_eq!(refusal("TOKEN", &Error::NotSupported), Refusal::new("TOKEN", "UNUSABLE"));
        assert_eq!(
            refusal("PIN", &Error::Pkcs11(RvError::PinLocked, Function::Login)),
            Refusal::new("PIN", "PinLocked")
        );
    }

    #[test]
    fn loads_no_module_that_is_none() {
        let open = Open {
            module: "/nonexistent/module.so".to_owned().into(),
            token: "t".to_owned().into(),
            key: "k".to_owned().into(),
            pin: "p".to_owned().into(),
        };
        assert_eq!(Cryptoki::open(&open).err(), Some(Refusal::new("MODULE", "NOT_LOADED")));
    }
}
