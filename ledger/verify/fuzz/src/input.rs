//! The fuzzer's bytes as a row of choices. Where they are used up every choice is the first one, so that an input can
//! always be played to its end, and a shorter one does less.

/// What is left of the bytes.
#[derive(Debug, Clone)]
pub(crate) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// Whether nothing is left.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number below `n`, or 0 where `n` is.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n.max(1)
    }

    /// One of several.
    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(self.below(all.len())).copied()
    }

    /// A number from 0 to 65,535.
    pub(crate) fn word(&mut self) -> u64 {
        u64::from(self.byte()) << 8 | u64::from(self.byte())
    }

    /// A number of any size, those at the edges often.
    pub(crate) fn number(&mut self) -> u64 {
        const EDGES: [u64; 8] = [
            0,
            1,
            2,
            1 << 31,
            1 << 32,
            (1 << 53) - 2,
            (1 << 53) - 1,
            u64::MAX,
        ];
        match self.byte() {
            first @ 0..=7 => EDGES[usize::from(first)],
            8..=127 => self.word(),
            _ => self.word() << 32 | self.word() << 16 | self.word(),
        }
    }

    /// At most `n` bytes.
    pub(crate) fn bytes(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}
