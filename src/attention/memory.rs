//! Memory of attention maps that is used again: the system hands out, and
//! clears, every page of it once and not for every input.

use std::sync::{Mutex, MutexGuard, PoisonError};

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
    /// are to be written. `None` where there is none of about that size; then as
    /// much goes to the system as is going to be asked of it, so that all this
    /// takes no more than maps that are used once.
    pub fn take(&self, length: usize) -> Option<Vec<f32>> {
        let mut free = self.free();
        // Not of much more, or short inputs would hold what long ones need.
        let most = length.saturating_add(length / 4);
        let fits = |memory: &Vec<f32>| (length..=most).contains(&memory.capacity());
        let fitting = free.iter().enumerate().filter(|(_, memory)| fits(memory));
        let best = fitting.min_by_key(|(_, memory)| memory.capacity());
        let Some((index, _)) = best else {
            let mut returned = 0_usize;
            while returned < length && !free.is_empty() {
                returned = returned.saturating_add(free.remove(0).capacity());
            }
            return None;
        };
        let mut memory = free.remove(index);
        drop(free);
        memory.resize(length, 0.0);
        Some(memory)
    }

    /// Takes memory that nobody reads any more.
    pub fn give_back(&self, memory: Vec<f32>) {
        self.free().push(memory);
    }

    /// Gives everything to the system.
    pub fn clear(&self) {
        self.free().clear();
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<f32>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
