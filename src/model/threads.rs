//! Many short parallel steps one after the other.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// Whether the thread is in [`with_threads_awake`], on either side.
    static IS_AWAKE: Cell<bool> = const { Cell::new(false) };
}

/// How often a thread looks for work before it lets other processes run.
const EMPTY_ROUNDS: usize = 64;

/// Runs many short parallel steps with the pool's other threads looking for
/// work all the time, instead of sleeping.
///
/// A thread that waits for a step may pick up anything meanwhile. It must not
/// pick up the looking for work, which ends after the last step: whoever is in
/// here already goes on at once.
pub(super) fn with_threads_awake<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    /// Lets the threads go, even when the work panics.
    struct Done<'flag>(&'flag AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }
    /// Marks the thread while it is in here.
    struct Awake;
    impl Drop for Awake {
        fn drop(&mut self) {
            IS_AWAKE.set(false);
        }
    }
    let is_done = &AtomicBool::new(false);
    rayon::scope(|scope| {
        if IS_AWAKE.replace(true) {
            return work();
        }
        let _awake = Awake;
        let _done = Done(is_done);
        // More threads than cores would only be in each other's way.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 1..rayon::current_num_threads().min(cores) {
            scope.spawn(move |_| {
                if !IS_AWAKE.replace(true) {
                    let _awake = Awake;
                    look_for_work(is_done);
                }
            });
        }
        work()
    })
}

fn look_for_work(is_done: &AtomicBool) {
    let mut empty_rounds = 0;
    while !is_done.load(Ordering::Acquire) {
        if rayon::yield_now() == Some(rayon::Yield::Executed) {
            empty_rounds = 0;
            continue;
        }
        empty_rounds += 1;
        match empty_rounds % EMPTY_ROUNDS {
            0 => std::thread::yield_now(),
            _ => std::hint::spin_loop(),
        }
    }
}
