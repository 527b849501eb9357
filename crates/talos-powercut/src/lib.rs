//! A shim for `LD_PRELOAD` that stands between a process and the files of one folder. Tests only; Linux with glibc only.
//!
//! It writes down every change of these files, with the data, in the order in which they were made, into a journal from
//! which the states that a power cut may leave behind are built (`packages/adapters/storage/test/powercut`). It can also
//! fail an operation, lie about a flush, or kill the process at the n-th operation.
//!
//! - `TALOS_POWERCUT_FOLDER`: absolute path of the folder, without links. Files in folders below it are not looked at.
//! - `TALOS_POWERCUT_JOURNAL`: the journal, in another folder; it is appended to.
//!
//! What the process writes to descriptor 1 goes into the journal as a mark, so that what it said has a place among what it
//! did. A write to descriptor 1 that begins with `!` is an order (see [`fault`]) and goes nowhere else.
//!
//! Left out: duplicated descriptors, memory maps (the `-shm` file of `SQLite`, which no power cut preserves), and
//! `io_uring`. `copy_file_range` and `fallocate` on a watched file are written down as what cannot be replayed.

#![cfg(target_os = "linux")]

mod fault;
mod hooks;
mod journal;
mod real;
