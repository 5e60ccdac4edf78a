//! The one multiply-add of the kernels.

use pulp::Simd;

/// `a · b + c`, rounded once on every instruction set: where pulp has no
/// instruction for it, in software, which is slow and gives the same bits. The
/// system's own function is not asked, because some round twice.
#[inline(always)]
pub(super) fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, mut c: S::f32s) -> S::f32s {
    if !S::IS_SCALAR {
        return simd.mul_add_e_f32s(a, b, c);
    }
    let factors = lanes::<S>(&a).iter().zip(lanes::<S>(&b));
    let sums = bytemuck::cast_slice_mut::<_, f32>(std::slice::from_mut(&mut c));
    for (sum, (&a, &b)) in sums.iter_mut().zip(factors) {
        *sum = libm::fmaf(a, b, *sum);
    }
    c
}

#[inline(always)]
fn lanes<S: Simd>(vector: &S::f32s) -> &[f32] {
    bytemuck::cast_slice(std::slice::from_ref(vector))
}
