//! Bits into bytes, the first bit lowest.

/// What is written together has at most so many bits.
pub(super) const MOST_BITS: u32 = 56;

/// Writes a whole word at a time, and moves on by the bytes that are full.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    /// What is written, and room for more.
    out: Vec<u8>,
    length: usize,
    waiting: u64,
    /// Less than 8.
    count: u32,
}

impl BitWriter {
    /// Begins a stream with some bytes, in the memory of the last.
    pub(super) fn start(&mut self, bytes: &[u8]) {
        (self.length, self.waiting, self.count) = (0, 0, 0);
        self.push(bytes);
    }

    /// Adds bytes behind whole ones.
    fn push(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len() * 8);
        let place = self.out.get_mut(self.length..).unwrap_or_default();
        place
            .iter_mut()
            .zip(bytes)
            .for_each(|(place, &byte)| *place = byte);
        self.length += bytes.len();
    }

    /// Makes room, without which [`BitWriter::put`] loses what it is given.
    pub(super) fn reserve(&mut self, bit_count: usize) {
        let needed = self.length + bit_count / 8 + 16;
        if self.out.len() < needed {
            self.out.resize(needed.max(self.out.len() * 2), 0);
        }
    }

    /// Writes up to [`MOST_BITS`].
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.waiting |= bits << self.count;
        self.count += count;
        let place = self.out.get_mut(self.length..);
        if let Some(place) = place.and_then(|place| place.first_chunk_mut()) {
            *place = self.waiting.to_le_bytes();
        }
        let full = self.count / 8;
        self.length += full as usize;
        self.waiting >>= full * 8;
        self.count %= 8;
    }

    /// Fills the last byte with zeros.
    fn align(&mut self) {
        self.put(0, (8 - self.count) % 8);
    }

    /// Writes stored blocks, an empty one for no bytes.
    pub(super) fn write_stored(&mut self, bytes: &[u8], is_last: bool) {
        let mut rest = bytes;
        loop {
            let most = rest.len().min(usize::from(u16::MAX));
            let (part, later) = rest.split_at_checked(most).unwrap_or((rest, &[]));
            self.reserve(64);
            self.put(u64::from(is_last && later.is_empty()), 3);
            self.align();
            let length = part.len() as u64;
            self.put(length | (!length & 0xffff) << 16, 32);
            self.push(part);
            if later.is_empty() {
                return;
            }
            rest = later;
        }
    }

    /// What is written, with some bytes behind it.
    pub(super) fn finish(&mut self, bytes: &[u8]) -> &[u8] {
        self.reserve(8);
        self.align();
        self.push(bytes);
        self.out.get(..self.length).unwrap_or_default()
    }
}
