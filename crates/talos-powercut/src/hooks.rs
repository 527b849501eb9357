//! The C library's functions that change files, each doing what it does and writing it down.
//!
//! Functions with a variable number of arguments are declared with the ones that matter: on the Linux targets of Rust these
//! travel as in a call without variable arguments.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::fs::MetadataExt;
use std::sync::MutexGuard;

use crate::fault::Action;
use crate::journal::{Kind, State, Watched, state};
use crate::real::{errno, position, real, set_errno};

const CREATE: c_int = 0o100;
const TRUNCATE: c_int = 0o1000;
const CREATED: u64 = 1;
const EMPTIED: u64 = 2;
const KILL: c_int = 9;
const STANDARD_OUTPUT: c_int = 1;
const IO_ERROR: c_int = 5;

unsafe extern "C" {
    fn getpid() -> c_int;
    fn kill(process: c_int, signal: c_int) -> c_int;
}

/// `struct iovec`.
#[repr(C)]
struct Part {
    bytes: *const c_void,
    length: usize,
}

fn die() -> ! {
    // SAFETY: kills this process; nothing runs afterwards.
    unsafe { kill(getpid(), KILL) };
    loop {
        std::hint::spin_loop();
    }
}

fn text(path: *const c_char) -> String {
    // SAFETY: the caller of the hook gives a C string.
    unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned()
}

fn inode(fd: c_int) -> u64 {
    // SAFETY: the descriptor is open, and is not closed here.
    let file = ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(fd) });
    file.metadata().map_or(0, |metadata| metadata.ino())
}

/// Runs an operation that answers 0 when it went well, unless a fault strikes, and writes it down.
fn guarded(
    state: &mut MutexGuard<'static, State>,
    operation: &str,
    name: &str,
    run: impl FnOnce() -> c_int,
    done: impl FnOnce(&State),
) -> c_int {
    let action = state.faults.strike(operation, name);
    match action {
        Some(Action::Kill) => die(),
        Some(Action::Fail(errno)) => {
            set_errno(errno);
            return -1;
        }
        _ => {}
    }
    let result = run();
    let kept = errno();
    if result >= 0 {
        done(state);
    }
    if action == Some(Action::KillAfter) {
        die();
    }
    set_errno(kept);
    result
}

fn opened(path: *const c_char, flags: c_int, open: impl FnOnce() -> c_int) -> c_int {
    let Some(mut state) = state() else { return open() };
    let path = text(path);
    let Some(name) = state.name_of(&path) else { return open() };
    let is_new = flags & CREATE != 0 && std::fs::symlink_metadata(&path).is_err();
    let fd = guarded(&mut state, "open", &name, open, |_| ());
    if fd >= 0 {
        let inode = inode(fd);
        let how = if is_new { CREATED } else { 0 } + if flags & TRUNCATE != 0 { EMPTIED } else { 0 };
        if !name.is_empty() {
            state.record(Kind::Open, inode, how, name.as_bytes());
        }
        if let Some(descriptors) = &mut state.descriptors {
            descriptors.insert(fd, Watched { inode, name });
        }
    }
    fd
}

/// A write at `offset`, or where the descriptor stands.
fn written(fd: c_int, bytes: &[u8], offset: Option<u64>, write: impl FnOnce(&[u8]) -> isize) -> isize {
    let Some(mut state) = state() else { return write(bytes) };
    if fd == STANDARD_OUTPUT {
        if bytes.starts_with(b"!") {
            state.faults.order(&String::from_utf8_lossy(bytes));
            return bytes.len().cast_signed();
        }
        state.record(Kind::Mark, 0, 0, bytes);
        return write(bytes);
    }
    let Some(Watched { inode, name }) = state.watched(fd) else { return write(bytes) };
    let action = state.faults.strike("write", &name);
    let part = match action {
        Some(Action::Kill) => die(),
        Some(Action::Fail(errno)) => {
            set_errno(errno);
            return -1;
        }
        Some(Action::Short) if bytes.len() > 1 => &bytes[..bytes.len() / 2],
        _ => bytes,
    };
    let count = write(part);
    let kept = errno();
    if let Ok(length @ 1..) = usize::try_from(count) {
        // Asked for after the write, so that it is right for descriptors that only append as well.
        let start = offset.unwrap_or_else(|| position(fd).saturating_sub(length as u64));
        state.record(Kind::Write, inode, start, &part[..length]);
    }
    if action == Some(Action::KillAfter) {
        die();
    }
    set_errno(kept);
    count
}

