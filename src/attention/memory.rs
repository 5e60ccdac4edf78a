//! Memory of attention maps that is used again: the system hands out, and
//! clears, every page of it once and not for every input.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most bytes that lie here unused, as many as the inputs of a window of a
/// batch have; one that is larger lies here alone.
const MAXIMUM: usize = 128 << 20;

/// Memory that maps were in and others may come into. Whoever asks for many
/// runs has one, hands it to [`runs_in`](crate::pipeline::runs_in), and gives
/// each run [back](crate::run::Run::give_back) when it has been read.
#[derive(Debug, Default)]
pub struct MapMemory {
    /// The one that came last is the last.
    free: Mutex<Vec<Vec<f32>>>,
}

impl MapMemory {
    /// Memory for so many numbers, which are those of earlier maps: all of them
    /// are to be written. `None` where there is none of about that size.
    pub fn take(&self, length: usize) -> Option<Vec<f32>> {
        let mut free = self.free();
        // Not of much more, or short inputs would hold what long ones need.
        let fits = |memory: &Vec<f32>| (length..=2 * length).contains(&memory.capacity());
        let fitting = free.iter().enumerate().filter(|(_, memory)| fits(memory));
        let (index, _) = fitting.min_by_key(|(_, memory)| memory.capacity())?;
        let mut memory = free.remove(index);
        drop(free);
        memory.resize(length, 0.0);
        Some(memory)
    }

    /// Takes memory that nobody reads any more. What has lain here for longest
    /// goes where it is too much.
    pub fn give_back(&self, memory: Vec<f32>) {
        let mut free = self.free();
        let bytes = |memory: &Vec<f32>| memory.capacity().saturating_mul(size_of::<f32>());
        let mut total = bytes(&memory);
        let mut fits = |memory: &Vec<f32>| {
            total = total.saturating_add(bytes(memory));
            total <= MAXIMUM
        };
        let kept = free.iter().rev().take_while(|memory| fits(memory)).count();
        let old = free.len() - kept;
        free.drain(..old);
        free.push(memory);
    }

    /// Gives everything to the system.
    pub fn clear(&self) {
        self.free().clear();
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<f32>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
