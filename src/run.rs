//! A run: what one input was, which model looked at it, and where every head
//! attended, **raw**: what the model returned, nothing dropped or merged. It is
//! the unit that is saved, drawn and compared.

use crate::attention::{Attention, AttentionKind, MapMemory, Neurons, Selection};
use crate::checkpoint::PendingProvenance;
use crate::input::{Input, Stream, StreamRole, Unit, stream};

/// One input, its streams, its attention tensors and the model's provenance.
#[derive(Debug, Clone)]
pub struct Run {
    /// The model that was asked.
    pub model: PendingProvenance,
    /// As it was given.
    pub input: Input,
    /// What became of it, the source first.
    pub streams: Vec<Stream>,
    /// One tensor of each kind.
    pub attention: Vec<Attention>,
    /// What the scores of the heads were computed of, where somebody asked.
    pub neurons: Option<Neurons>,
}

impl Run {
    /// The stream of a role, `None` where there is none.
    pub fn stream(&self, role: StreamRole) -> Option<&Stream> {
        stream(&self.streams, role)
    }

    /// The units of the stream of a role; none where there is no such stream.
    pub fn units(&self, role: StreamRole) -> &[Unit] {
        self.stream(role).map_or(&[], |stream| &stream.units)
    }

    /// How many units `--truncate` dropped, of all streams.
    pub fn dropped(&self) -> usize {
        self.streams.iter().map(|stream| stream.dropped).sum()
    }

    /// The attention of a kind, `None` where there is none.
    pub fn attention(&self, kind: AttentionKind) -> Option<&Attention> {
        self.attention
            .iter()
            .find(|attention| attention.kind() == kind)
    }

    /// Gives the memory of the maps back, for those of other runs.
    pub fn give_back(self, memory: &MapMemory) {
        let attention = self.attention.into_iter();
        attention.for_each(|attention| memory.give_back(attention.into_values()));
    }

    /// The same with those heads alone that `selection` has.
    #[must_use]
    pub fn select(self, selection: &Selection) -> Self {
        let is_all = |attention: &Attention| attention.maps().selection() == selection;
        match self.attention.iter().all(is_all) {
            true => self,
            false => Self {
                attention: self
                    .attention
                    .iter()
                    .map(|attention| attention.select(selection))
                    .collect(),
                neurons: self.neurons.map(|neurons| neurons.select(selection)),
                ..self
            },
        }
    }
}