fn gathered(fd: c_int, parts: *const Part, count: c_int, offset: Option<u64>, write: impl FnOnce() -> isize) -> isize {
    if state().is_none_or(|state| fd != STANDARD_OUTPUT && state.watched(fd).is_none()) {
        return write();
    }
    // SAFETY: the caller gives so many parts, each with so many bytes.
    let parts = unsafe { std::slice::from_raw_parts(parts, usize::try_from(count).unwrap_or(0)) };
    let bytes: Vec<u8> = parts
        .iter()
        .flat_map(|part| {
            // SAFETY: as above.
            unsafe { std::slice::from_raw_parts(part.bytes.cast::<u8>(), part.length) }.iter().copied()
        })
        .collect();
    match offset {
        Some(offset) => pwrite64_of(fd, &bytes, offset),
        None => write_of(fd, &bytes),
    }
}

fn write_of(fd: c_int, bytes: &[u8]) -> isize {
    written(fd, bytes, None, |part| {
        real!(
            c"write",
            unsafe extern "C" fn(c_int, *const c_void, usize) -> isize,
            fd,
            part.as_ptr().cast(),
            part.len()
        )
    })
}

fn pwrite64_of(fd: c_int, bytes: &[u8], offset: u64) -> isize {
    written(fd, bytes, Some(offset), |part| {
        real!(
            c"pwrite64",
            unsafe extern "C" fn(c_int, *const c_void, usize, i64) -> isize,
            fd,
            part.as_ptr().cast(),
            part.len(),
            offset.cast_signed()
        )
    })
}

fn bytes_of<'a>(bytes: *const c_void, count: usize) -> &'a [u8] {
    if count == 0 {
        return &[];
    }
    // SAFETY: the caller of a write gives so many bytes.
    unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), count) }
}

fn truncated(fd: c_int, size: i64, truncate: impl FnOnce() -> c_int) -> c_int {
    let Some(mut state) = state() else { return truncate() };
    let Some(Watched { inode, name }) = state.watched(fd) else { return truncate() };
    guarded(&mut state, "truncate", &name, truncate, |state| {
        state.record(Kind::Truncate, inode, size.cast_unsigned(), &[]);
    })
}

fn synced(fd: c_int, sync: impl FnOnce() -> c_int) -> c_int {
    let Some(mut state) = state() else { return sync() };
    let Some(Watched { inode, name }) = state.watched(fd) else { return sync() };
    let (operation, good, bad) = if name.is_empty() {
        ("dirsync", Kind::DirSync, Kind::DirSyncFail)
    } else {
        ("sync", Kind::Sync, Kind::SyncFail)
    };
    let action = state.faults.strike(operation, &name);
    let result = match action {
        Some(Action::Kill) => die(),
        Some(Action::Lie) => return 0,
        Some(Action::Fail(errno)) => {
            set_errno(errno);
            -1
        }
        Some(Action::FailKill) => -1,
        _ => sync(),
    };
    let kept = if result < 0 { errno() } else { 0 };
    state.record(if result == 0 { good } else { bad }, inode, 0, &[]);
    if matches!(action, Some(Action::KillAfter | Action::FailKill)) {
        die();
    }
    if result < 0 {
        set_errno(if kept == 0 { IO_ERROR } else { kept });
    }
    result
}

fn renamed(from: *const c_char, to: *const c_char, rename: impl FnOnce() -> c_int) -> c_int {
    let Some(mut state) = state() else { return rename() };
    let (Some(from), Some(to)) = (state.name_of(&text(from)), state.name_of(&text(to))) else { return rename() };
    guarded(&mut state, "rename", &to, rename, |state| {
        state.record(Kind::Rename, 0, 0, format!("{from}\0{to}").as_bytes());
    })
}

fn removed(path: *const c_char, unlink: impl FnOnce() -> c_int) -> c_int {
    let Some(mut state) = state() else { return unlink() };
    let Some(name) = state.name_of(&text(path)) else { return unlink() };
    guarded(&mut state, "unlink", &name, unlink, |state| {
        state.record(Kind::Unlink, 0, 0, name.as_bytes());
    })
}

fn unknown(fd: c_int, what: &str) {
    if let Some(state) = state()
        && state.watched(fd).is_some()
    {
        state.record(Kind::Unknown, 0, 0, what.as_bytes());
    }
}

type Path = *const c_char;
type Open = unsafe extern "C" fn(Path, c_int, u32) -> c_int;
type OpenAt = unsafe extern "C" fn(c_int, Path, c_int, u32) -> c_int;
type Sync = unsafe extern "C" fn(c_int) -> c_int;
type Gather = unsafe extern "C" fn(c_int, *const Part, c_int) -> isize;
type GatherAt = unsafe extern "C" fn(c_int, *const Part, c_int, i64) -> isize;
type Cut = unsafe extern "C" fn(c_int, i64) -> c_int;

#[unsafe(no_mangle)]
extern "C" fn open(path: Path, flags: c_int, mode: u32) -> c_int {
    opened(path, flags, || real!(c"open", Open, path, flags, mode))
}

#[unsafe(no_mangle)]
extern "C" fn open64(path: Path, flags: c_int, mode: u32) -> c_int {
    opened(path, flags, || real!(c"open64", Open, path, flags, mode))
}

