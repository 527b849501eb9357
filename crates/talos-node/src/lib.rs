//! The native module of the Talos kernel for Node.js.
//!
//! Every operation is a function of one argument, a block of bytes that holds inputs and takes outputs, and answers a number
//! (see [`block`]). This crate unpacks blocks and calls [`talos_kernel`]: every rule and every limit is checked there.
//! A panic becomes an answer like any other, and the process lives.

#![deny(unsafe_code)]

mod block;
mod boundary;
mod operations;

/// Of the crate, and what it was built for.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " for ", env!("TALOS_TARGET"));
