//! The innermost loop of products and attention, and the only unsafe code of
//! the kernels: without bounds checks, one a weight, which cost a third of its
//! speed.

use pulp::Simd;

use super::multiply_add::multiply_add;

/// Numbers seen as a matrix `[row, position]`.
#[derive(Clone, Copy)]
pub struct Strided<'data> {
    pub values: &'data [f32],
    /// From a row to the next.
    pub row_stride: usize,
    /// From a position to the next.
    pub position_stride: usize,
}

/// Adds to the first `ROWS` vectors of each panel of `output` the sums over
/// all positions of weight times input. The sums stay in registers while the
/// inputs go by. Each is a chain of multiply-adds in the order of the
/// positions, whatever the size of the tile.
///
/// # Panics
/// When the panels are not of one length, `weights` ends before the last of
/// the rows at the last position, or a panel of `output` has fewer vectors.
#[inline(always)]
pub fn add_tile<S: Simd, const PANELS: usize, const ROWS: usize>(
    simd: S,
    panels: [&[S::f32s]; PANELS],
    weights: Strided<'_>,
    output: &mut [&mut [S::f32s]; PANELS],
) {
    const { assert!(0 < ROWS && ROWS <= 12) };
    let depth = panels[0].len();
    if depth == 0 {
        return;
    }
    assert!(panels.iter().all(|panel| panel.len() == depth));
    let last_row = weights.row_stride.checked_mul(ROWS - 1);
    let last_position = weights.position_stride.checked_mul(depth - 1);
    let last = last_row
        .zip(last_position)
        .and_then(|(a, b)| a.checked_add(b));
    assert!(last.is_some_and(|last| last < weights.values.len()));
    // One, two and four times the stride are part of an x86 address; with these
    // two, six rows need no addition, which would take turns with the
    // multiply-adds. The compiler must not see what they are made of.
    let stride = weights.row_stride;
    let (three, five) = std::hint::black_box((3 * stride, 5 * stride));
    let mut sums = [[simd.splat_f32s(0.0); PANELS]; ROWS];
    let mut near = 0;
    let mut far = 6 * stride;
    for position in 0..depth {
        // SAFETY: position < depth, the length of each panel.
        let inputs: [S::f32s; PANELS] = std::array::from_fn(
            #[inline(always)]
            |panel| unsafe { *panels[panel].get_unchecked(position) },
        );
        // Not a loop: the compiler unrolls one only sometimes, and then the
        // sums are not in registers.
        macro_rules! add_row {
            ($row:literal, $at:expr) => {
                if $row < ROWS {
                    // SAFETY: the index is row · row_stride + position ·
                    // position_stride with row ≤ ROWS − 1 and position ≤
                    // depth − 1, so it is at most `last`, which did not
                    // overflow and is less than the length.
                    let weight = unsafe { *weights.values.get_unchecked($at) };
                    let weight = simd.splat_f32s(weight);
                    for (sum, input) in sums[$row % ROWS].iter_mut().zip(inputs) {
                        *sum = multiply_add(simd, weight, input, *sum);
                    }
                }
            };
        }
        add_row!(0, near);
        add_row!(1, near + stride);
        add_row!(2, near + 2 * stride);
        add_row!(3, near + three);
        add_row!(4, near + 4 * stride);
        add_row!(5, near + five);
        add_row!(6, far);
        add_row!(7, far + stride);
        add_row!(8, far + 2 * stride);
        add_row!(9, far + three);
        add_row!(10, far + 4 * stride);
        add_row!(11, far + five);
        near += weights.position_stride;
        far += weights.position_stride;
    }
    for (panel, output) in output.iter_mut().enumerate() {
        for (output, sums) in output[..ROWS].iter_mut().zip(&sums) {
            *output = simd.add_f32s(*output, sums[panel]);
        }
    }
}
