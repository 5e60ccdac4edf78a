//! Attention with all that queries and keys go through before it.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, InplaceOp3, Layout, Result, bail};

use super::norm::NormWeights;
use super::panels::{cpu_values, cpu_values_mut, values};
use crate::model::architecture::HeadStart;
use crate::model::ops::kernels::{
    self, AttentionShape, DistanceScores, Instructions, RelativeScores,
};
use crate::model::ops::{Attending, Relative, WantedMaps};

/// Normalizes some groups of columns.
pub struct NormalizeHeads<'model> {
    /// By these weights.
    pub norm: &'model NormWeights,
    /// Where the groups begin.
    pub starts: Vec<usize>,
}

impl InplaceOp1 for NormalizeHeads<'_> {
    fn name(&self) -> &'static str {
        "norm-of-heads-in-panels"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let column_count = layout.shape().dims3()?.1;
        let instructions = self.norm.instructions;
        kernels::normalize_groups(
            instructions,
            self.norm.parameters(),
            cpu_values_mut(storage, layout)?,
            column_count,
            &self.starts,
        );
        Ok(())
    }
}

/// Turns queries and keys by the angles of their positions.
pub struct Rotate {
    /// What computes it.
    pub instructions: Instructions,
    /// Where the columns that are turned begin.
    pub starts: Vec<usize>,
}

impl InplaceOp3 for Rotate {
    fn name(&self) -> &'static str {
        "rotation-in-panels"
    }

    fn cpu_fwd(
        &self,
        storage: &mut CpuStorage,
        layout: &Layout,
        cosines: &CpuStorage,
        cosines_layout: &Layout,
        sines: &CpuStorage,
        sines_layout: &Layout,
    ) -> Result<()> {
        let (panel_count, column_count, lane_count) = layout.shape().dims3()?;
        let half = cosines_layout.shape().dims3()?.1;
        let angles = [cosines_layout, sines_layout];
        if angles.map(Layout::dims) != [[panel_count, half, lane_count]; 2] {
            bail!("a rotation met angles of {:?}", cosines_layout.dims());
        }
        let angles = [
            cpu_values(cosines, cosines_layout)?,
            cpu_values(sines, sines_layout)?,
        ];
        let values = cpu_values_mut(storage, layout)?;
        let starts = &self.starts;
        kernels::rotate(
            self.instructions,
            values,
            column_count,
            angles,
            half,
            starts,
        );
        Ok(())
    }
}

/// Attention of stacked inputs, from the product of queries, keys and values
/// to the context; the maps go into memory that it is handed.
pub struct Attend<'data> {
    instructions: Instructions,
    shape: AttentionShape<'data>,
    relative: Option<&'data Relative>,
    spans: &'data [(usize, usize)],
    /// Taken when it runs.
    maps: Mutex<WantedMaps<'data>>,
}

impl<'data> Attend<'data> {
    /// What a layer's attention computes.
    pub fn new(
        instructions: Instructions,
        attending: &Attending<'data, NormWeights>,
        starts: &'data [HeadStart],
        maps: WantedMaps<'data>,
    ) -> Self {
        let attention = attending.attention;
        Self {
            instructions,
            shape: AttentionShape {
                head_size: attention.head_size,
                column_count: attention.query_columns() + 2 * attention.key_columns(),
                starts,
                scale: attention.scale,
                score_cap: attention.score_cap,
                mask: attention.mask,
                distances: attending.distances.map(|distances| DistanceScores {
                    values: &distances.values,
                    longest: distances.longest,
                }),
                relative: None,
            },
            relative: attending.relative,
            spans: attending.spans,
            maps: Mutex::new(maps),
        }
    }
}

impl InplaceOp2 for Attend<'_> {
    fn name(&self) -> &'static str {
        "attention-in-panels"
    }

    fn cpu_fwd(
        &self,
        context: &mut CpuStorage,
        layout: &Layout,
        query_key_value: &CpuStorage,
        query_key_value_layout: &Layout,
    ) -> Result<()> {
        let (panel_count, column_count, lane_count) = layout.shape().dims3()?;
        let expected = [panel_count, self.shape.column_count, lane_count];
        let fits = query_key_value_layout.dims() == expected
            && column_count == self.shape.starts.len() * self.shape.head_size
            && lane_count == self.instructions.lane_count();
        if !fits {
            bail!(
                "attention met a tensor of {:?}",
                query_key_value_layout.dims()
            );
        }
        let of_distances = self
            .relative
            .map(|relative| relative.rows.storage_and_layout());
        let relative = self.relative.zip(of_distances.as_ref());
        let relative = relative.map(|(relative, (storage, layout))| {
            Ok::<_, candle_core::Error>(RelativeScores {
                rows: values(storage, layout)?,
                column_count: layout.shape().dims3()?.1,
                queries: relative.queries,
                keys: relative.keys,
                longest: relative.longest,
            })
        });
        let shape = AttentionShape {
            relative: relative.transpose()?,
            ..self.shape
        };
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        kernels::attend(
            self.instructions,
            shape,
            cpu_values(query_key_value, query_key_value_layout)?,
            self.spans,
            std::mem::take(&mut maps),
            cpu_values_mut(context, layout)?,
        );
        Ok(())
    }
}
