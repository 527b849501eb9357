//! The form of an input: fields one after the other, each two bytes of length, the less significant one first, then as many
//! bytes. Where the input ends early a field is shorter, so that every input has a meaning.

/// Reads fields from the front.
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// The next field.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = self.number();
        let (field, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        field
    }

    /// The next field, cut or filled with zeros to `N` bytes.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let field = self.bytes();
        let mut array = [0; N];
        let length = field.len().min(N);
        array[..length].copy_from_slice(&field[..length]);
        array
    }

    /// Two bytes as a number, without a length before them.
    pub fn number(&mut self) -> usize {
        let (bytes, rest) = self.0.split_at(self.0.len().min(2));
        self.0 = rest;
        bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
    }

    /// All further fields, `most` at most.
    pub fn list(&mut self, most: usize) -> Vec<&'a [u8]> {
        let mut list = Vec::new();
        while !self.0.is_empty() && list.len() < most {
            list.push(self.bytes());
        }
        list
    }

    /// Applies what is left to `bytes`, four bytes an edit: what to do, where (two bytes, modulo the length), a value.
    pub fn edit(&mut self, bytes: &mut Vec<u8>) {
        while let Some((&[kind, low, high, value], rest)) = self.0.split_first_chunk() {
            self.0 = rest;
            let at = usize::from(u16::from_le_bytes([low, high])) % (bytes.len() + 1);
            match kind % 4 {
                0 if at < bytes.len() => bytes[at] ^= value,
                1 => bytes.truncate(at),
                2 => bytes.insert(at, value),
                3 if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
    }
}

/// `length` bytes that begin with `pattern`, over and over.
#[must_use]
pub fn repeated(pattern: &[u8], length: usize) -> Vec<u8> {
    pattern.iter().chain(&[0]).copied().cycle().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::{Fields, repeated};

    #[test]
    fn reads_fields_numbers_and_what_is_left() {
        let mut fields = Fields::new(&[2, 0, 8, 9, 1, 1, 3, 0, 7]);
        assert_eq!(fields.bytes(), [8, 9]);
        assert_eq!(fields.number(), 257);
        assert_eq!(fields.array::<3>(), [7, 0, 0]);
        assert_eq!(fields.bytes(), []);
    }

    #[test]
    fn edits_bytes_in_four_ways() {
        let mut bytes = vec![1, 2, 3, 4];
        Fields::new(&[0, 1, 0, 0xff, 3, 0, 0, 0, 2, 3, 0, 9, 1, 2, 0, 0, 5]).edit(&mut bytes);
        assert_eq!(bytes, [0xfd, 3]);
        assert_eq!(repeated(&[1, 2], 4), [1, 2, 0, 1]);
    }
}
