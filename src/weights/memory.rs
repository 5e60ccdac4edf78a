//! Memory for large matrices: pages that the system hands out all at once,
//! because a page fault for each takes longer than what is written to it; and
//! every 16 numbers begin a cache line.
//!
//! Large pages would take fewer faults yet, but on a machine whose memory is
//! full of cached files they made loading take from 80 to 490 ms.

use std::io;

use memmap2::MmapMut;

/// The `f32` of a matrix.
#[derive(Debug)]
pub struct WeightMemory {
    /// No file is behind it: nothing can change or shorten it from outside.
    pages: MmapMut,
    length: usize,
}

impl WeightMemory {
    /// So many zeros.
    ///
    /// # Errors
    /// When the system has no more memory.
    pub fn zeros(length: usize) -> io::Result<Self> {
        let byte_count = length.checked_mul(size_of::<f32>());
        let byte_count = byte_count.ok_or(io::ErrorKind::OutOfMemory)?;
        let pages = MmapMut::map_anon(byte_count.max(1))?;
        // A wish: without it everything works, more slowly.
        #[cfg(target_os = "linux")]
        let _ = pages.advise(memmap2::Advice::PopulateWrite);
        Ok(Self { pages, length })
    }

    /// The numbers.
    pub fn values(&self) -> &[f32] {
        let numbers = self.pages.as_chunks().0;
        bytemuck::cast_slice::<[u8; 4], f32>(&numbers[..self.length])
    }

    /// The numbers, to write to.
    pub fn values_mut(&mut self) -> &mut [f32] {
        let numbers = self.pages.as_chunks_mut().0;
        bytemuck::cast_slice_mut::<[u8; 4], f32>(&mut numbers[..self.length])
    }
}
