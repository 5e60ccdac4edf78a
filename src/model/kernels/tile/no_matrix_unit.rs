//! Stands in for the matrix unit where there is none that we know.

use super::{Ahead, Step, Sums};

/// Nobody has one.
#[derive(Debug, Clone, Copy)]
pub enum MatrixUnit {}

impl MatrixUnit {
    /// There is none.
    pub fn detect() -> Option<Self> {
        None
    }

    /// Cannot be called.
    pub fn add_square(
        self,
        _: [&[Step]; 2],
        _: [&[Step]; 2],
        _: [[&mut Sums; 2]; 2],
        _: Ahead<'_>,
    ) {
        match self {}
    }

    /// Cannot be called.
    pub fn add_one(self, _: &[Step], _: &[Step], _: &mut Sums) {
        match self {}
    }

    /// Cannot be called.
    pub fn stream(self, _: &[f32], _: &[Step], _: &mut Sums) {
        match self {}
    }
}
