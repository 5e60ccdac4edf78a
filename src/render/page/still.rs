//! What the page shows where no script runs: all maps as a picture, and the
//! strongest links as a table.

use crate::analysis::{LinkChoice, MapId, Maps, Reduction, reduce, strongest_links};
use crate::figure::{self, FigureOptions};
use crate::render::{RenderError, TextShaper, png, prepare};
use crate::run::Run;

/// So many rows and columns of a small map are told apart.
const STEPS: usize = 24;
/// So many links are listed.
const LINKS: usize = 20;

/// The picture and the links.
pub(super) struct Still {
    /// A PNG.
    pub(super) overview: Vec<u8>,
    pub(super) size: [u32; 2],
    /// Query, key, their mean attention over all heads.
    pub(super) links: Vec<(String, String, f32)>,
}

impl Still {
    pub(super) fn new(
        run: &Run,
        maps: &Maps<'_>,
        options: &FigureOptions,
    ) -> Result<Self, RenderError> {
        let figure = figure::overview_in_steps(run, maps, options, [STEPS, STEPS])?;
        let mut shaper = TextShaper::new();
        let drawing = prepare(&figure, &mut shaper)?;
        let picture = png::encode(&drawing)?;
        let mean = reduce(maps, Reduction::Mean);
        let axes = [&mean.rows, &mean.columns];
        let map = mean.drawn(MapId::All).unwrap_or_default();
        let links = strongest_links(&map, axes, LinkChoice::Best, LINKS);
        let label = |axis: &crate::analysis::Axis, index: usize| {
            let unit = axis.units.get(index);
            unit.map_or_else(String::new, |unit| unit.label.clone())
        };
        Ok(Self {
            overview: picture.bytes,
            size: [picture.width, picture.height],
            links: links
                .into_iter()
                .map(|link| {
                    let (query, key) = (label(axes[0], link.query), label(axes[1], link.key));
                    (query, key, link.value)
                })
                .collect(),
        })
    }
}
