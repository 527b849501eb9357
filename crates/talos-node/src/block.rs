//! The block of a call, in safe code: a head of 16 words, inputs one after the other, then room for the outputs.
//!
//! Words are 32 bits in the machine's byte order; what they mean is the operation's: lengths of its inputs, counts. The other
//! side is `packages/crypto/kernel/src/native-block.ts`.

use std::mem;
use std::ops::Deref;
use talos_kernel::Error;

const HEAD_WORDS: usize = 16;
const WORD_BYTES: usize = size_of::<u32>();
const HEAD_BYTES: usize = HEAD_WORDS * WORD_BYTES;

/// Answers below zero; an operation that is done answers 0 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Authentication = -1,
    Padding = -2,
    LowOrder = -3,
    KeyInvalid = -4,
    /// No block, or one that does not hold what its head says; also a length that the kernel does not take, since the caller
    /// has checked them all.
    Block = -5,
    Panic = -6,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Argument(_) | Error::Parameter(_) => Self::Block,
            Error::Authentication => Self::Authentication,
            Error::Padding => Self::Padding,
            Error::LowOrder => Self::LowOrder,
            Error::KeyInvalid => Self::KeyInvalid,
        }
    }
}

/// What an operation answers.
pub(crate) type Answer = Result<i32, Refusal>;

/// Bytes of an input, erased when they are let go of, on every path: any of them may be a secret.
///
/// Plain stores do: the memory belongs to the other side, so the compiler cannot take them for dead.
pub(crate) struct Input<'a>(&'a mut [u8]);

impl Deref for Input<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0
    }
}

impl Drop for Input<'_> {
    fn drop(&mut self) {
        self.0.fill(0);
    }
}

/// A block whose head has been read.
pub(crate) struct Block<'a> {
    head: [u32; HEAD_WORDS],
    body: &'a mut [u8],
}

impl<'a> Block<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> Result<Self, Refusal> {
        let (head_bytes, body) = bytes.split_first_chunk_mut::<HEAD_BYTES>().ok_or(Refusal::Block)?;
        let mut head = [0; HEAD_WORDS];
        for (word, value) in head.iter_mut().zip(words(head_bytes)) {
            *word = value;
        }
        Ok(Self { head, body })
    }

    /// A number of the head.
    pub(crate) fn word(&self, index: usize) -> usize {
        self.head[index] as usize
    }

    /// Two words of the head as one number, the less significant one first.
    pub(crate) fn wide_word(&self, index: usize) -> u64 {
        u64::from(self.head[index]) | u64::from(self.head[index + 1]) << u32::BITS
    }

    /// Inputs of these lengths, and the room behind them.
    pub(crate) fn split<const N: usize>(self, lengths: [usize; N]) -> Result<([Input<'a>; N], Outputs<'a>), Refusal> {
        let mut room = Outputs(self.body);
        let mut inputs = [(); N].map(|()| Input(&mut []));
        for (input, length) in inputs.iter_mut().zip(lengths) {
            *input = Input(room.take(length)?);
        }
        Ok((inputs, room))
    }
}

/// Room for what an operation answers, taken from the front. Before the first output, further inputs may stand here.
pub(crate) struct Outputs<'a>(&'a mut [u8]);

impl<'a> Outputs<'a> {
    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a mut [u8], Refusal> {
        let (taken, rest) = mem::take(&mut self.0).split_at_mut_checked(length).ok_or(Refusal::Block)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a mut [u8; N], Refusal> {
        let (taken, rest) = mem::take(&mut self.0).split_first_chunk_mut().ok_or(Refusal::Block)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Copies an output; the answer is that of an operation that is done.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Answer {
        self.take(bytes.len())?.copy_from_slice(bytes);
        Ok(0)
    }

    /// Inputs of the lengths that another input states, one word for each.
    pub(crate) fn inputs(&mut self, lengths: &[u8]) -> Result<Vec<Input<'a>>, Refusal> {
        words(lengths).map(|length| self.take(length as usize).map(Input)).collect()
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks().0.iter().copied().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::{Block, HEAD_BYTES, Refusal};

    fn block_of(head: &[u32], body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEAD_BYTES];
        for (bytes, word) in bytes.chunks_exact_mut(4).zip(head) {
            bytes.copy_from_slice(&word.to_ne_bytes());
        }
        bytes.extend_from_slice(body);
        bytes
    }

    #[test]
    fn reads_words_inputs_and_room_in_their_order() {
        let mut bytes = block_of(&[2, 7, 1], &[1, 2, 3, 0, 0]);
        let block = Block::new(&mut bytes).expect("a head");
        assert_eq!((block.word(0), block.wide_word(1)), (2, 7 | 1 << 32));
        let ([first, second], mut outputs) = block.split([2, 1]).expect("three bytes of input");
        assert_eq!((&*first, &*second), (&[1, 2][..], &[3][..]));
        outputs.put(&[9]).expect("room");
        assert_eq!(outputs.take(2).err(), Some(Refusal::Block));
        drop((first, second));
        assert_eq!(bytes[HEAD_BYTES..], [0, 0, 0, 9, 0], "inputs are erased, the answer stays");
    }

    #[test]
    fn erases_inputs_when_an_operation_panics() {
        let mut bytes = block_of(&[], &[1, 2, 3]);
        let ([input], _) = Block::new(&mut bytes).and_then(|block| block.split([3])).expect("three bytes");
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            assert_eq!(input.len(), 4, "to be expected: this test panics");
        }));
        assert!(panicked.is_err());
        assert_eq!(bytes[HEAD_BYTES..], [0, 0, 0]);
    }

    #[test]
    fn refuses_a_head_cut_short_and_inputs_past_the_end() {
        for length in [0, HEAD_BYTES - 1] {
            assert_eq!(Block::new(&mut vec![0; length]).err(), Some(Refusal::Block));
        }
        let mut bytes = block_of(&[], &[1]);
        let block = Block::new(&mut bytes).expect("a head");
        assert_eq!(block.split([usize::MAX]).err(), Some(Refusal::Block));
    }

    #[test]
    fn reads_as_many_inputs_as_there_are_lengths() {
        let mut bytes = block_of(&[], &[0; 8]);
        bytes[HEAD_BYTES..HEAD_BYTES + 4].copy_from_slice(&3_u32.to_ne_bytes());
        bytes.extend_from_slice(&[5, 6, 7]);
        let ([lengths], mut outputs) = Block::new(&mut bytes).and_then(|block| block.split([8])).expect("two lengths");
        let inputs = outputs.inputs(&lengths).expect("a list");
        let read: Vec<&[u8]> = inputs.iter().map(|input| &**input).collect();
        assert_eq!(read, [&[5, 6, 7][..], &[]]);
    }
}
