//! Runs without a model, for tests of what comes after it.

use attnviz::analysis::{Maps, ReshapeError, ReshapeOptions, reshape};
use attnviz::attention::{
    Attention, AttentionKind, AttentionTensor, ForeignAttention, HeadId, HeadMaps, Selection,
};
use attnviz::checkpoint::{ModelProvenance, ModelSource};
use attnviz::input::{Input, Place, SpecialRole, Stream, StreamRole, Unit};
use attnviz::run::Run;

/// A unit of the first text.
pub fn unit(text: &str, is_special: bool) -> Unit {
    Unit {
        id: 0,
        text: text.to_owned(),
        label: text.to_owned(),
        special: is_special.then(|| SpecialRole::of(text)),
        segment: 0,
        word: None,
        place: Place::Added,
    }
}

/// The only stream of a run.
pub fn source(units: Vec<Unit>) -> Vec<Stream> {
    vec![Stream {
        role: StreamRole::Source,
        units,
        dropped: 0,
    }]
}

/// What a model would return.
pub fn own(values: Vec<f32>, shape: [usize; 4]) -> Vec<Attention> {
    let tensor = AttentionTensor::unmasked(values, shape).expect("rows are distributions");
    vec![Attention::Own(tensor)]
}

/// What another program would.
pub fn foreign(values: Vec<f32>, shape: [usize; 4]) -> Vec<Attention> {
    let [layers, heads, queries, keys] = shape;
    let kind = match queries == keys {
        true => AttentionKind::SelfAttention,
        false => AttentionKind::Cross,
    };
    let maps = HeadMaps::new(Selection::all(layers, heads), [queries, keys], values);
    let maps = maps.expect("the values fit the shape");
    let foreign = ForeignAttention::new(kind, maps, Vec::new()).expect("the values are weights");
    vec![Attention::Foreign(foreign)]
}

/// A run of a model that is only named.
pub fn run_of(
    model: (&str, ModelSource),
    input: Input,
    streams: Vec<Stream>,
    attention: Vec<Attention>,
) -> Run {
    Run {
        model: ModelProvenance {
            id: model.0.to_owned(),
            source: model.1,
            commit: None,
            weights_prefix: None,
            backend: None,
            label_files: attnviz::checkpoint::LabelFiles::default(),
            files: Vec::new(),
        }
        .into(),
        input,
        streams,
        attention,
        neurons: None,
    }
}

/// The maps of all heads.
pub fn head_maps(run: &Run) -> &HeadMaps {
    run.attention.first().expect("a run has attention").maps()
}

/// What a query attends to, as the run holds it.
pub fn row(run: &Run, id: HeadId, query: usize) -> &[f32] {
    let maps = head_maps(run);
    let rows = maps.map(id).expect("the head is there");
    let mut rows = rows.chunks_exact(maps.key_count());
    rows.nth(query).expect("the query is there")
}

/// A run's only attention, reshaped.
pub fn reshaped<'run>(
    run: &'run Run,
    options: &ReshapeOptions,
) -> Result<Maps<'run>, ReshapeError> {
    let attention = run.attention.first().expect("a run has attention");
    reshape(run, attention, options)
}

/// A run's attention as it is.
pub fn raw(run: &Run) -> Maps<'_> {
    reshaped(run, &ReshapeOptions::default()).expect("all of it can be shown")
}
