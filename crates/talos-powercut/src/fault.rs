//! What is to go wrong. An order is one line:
//!
//! - `!fault OPERATION SUFFIX SKIP COUNT ACTION`: of the operations of that kind on files whose names end so (`*`: on any),
//!   lets `SKIP` pass and does something else to the `COUNT` after them;
//! - `!clear`: nothing goes wrong any more.
//!
//! `OPERATION` is `open`, `write`, `sync`, `truncate`, `rename`, `unlink` or `dirsync`. `ACTION` is the number of an error
//! of the system, `short` (a write does half), `lie` (a flush is not done and said to be), `failkill` (a flush fails, and the process dies of
//! something else before it can mend that), `kill` or `killafter`.

use std::ffi::c_int;

/// What happens to an operation in place of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    Fail(c_int),
    Short,
    Lie,
    FailKill,
    Kill,
    KillAfter,
}

struct Fault {
    operation: String,
    suffix: String,
    skip: u64,
    count: u64,
    action: Action,
}

#[derive(Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
}

impl Faults {
    pub(crate) const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Takes an order; one that is not understood ends the process, as a test that does not break what it means to is none.
    pub(crate) fn order(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["!clear"] => self.list.clear(),
            ["!fault", operation, suffix, skip, count, action] => self.list.push(Fault {
                operation: (*operation).to_owned(),
                suffix: (*suffix).to_owned(),
                skip: skip.parse().expect("a number to skip"),
                count: count.parse().expect("a number of faults"),
                action: match *action {
                    "short" => Action::Short,
                    "lie" => Action::Lie,
                    "failkill" => Action::FailKill,
                    "kill" => Action::Kill,
                    "killafter" => Action::KillAfter,
                    number => Action::Fail(number.parse().expect("the number of an error")),
                },
            }),
            _ => panic!("an order that the shim does not know: {line}"),
        }
    }

    /// What is to happen to this operation, if anything. Counts it.
    pub(crate) fn strike(&mut self, operation: &str, name: &str) -> Option<Action> {
        for fault in &mut self.list {
            if fault.operation != operation || (fault.suffix != "*" && !name.ends_with(&fault.suffix)) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if fault.count > 0 {
                fault.count -= 1;
                return Some(fault.action);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Faults};

    #[test]
    fn strikes_what_was_ordered_and_as_often() {
        let mut faults = Faults::new();
        faults.order("!fault sync .db-wal 1 2 5\n");
        let struck: Vec<_> = (0..4).map(|_| faults.strike("sync", "audit.db-wal")).collect();
        assert_eq!(struck, [None, Some(Action::Fail(5)), Some(Action::Fail(5)), None]);
        faults.order("!fault write * 0 9 short");
        assert_eq!(faults.strike("sync", "audit.db"), None);
        assert_eq!(faults.strike("write", "audit.db"), Some(Action::Short));
        faults.order("!clear");
        assert_eq!(faults.strike("write", "audit.db"), None);
    }
}
