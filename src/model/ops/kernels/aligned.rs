//! Memory that starts where a cache line does: a register that is loaded
//! across two lines costs two loads, which slows products by an eighth.

/// Bytes of a cache line, and of the widest register.
const LINE: usize = 64;

/// How many more values are allocated, so that the first can be moved up.
const SLACK: usize = LINE / size_of::<f32>() - 1;

/// Zeros, to be written over.
#[derive(Debug)]
pub struct Aligned {
    all: Vec<f32>,
    start: usize,
    length: usize,
}

impl Aligned {
    /// `length` zeros.
    pub fn zeros(length: usize) -> Self {
        let all = vec![0.0; length + SLACK];
        let start = all.as_ptr().align_offset(LINE).min(SLACK);
        Self { all, start, length }
    }

    /// The values.
    pub fn values(&self) -> &[f32] {
        &self.all[self.start..self.start + self.length]
    }

    /// The values, to write to.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.all[self.start..self.start + self.length]
    }

    /// The memory behind the values, and where in it they start.
    pub fn into_parts(self) -> (Vec<f32>, usize) {
        (self.all, self.start)
    }
}
