//! The functions behind the hooks: the next ones of their names that the dynamic linker knows.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

/// `RTLD_NEXT` of glibc and musl.
const NEXT: *mut c_void = usize::MAX as *mut c_void;

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn __errno_location() -> *mut c_int;
    fn lseek64(fd: c_int, offset: i64, whence: c_int) -> i64;
}

/// Address of the next function of that name.
pub(crate) fn next(cell: &OnceLock<usize>, name: &CStr) -> usize {
    *cell.get_or_init(|| {
        // SAFETY: the name ends in a zero byte; dlsym may be called at any time after the shim is loaded.
        let address = unsafe { dlsym(NEXT, name.as_ptr()) } as usize;
        assert!(address != 0, "no {name:?} behind the shim");
        address
    })
}

pub(crate) fn set_errno(errno: c_int) {
    // SAFETY: the address is this thread's own and always valid.
    unsafe { *__errno_location() = errno };
}

pub(crate) fn errno() -> c_int {
    // SAFETY: as above.
    unsafe { *__errno_location() }
}

/// Where the descriptor stands in its file.
pub(crate) fn position(fd: c_int) -> u64 {
    const CURRENT: c_int = 1;
    // SAFETY: any number may be asked for; an error is a negative answer.
    u64::try_from(unsafe { lseek64(fd, 0, CURRENT) }).unwrap_or(0)
}

/// Calls the function behind a hook: `real!(c"write", fn(c_int, *const c_void, usize) -> isize, fd, bytes, count)`.
macro_rules! real {
    ($name:literal, $type:ty $(, $argument:expr)*) => {{
        static CELL: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
        let address = $crate::real::next(&CELL, $name);
        // SAFETY: the C library's function of that name has that type; the arguments are those of the caller of the hook.
        unsafe { std::mem::transmute::<usize, $type>(address)($($argument),*) }
    }};
}
pub(crate) use real;