#[unsafe(no_mangle)]
extern "C" fn openat(folder: c_int, path: Path, flags: c_int, mode: u32) -> c_int {
    opened(path, flags, || real!(c"openat", OpenAt, folder, path, flags, mode))
}

#[unsafe(no_mangle)]
extern "C" fn openat64(folder: c_int, path: Path, flags: c_int, mode: u32) -> c_int {
    opened(path, flags, || real!(c"openat64", OpenAt, folder, path, flags, mode))
}

#[unsafe(no_mangle)]
extern "C" fn close(fd: c_int) -> c_int {
    if let Some(mut state) = state()
        && let Some(descriptors) = &mut state.descriptors
    {
        descriptors.remove(&fd);
    }
    real!(c"close", Sync, fd)
}

#[unsafe(no_mangle)]
extern "C" fn write(fd: c_int, bytes: *const c_void, count: usize) -> isize {
    write_of(fd, bytes_of(bytes, count))
}

#[unsafe(no_mangle)]
extern "C" fn pwrite(fd: c_int, bytes: *const c_void, count: usize, offset: i64) -> isize {
    pwrite64_of(fd, bytes_of(bytes, count), offset.cast_unsigned())
}

#[unsafe(no_mangle)]
extern "C" fn pwrite64(fd: c_int, bytes: *const c_void, count: usize, offset: i64) -> isize {
    pwrite64_of(fd, bytes_of(bytes, count), offset.cast_unsigned())
}

#[unsafe(no_mangle)]
extern "C" fn writev(fd: c_int, parts: *const Part, count: c_int) -> isize {
    gathered(fd, parts, count, None, || real!(c"writev", Gather, fd, parts, count))
}

#[unsafe(no_mangle)]
extern "C" fn pwritev(fd: c_int, parts: *const Part, count: c_int, offset: i64) -> isize {
    gathered(fd, parts, count, Some(offset.cast_unsigned()), || real!(c"pwritev", GatherAt, fd, parts, count, offset))
}

#[unsafe(no_mangle)]
extern "C" fn pwritev64(fd: c_int, parts: *const Part, count: c_int, offset: i64) -> isize {
    gathered(fd, parts, count, Some(offset.cast_unsigned()), || real!(c"pwritev64", GatherAt, fd, parts, count, offset))
}

#[unsafe(no_mangle)]
extern "C" fn ftruncate(fd: c_int, size: i64) -> c_int {
    truncated(fd, size, || real!(c"ftruncate", Cut, fd, size))
}

#[unsafe(no_mangle)]
extern "C" fn ftruncate64(fd: c_int, size: i64) -> c_int {
    truncated(fd, size, || real!(c"ftruncate64", Cut, fd, size))
}

#[unsafe(no_mangle)]
extern "C" fn fsync(fd: c_int) -> c_int {
    synced(fd, || real!(c"fsync", Sync, fd))
}

#[unsafe(no_mangle)]
extern "C" fn fdatasync(fd: c_int) -> c_int {
    synced(fd, || real!(c"fdatasync", Sync, fd))
}

#[unsafe(no_mangle)]
extern "C" fn rename(from: Path, to: Path) -> c_int {
    renamed(from, to, || real!(c"rename", unsafe extern "C" fn(Path, Path) -> c_int, from, to))
}

#[unsafe(no_mangle)]
extern "C" fn unlink(path: Path) -> c_int {
    removed(path, || real!(c"unlink", unsafe extern "C" fn(Path) -> c_int, path))
}

#[unsafe(no_mangle)]
extern "C" fn remove(path: Path) -> c_int {
    removed(path, || real!(c"remove", unsafe extern "C" fn(Path) -> c_int, path))
}

#[unsafe(no_mangle)]
extern "C" fn unlinkat(folder: c_int, path: Path, flags: c_int) -> c_int {
    removed(path, || real!(c"unlinkat", unsafe extern "C" fn(c_int, Path, c_int) -> c_int, folder, path, flags))
}

#[unsafe(no_mangle)]
extern "C" fn fallocate64(fd: c_int, mode: c_int, offset: i64, length: i64) -> c_int {
    unknown(fd, "fallocate");
    real!(c"fallocate64", unsafe extern "C" fn(c_int, c_int, i64, i64) -> c_int, fd, mode, offset, length)
}

#[unsafe(no_mangle)]
extern "C" fn copy_file_range(
    from: c_int,
    read: *mut i64,
    to: c_int,
    wrote: *mut i64,
    length: usize,
    flags: u32,
) -> isize {
    unknown(to, "copy_file_range");
    real!(
        c"copy_file_range",
        unsafe extern "C" fn(c_int, *mut i64, c_int, *mut i64, usize, u32) -> isize,
        from,
        read,
        to,
        wrote,
        length,
        flags
    )
}
