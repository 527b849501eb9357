//! The journal: one record for each change, in the order of the changes, whole whatever happens to the process.
//!
//! ```text
//! record   kind u8 || a u64 || b u64 || length u32 || data        little endian
//!
//!  1 open      a inode, b 1 created + 2 emptied, data name         7 rename    data from 00 to
//!  2 write     a inode, b offset, data what was written            8 unlink    data name
//!  3 truncate  a inode, b size                                     9 mark      data what was said
//!  4 sync      a inode                                            10 start     a process begins
//!  5 syncfail  a inode                                            11 dirsyncfail
//!  6 dirsync                                                      12 unknown   data what cannot be replayed
//! ```

use std::collections::HashMap;
use std::ffi::{c_char, c_int, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::fault::Faults;
use crate::real::real;

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Open = 1,
    Write = 2,
    Truncate = 3,
    Sync = 4,
    SyncFail = 5,
    DirSync = 6,
    Rename = 7,
    Unlink = 8,
    Mark = 9,
    Start = 10,
    DirSyncFail = 11,
    Unknown = 12,
}

/// A descriptor that is watched.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) inode: u64,
    /// Empty for the folder itself.
    pub(crate) name: String,
}

/// Everything that the hooks share. Whoever holds it does its operation and writes it down before another one can.
pub(crate) struct State {
    is_begun: bool,
    folder: Option<String>,
    journal: c_int,
    pub(crate) descriptors: Option<HashMap<c_int, Watched>>,
    pub(crate) faults: Faults,
}

static STATE: Mutex<State> =
    Mutex::new(State { is_begun: false, folder: None, journal: -1, descriptors: None, faults: Faults::new() });

/// The shared state, or nothing in a process that is not watched.
pub(crate) fn state() -> Option<MutexGuard<'static, State>> {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if !state.is_begun {
        state.is_begun = true;
        state.begin();
    }
    state.folder.is_some().then_some(state)
}

impl State {
    fn begin(&mut self) {
        const WRITE_CREATE_APPEND_CLOSE_ON_EXEC: c_int = 0o1 | 0o100 | 0o2000 | 0o2_000_000;
        let (Ok(folder), Ok(mut path)) =
            (std::env::var("TALOS_POWERCUT_FOLDER"), std::env::var("TALOS_POWERCUT_JOURNAL"))
        else {
            return;
        };
        path.push('\0');
        self.journal = real!(
            c"open64",
            unsafe extern "C" fn(*const c_char, c_int, u32) -> c_int,
            path.as_ptr().cast(),
            WRITE_CREATE_APPEND_CLOSE_ON_EXEC,
            0o600
        );
        assert!(self.journal >= 0, "the journal cannot be opened");
        self.folder = Some(folder);
        self.descriptors = Some(HashMap::new());
        self.record(Kind::Start, 0, 0, &[]);
    }

    /// The plain name of a file of the folder; empty for the folder itself; nothing for what is elsewhere or further down.
    pub(crate) fn name_of(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(self.folder.as_deref()?)?;
        let name = if rest.is_empty() { rest } else { rest.strip_prefix('/')? };
        (!name.contains('/')).then(|| name.to_owned())
    }

    pub(crate) fn watched(&self, fd: c_int) -> Option<Watched> {
        self.descriptors.as_ref()?.get(&fd).cloned()
    }

    pub(crate) fn record(&self, kind: Kind, a: u64, b: u64, data: &[u8]) {
        let mut bytes = Vec::with_capacity(21 + data.len());
        bytes.push(kind as u8);
        bytes.extend_from_slice(&a.to_le_bytes());
        bytes.extend_from_slice(&b.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(data.len()).expect("a write below 4 GiB").to_le_bytes());
        bytes.extend_from_slice(data);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let count = write(self.journal, rest);
            assert!(count > 0, "the journal cannot be written");
            rest = &rest[count.unsigned_abs()..];
        }
    }
}

fn write(fd: c_int, bytes: &[u8]) -> isize {
    real!(c"write", unsafe extern "C" fn(c_int, *const c_void, usize) -> isize, fd, bytes.as_ptr().cast(), bytes.len())
}
