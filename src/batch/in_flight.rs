//! How many bytes of text are on their way from the thread that reads to the one
//! that encodes: a few long lines wait like many short ones.

use std::sync::{Condvar, Mutex, PoisonError};

/// The most bytes on their way; one text that is longer goes alone.
const MAXIMUM: usize = 16 << 20;

/// The bytes that are on their way.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: usize,
    /// Nobody waits any more.
    is_open: bool,
}

impl InFlight {
    /// Waits until so many more bytes may go.
    pub(super) fn add(&self, bytes: usize) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |state: &mut State| {
            !state.is_open && state.bytes > 0 && state.bytes.saturating_add(bytes) > MAXIMUM
        };
        let waited = self.changed.wait_while(state, is_full);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.bytes = state.bytes.saturating_add(bytes);
    }

    /// So many bytes have come.
    pub(super) fn remove(&self, bytes: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.bytes = state.bytes.saturating_sub(bytes);
        self.changed.notify_all();
    }

    /// Lets everything go: nobody counts any more.
    pub(super) fn open(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_open = true;
        self.changed.notify_all();
    }
}
