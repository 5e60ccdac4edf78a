//! From a run to the bytes of its pictures, on one thread.

use std::hint::black_box;

use attnviz::analysis::{Direction, MapId, ReshapeOptions, reshape};
use attnviz::attention::{Attention, AttentionTensor, HeadId};
use attnviz::checkpoint::{ModelProvenance, ModelSource};
use attnviz::figure::{FigureOptions, overview, single_map, unit_profile};
use attnviz::input::{Input, Place, SpecialRole, Stream, StreamRole, Unit};
use attnviz::render::{Drawing, Picture, RenderError, TextShaper, png, prepare, svg, thumbnail};
use attnviz::run::Run;
use criterion::{Criterion, criterion_group, criterion_main};

/// A run of 6 layers and 12 heads with uneven attention.
fn run(token_count: usize) -> Run {
    let (layers, heads) = (6, 12);
    let mut values = Vec::new();
    for row in 0..layers * heads * token_count {
        let weights = (0..token_count).map(|key| 1.0 + ((row * 31 + key * 17) % 23) as f32);
        let weights: Vec<f32> = weights.collect();
        let sum: f32 = weights.iter().sum();
        values.extend(weights.into_iter().map(|weight| weight / sum));
    }
    let unit = |index: usize| {
        let text = format!("token{}", index % 40);
        Unit {
            id: 0,
            label: text.clone(),
            text,
            special: (index == 0).then_some(SpecialRole::Classification),
            segment: 0,
            word: None,
            place: Place::Added,
        }
    };
    let tensor = AttentionTensor::unmasked(values, [layers, heads, token_count, token_count]);
    Run {
        model: ModelProvenance {
            id: "bench".to_owned(),
            source: ModelSource::Builtin,
            commit: None,
            files: Vec::new(),
            label_files: Default::default(),
            weights_prefix: None,
            backend: None,
        }
        .into(),
        input: Input::text("a sentence"),
        streams: vec![Stream {
            role: StreamRole::Source,
            units: (0..token_count).map(unit).collect(),
            dropped: 0,
        }],
        attention: vec![Attention::Own(tensor.expect("rows sum to one"))],
        neurons: None,
    }
}

type Encode = fn(&Drawing<'_>) -> Result<Picture, RenderError>;

fn pictures(criterion: &mut Criterion) {
    let options = FigureOptions::default();
    let mut shaper = TextShaper::new();
    for token_count in [8, 30, 128, 512] {
        let run = run(token_count);
        let maps = reshape(&run, &run.attention[0], &ReshapeOptions::default()).expect("all of it");
        let choice = MapId::Head(HeadId { layer: 0, head: 0 });
        let mut bench = |name: &str, work: &mut dyn FnMut() -> usize| {
            let id = format!("{name}/{token_count}");
            criterion.bench_function(&id, |bencher| bencher.iter(|| black_box(work())));
        };
        let head = single_map(&run, &maps, choice, &options).expect("a head");
        let grid = overview(&run, &maps, &options).expect("an overview");
        let token = unit_profile(&run, &maps, Direction::From, 1, &options).expect("a token");
        for (name, figure, encode) in [
            ("head map as PNG", &head, png::encode as Encode),
            ("overview as PNG", &grid, png::encode),
            ("overview as SVG", &grid, svg::encode),
            ("token as PNG", &token, png::encode),
        ] {
            bench(name, &mut || {
                let drawing = prepare(figure, &mut shaper).expect("a layout");
                encode(&drawing).expect("a picture").bytes.len()
            });
        }
        bench("thumbnail", &mut || {
            let picture = thumbnail(&run, &maps, &options);
            picture.expect("a picture").bytes.len()
        });
    }
}

criterion_group!(benches, pictures);
criterion_main!(benches);
