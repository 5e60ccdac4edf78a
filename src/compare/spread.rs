//! The mean, 95 % and the worst of one number over many inputs.

use std::collections::BTreeMap;

/// A magnitude over many inputs; memory does not grow with their number.
///
/// The mean is of fixed-point sums in steps of 2⁻⁴⁰, so that the order of
/// inputs does not matter. The quantile is the upper end of a bin, a 128th
/// of the value wide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    count: u64,
    /// In steps of 2⁻⁴⁰.
    total: u128,
    /// How many values there are in a bin: the upper bits of a value.
    bins: BTreeMap<u32, u64>,
    /// The bits of the greatest value, and which input has it.
    worst: Option<(u32, u64)>,
}

/// Steps of a value's fixed point in 1.
const STEPS: f64 = (1_u64 << 40) as f64;
/// A value's bits without these tell its bin.
const BIN_BITS: u32 = 16;

impl Spread {
    /// Adds the magnitude of a value of the input with this index; one that is
    /// empty (NaN) does not count.
    pub fn add(&mut self, index: u64, value: f64) {
        let value = value.abs();
        if value.is_nan() {
            return;
        }
        let bits = (value as f32).to_bits();
        self.count += 1;
        self.total += (value * STEPS).round() as u128;
        *self.bins.entry(bits >> BIN_BITS).or_default() += 1;
        // Of equal ones, the first input's.
        let is_worse = |(worst, first): (u32, u64)| (bits, first) > (worst, index);
        if self.worst.is_none_or(is_worse) {
            self.worst = Some((bits, index));
        }
    }

    /// How many inputs had a value.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean, `None` of none.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.total as f64 / STEPS / self.count as f64)
    }

    /// So many of the values, a share, are no greater; to a 128th of it, and never
    /// above the worst.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let (worst, _) = self.worst?;
        let wanted = ((share * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let bin = self.bins.iter().find(|(_, count)| {
            seen += *count;
            seen >= wanted
        });
        let (&bin, _) = bin?;
        // Only 0 itself is in the first place of the first bin.
        let end = match bin {
            0 => 0,
            _ => (bin << BIN_BITS) | ((1 << BIN_BITS) - 1),
        };
        Some(f64::from(f32::from_bits(end.min(worst))))
    }

    /// The greatest value, and the index of the first input that has it.
    pub fn worst(&self) -> Option<(f64, u64)> {
        let (bits, index) = self.worst?;
        Some((f64::from(f32::from_bits(bits)), index))
    }
}
