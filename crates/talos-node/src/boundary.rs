//! Where JavaScript calls in: the only file with `unsafe` in it.
//!
//! Written on the bare Node-API because it is the hot path: napi-rs converts a number in 70 ns and a byte array in 90 ns,
//! these calls take 15 ns in all. What is relied on is stated at each block.

#![allow(unsafe_code)]

use crate::VERSION;
use crate::block::{Answer, Block, Refusal};
use crate::operations::OPERATIONS;
use napi_sys as sys;
use std::ffi::{CStr, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::{mem, ptr, slice};
use talos_kernel::KERNEL_REVISION;

/// An operation: reads a block, leaves its answer in it.
pub(crate) type Operation = fn(Block<'_>) -> Answer;

static SYMBOLS: Once = Once::new();

/// Called by Node.js in each thread that loads the module: puts `revision`, `version` and the operations on its exports.
/// Where that fails, something is missing among them, and the package does not take the module for a kernel.
///
/// # Safety
/// Node.js calls it with the environment that is loading the module and the module's exports.
// SAFETY: the name is the one that Node.js looks up in a module; no other library of the process asks for it.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn napi_register_module_v1(
    env: sys::napi_env,
    exports: sys::napi_value,
) -> sys::napi_value {
    SYMBOLS.call_once(|| {
        // SAFETY: looks the functions up in the process's program, once, before any use of them. The program stays: its
        // handle is never closed. Outside Node.js it panics, and the functions of the crate then answer a status.
        mem::forget(catch_unwind(|| unsafe { sys::setup() }));
    });
    let (mut revision, mut version) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: `env` is the caller's; the text is copied, and its length is given.
    unsafe {
        sys::napi_create_uint32(env, KERNEL_REVISION, &raw mut revision);
        sys::napi_create_string_utf8(env, VERSION.as_ptr().cast(), VERSION.len().cast_signed(), &raw mut version);
        sys::napi_set_named_property(env, exports, c"revision".as_ptr(), revision);
        sys::napi_set_named_property(env, exports, c"version".as_ptr(), version);
    }
    for (index, (name, _)) in OPERATIONS.iter().enumerate() {
        // SAFETY: as above.
        unsafe { export_operation(env, exports, name, index) };
    }
    exports
}

/// # Safety
/// As [`napi_register_module_v1`].
unsafe fn export_operation(env: sys::napi_env, exports: sys::napi_value, name: &CStr, index: usize) {
    let mut function = ptr::null_mut();
    let length = name.count_bytes().cast_signed();
    // The data is an index and never used as an address.
    let data = ptr::without_provenance_mut(index);
    // SAFETY: `env` is the caller's; the name is copied; `enter` has the signature of a callback.
    let status = unsafe { sys::napi_create_function(env, name.as_ptr(), length, Some(enter), data, &raw mut function) };
    if status == sys::Status::napi_ok {
        // SAFETY: as above; `function` was just made in this scope.
        unsafe { sys::napi_set_named_property(env, exports, name.as_ptr(), function) };
    }
}

/// The callback of every operation; which one it is, is its data.
unsafe extern "C" fn enter(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut count = 1;
    let mut argument = ptr::null_mut();
    let mut data = ptr::null_mut();
    // SAFETY: Node.js passes `env` and `info` of the running call; room for one argument is given, and one is asked for.
    // Node.js sets it to `undefined` where the caller gives none.
    let status =
        unsafe { sys::napi_get_cb_info(env, info, &raw mut count, &raw mut argument, ptr::null_mut(), &raw mut data) };
    let answer = if status == sys::Status::napi_ok {
        // SAFETY: `argument` is a value of this call.
        unsafe { block_of(env, argument) }.map_or(Err(Refusal::Block), |bytes| run(data.addr(), bytes))
    } else {
        Err(Refusal::Block)
    };
    let mut value = ptr::null_mut();
    // SAFETY: as above. Where it fails, `value` stays null, which Node.js takes for `undefined`.
    unsafe { sys::napi_create_int32(env, answer.unwrap_or_else(|refusal| refusal as i32), &raw mut value) };
    value
}

/// The bytes of a `Uint8Array` over memory of its own; `None` for everything else, a detached array among it.
///
/// # Safety
/// `env` and `value` belong to the running call. The bytes may be used until control returns to JavaScript, and the caller
/// takes them once.
unsafe fn block_of<'call>(env: sys::napi_env, value: sys::napi_value) -> Option<&'call mut [u8]> {
    let (mut kind, mut length, mut data, mut buffer) = (-1, 0, ptr::null_mut::<c_void>(), ptr::null_mut());
    // SAFETY: every pointer is to a local variable of the type that Node-API states. A value that is no typed array is
    // answered by a status, and changes none of them.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &raw mut kind,
            &raw mut length,
            &raw mut data,
            &raw mut buffer,
            ptr::null_mut(),
        )
    };
    if status != sys::Status::napi_ok || kind != sys::TypedarrayType::uint8_array || data.is_null() {
        return None;
    }
    let mut owned = false;
    // SAFETY: as above. A `SharedArrayBuffer` is none: another thread could write while Rust holds the bytes.
    let status = unsafe { sys::napi_is_arraybuffer(env, buffer, &raw mut owned) };
    if status != sys::Status::napi_ok || !owned {
        return None;
    }
    // SAFETY: V8 keeps the memory of an array buffer in place for as long as the buffer lives, and the argument of the
    // running call holds it. No JavaScript runs before `enter` returns, so nothing else reads, writes, detaches or
    // resizes it meanwhile; only one slice is made of it.
    Some(unsafe { slice::from_raw_parts_mut(data.cast(), length) })
}

/// Runs the operation and traps its panics. A block that is rejected, or left in the middle of the work, is erased whole.
fn run(index: usize, bytes: &mut [u8]) -> Answer {
    let Some((_, operation)) = OPERATIONS.get(index) else {
        return Err(Refusal::Block);
    };
    let answer = catch_unwind(AssertUnwindSafe(|| operation(Block::new(bytes)?))).unwrap_or(Err(Refusal::Panic));
    if let Err(Refusal::Block | Refusal::Panic) = answer {
        bytes.fill(0);
    }
    answer
}
