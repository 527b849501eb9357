//! The errors of the kernel, the same conditions and codes as those of every other backend.

use core::fmt;

/// Why a step was refused. No variant carries a secret or bytes of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// An argument has a length in bytes that the function does not take; the name is that of the port.
    Argument(&'static str),
    /// A count is out of its bounds; the name is that of the port.
    Parameter(&'static str),
    /// A tag or a key commitment is wrong.
    Authentication,
    /// The plaintext is authentic, but has no padding mark.
    Padding,
    /// A Diffie-Hellman result is all zero.
    LowOrder,
    /// An encapsulation key has a coefficient that is not below 3,329.
    KeyInvalid,
}

impl Error {
    /// The stable code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Argument(_) => "KERNEL_ARGUMENT",
            Self::Parameter(_) => "KERNEL_PARAMETER",
            Self::Authentication => "KERNEL_AUTHENTICATION",
            Self::Padding => "KERNEL_PADDING",
            Self::LowOrder => "KERNEL_LOW_ORDER",
            Self::KeyInvalid => "KERNEL_KEY_INVALID",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(name) | Self::Parameter(name) => write!(formatter, "{}: {name}", self.code()),
            _ => formatter.write_str(self.code()),
        }
    }
}

impl core::error::Error for Error {}

/// The `N` bytes of `bytes`, or [`Error::Argument`] with the argument's name.
pub(crate) fn exact<'a, const N: usize>(argument: &'static str, bytes: &'a [u8]) -> Result<&'a [u8; N], Error> {
    bytes.try_into().map_err(|_| Error::Argument(argument))
}

/// [`Error::Argument`] with the argument's name unless `holds`.
pub(crate) fn require(argument: &'static str, holds: bool) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Argument(argument)) }
}

/// [`Error::Parameter`] with the parameter's name unless `holds`.
pub(crate) fn require_count(parameter: &'static str, holds: bool) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Parameter(parameter)) }
}
