//! Memory of attention maps that is used again: the system hands out, and
//! clears, every page of it once and not for every input.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many numbers are kept at the most, 32 MiB: what a longer input needs, the
/// system hands out in less time than it is computed in.
const MOST_KEPT: usize = 8 << 20;

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
        let most = length.saturating_add(length / 4);
        let fits = |memory: &Vec<f32>| (length..=most).contains(&memory.capacity());
        let fitting = free.iter().enumerate().filter(|(_, memory)| fits(memory));
        let (index, _) = fitting.min_by_key(|(_, memory)| memory.capacity())?;
        let mut memory = free.remove(index);
        drop(free);
        memory.resize(length, 0.0);
        Some(memory)
    }

    /// Takes memory that nobody reads any more. Where that makes too much, the
    /// system gets what came first.
    pub fn give_back(&self, memory: Vec<f32>) {
        if memory.capacity() > MOST_KEPT {
            return;
        }
        let mut free = self.free();
        free.push(memory);
        while free.iter().map(Vec::capacity).sum::<usize>() > MOST_KEPT {
            free.remove(0);
        }
    }

    /// Gives everything to the system.
    pub fn clear(&self) {
        self.free().clear();
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<f32>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
