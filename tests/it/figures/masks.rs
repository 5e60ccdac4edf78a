//! Causal and windowed maps: what a mask forbids is not there, whatever is
//! drawn of them, and what drowns the rest is told.

use attnviz::analysis::{
    Crop, Direction, Granularity, MapId, Maps, Reduction, ReshapeOptions, Sink, SpecialTokens,
    reduce,
};
use attnviz::attention::{
    Attention, AttentionKind, AttentionTensor, HeadId, HeadMaps, Mask, Selection,
};
use attnviz::checkpoint::ModelSource;
use attnviz::figure::{
    Body, ColorRange, Figure, FigureOptions, overview, single_map, unit_profile,
};
use attnviz::input::Input;
use attnviz::render::terminal::{Graphics, Terminal, draw};
use attnviz::render::{TextShaper, png, prepare, svg, thumbnail};
use attnviz::run::Run;

use super::{BACKGROUND, Decoded, FIRST, encode, matrices};
use crate::runs::{reshaped, run_of, source, unit};

const CAUSAL: &str = "No token attends to a later one, as in a decoder: those cells are empty.";
const MEAN: &str = "In the mean over layers, a cell that some of them forbid is 0 there.";

fn behind(behind: usize) -> Mask {
    Mask::Window { behind, ahead: 0 }
}

fn window(behind: usize, ahead: usize) -> Mask {
    Mask::Window { behind, ahead }
}

/// A layer of two heads for every mask. A query that may attend to several keys
/// gives `share` to the first position, where it may, and the rest evenly.
pub(super) fn masked(masks: &[Mask], tokens: &[&str], share: f32) -> Run {
    let count = tokens.len();
    let row = |mask: Mask, query: usize| {
        let allowed = mask.allowed(query, count);
        let sees_first = allowed.contains(&0) && allowed.len() > 1;
        let first = if sees_first { share } else { 0.0 };
        let others = allowed.len() - usize::from(sees_first);
        (0..count).map(move |key| match key {
            0 if sees_first => first,
            _ if allowed.contains(&key) => (1.0 - first) / others as f32,
            _ => 0.0,
        })
    };
    let layers = masks.iter().flat_map(|&mask| [mask, mask]);
    let values = layers.flat_map(|mask| (0..count).flat_map(move |query| row(mask, query)));
    let selection = Selection::all(masks.len(), 2);
    let maps = HeadMaps::new(selection, [count, count], values.collect()).unwrap();
    let tensor = AttentionTensor::new(AttentionKind::SelfAttention, masks.to_vec(), maps).unwrap();
    let units = tokens.iter().map(|text| unit(text, text.starts_with('[')));
    run_of(
        ("decoder", ModelSource::Directory),
        Input::text(tokens.join(" ")),
        source(units.collect()),
        vec![Attention::Own(tensor)],
    )
}

const TOKENS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn notes_of(run: &Run, id: MapId) -> Vec<String> {
    let maps = reshaped(run, &ReshapeOptions::default()).unwrap();
    let figure = match id {
        MapId::Head(_) => single_map(run, &maps, id, &FigureOptions::default()),
        MapId::Layer(_) | MapId::All => {
            let means = reduce(&maps, Reduction::Mean);
            return single_map(run, &means, id, &FigureOptions::default())
                .unwrap()
                .notes;
        }
    };
    figure.unwrap().notes
}

fn of_overview(run: &Run) -> Vec<String> {
    let maps = reshaped(run, &ReshapeOptions::default()).unwrap();
    let figure = overview(run, &maps, &FigureOptions::default()).unwrap();
    figure.notes[1..].to_vec()
}

#[test]
fn a_note_says_what_the_layer_of_a_map_forbids() {
    for (mask, expected) in [
        (Mask::Full, None),
        (Mask::Causal, Some("a later one, as in a decoder")),
        (
            behind(2),
            Some("a later one, nor to one more than 2 before it"),
        ),
        (window(2, 2), Some("one more than 2 away")),
        (
            window(1, 3),
            Some("one more than 1 before it or 3 after it"),
        ),
        (window(9, 3), Some("one more than 3 after it")),
        (window(3, 9), Some("one more than 3 before it")),
        // They reach further than the text.
        (behind(64), Some("a later one, as in a decoder")),
        (window(64, 64), None),
    ] {
        let run = masked(&[mask], &TOKENS, 0.25);
        let note = |what: &str| format!("No token attends to {what}: those cells are empty.");
        let expected: Vec<String> = expected.map(note).into_iter().collect();
        assert_eq!(notes_of(&run, MapId::Head(FIRST)), expected, "{mask:?}");
        assert_eq!(notes_of(&run, MapId::Layer(0)), expected, "{mask:?}");
        assert_eq!(notes_of(&run, MapId::All), expected, "{mask:?}");
        assert_eq!(of_overview(&run), expected, "{mask:?}");
    }
    let alone = masked(&[Mask::Causal], &["a"], 0.25);
    assert_eq!(of_overview(&alone), Vec::<String>::new());
}

#[test]
fn notes_name_the_layers_where_they_differ() {
    let run = masked(
        &[behind(2), Mask::Causal, behind(2), behind(2)],
        &TOKENS,
        0.25,
    );
    let windowed =
        "no token attends to a later one, nor to one more than 2 before it: those cells are empty.";
    let causal = CAUSAL.replacen("No", "no", 1);
    assert_eq!(
        of_overview(&run),
        [
            format!("In layers 0, 2–3 {windowed}"),
            format!("In layer 1 {causal}")
        ]
    );
    let head = |layer| MapId::Head(HeadId { layer, head: 0 });
    assert_eq!(notes_of(&run, head(1)), [CAUSAL]);
    assert_eq!(notes_of(&run, head(2)), [windowed.replacen("no", "No", 1)]);
    assert_eq!(notes_of(&run, MapId::Layer(1)), [CAUSAL]);
    assert_eq!(notes_of(&run, MapId::All), [CAUSAL, MEAN]);
    // Nothing is empty where one layer sees all.
    let mixed = masked(&[window(1, 1), Mask::Full], &TOKENS, 0.25);
    assert_eq!(notes_of(&mixed, MapId::All), [MEAN]);
    assert_eq!(
        of_overview(&mixed),
        ["In layer 0 no token attends to one more than 1 away: those cells are empty."]
    );
    // Windows that reach further than the text are no other masks.
    let short = masked(&[behind(64), Mask::Causal], &TOKENS, 0.25);
    assert_eq!(of_overview(&short), [CAUSAL]);
    assert_eq!(notes_of(&short, MapId::All), [CAUSAL]);
    let maps = reshaped(&run, &ReshapeOptions::default()).unwrap();
    let maxima = reduce(&maps, Reduction::Max);
    let figure = single_map(&run, &maxima, MapId::All, &FigureOptions::default());
    assert_eq!(figure.unwrap().notes, [CAUSAL]);
}

/// Whether no layer of a map allows any of the pieces.
fn is_forbidden(maps: &Maps<'_>, masks: &[Mask], row: usize, column: usize) -> bool {
    let (query, key) = (&maps.rows.units[row], &maps.columns.units[column]);
    masks.iter().all(|mask| {
        query.positions().all(|query| {
            let allowed = mask.allowed(query, usize::MAX);
            key.positions().all(|key| !allowed.contains(&key))
        })
    })
}

fn check_cells(what: &str, maps: &Maps<'_>, masks: &[Mask], values: &[f32]) {
    let columns = maps.columns.len();
    for (place, value) in values.iter().enumerate() {
        let (row, column) = (place / columns, place % columns);
        let expected = is_forbidden(maps, masks, row, column);
        assert_eq!(value.is_nan(), expected, "{what}: {row}, {column}");
    }
}

#[test]
fn forbidden_cells_are_empty_in_every_view_whatever_is_shown() {
    let masks = [behind(2), Mask::Causal, window(1, 1), Mask::Full];
    let run = masked(
        &masks,
        &["[CLS]", "un", "##do", "it", "[X]", "now", "[SEP]"],
        0.25,
    );
    let options = FigureOptions::default();
    for sink in [Sink::Keep, Sink::Hide] {
        for special_tokens in [SpecialTokens::Keep, SpecialTokens::Hide] {
            for granularity in [Granularity::Subword, Granularity::Word] {
                for crop in [None, Some(Crop { first: 2, last: 5 })] {
                    let reshape = ReshapeOptions {
                        granularity,
                        sink,
                        special_tokens,
                        crop,
                    };
                    let maps = reshaped(&run, &reshape).unwrap();
                    // They are saved as 0.
                    for (id, map) in maps.iter() {
                        let MapId::Head(head) = id else {
                            panic!("{id:?}")
                        };
                        let drawn = maps.drawn(id).unwrap();
                        check_cells("head", &maps, &[masks[head.layer]], &drawn);
                        let saved = map.iter().zip(drawn.iter());
                        let absent = saved.filter(|(_, drawn)| drawn.is_nan());
                        assert!(absent.map(|(saved, _)| *saved).all(|saved| saved == 0.0));
                    }
                    let Body::Grid(grid) = overview(&run, &maps, &options).unwrap().body else {
                        panic!("an overview is a grid");
                    };
                    for (index, panel) in grid.panels.iter().enumerate() {
                        let values = &panel.as_ref().unwrap().matrix.values;
                        check_cells("overview", &maps, &[masks[index / 2]], values);
                    }
                    for reduction in [Reduction::Mean, Reduction::Max] {
                        let joined = reduce(&maps, reduction);
                        for (id, of_map) in [
                            (MapId::Layer(0), &masks[..1]),
                            (MapId::Layer(1), &masks[1..2]),
                            (MapId::Layer(2), &masks[2..3]),
                            (MapId::All, &masks[..]),
                        ] {
                            let figure = single_map(&run, &joined, id, &options).unwrap();
                            let Body::Map(map) = figure.body else {
                                panic!("it is a map");
                            };
                            check_cells("joined", &maps, of_map, &map.matrix.values);
                        }
                    }
                    for position in 0..maps.rows.len() {
                        let from = unit_profile(&run, &maps, Direction::From, position, &options);
                        let Body::Profile(from) = from.unwrap().body else {
                            panic!("it is a profile");
                        };
                        for (layer, row) in from.rows.iter().enumerate() {
                            for (key, value) in row.iter().enumerate() {
                                let expected =
                                    is_forbidden(&maps, &masks[layer..=layer], position, key);
                                assert_eq!(value.is_nan(), expected);
                            }
                        }
                        let to = unit_profile(&run, &maps, Direction::To, position, &options);
                        let Body::Profile(to) = to.unwrap().body else {
                            panic!("it is a profile");
                        };
                        for (layer, row) in to.rows.iter().enumerate() {
                            for (query, value) in row.iter().enumerate() {
                                let expected =
                                    is_forbidden(&maps, &masks[layer..=layer], query, position);
                                assert_eq!(value.is_nan(), expected);
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_mean_over_layers_counts_what_some_forbid_as_nothing() {
    let run = masked(&[behind(1), Mask::Causal], &TOKENS, 0.25);
    let maps = reshaped(&run, &ReshapeOptions::default()).unwrap();
    let means = reduce(&maps, Reduction::Mean);
    let all = means.map(MapId::All).unwrap();
    // What rows of each layer sum to, those of the mean sum to.
    for row in all.chunks_exact(6) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{row:?}");
    }
    assert_eq!(all[5 * 6], 0.125);
}

#[test]
fn forbidden_cells_have_no_colour_in_any_picture() {
    let mask = behind(1);
    let run = masked(&[mask], &TOKENS, 0.5);
    let maps = reshaped(&run, &ReshapeOptions::default()).unwrap();
    let options = FigureOptions::default();
    let figure = single_map(&run, &maps, MapId::Head(FIRST), &options).unwrap();
    let mut shaper = TextShaper::new();
    let picture = encode(&figure, &mut shaper).unwrap();
    let pixels = Decoded::new(&picture);
    let layout = attnviz::figure::layout::layout(&figure, &mut shaper).unwrap();
    let cells = matrices(&layout).next().unwrap().rect();
    let side = cells.width / 6;
    for row in 0..6 {
        for column in 0..6 {
            // Beside the value that is written in the middle.
            let (x, y) = (cells.x + column * side + 4, cells.y + row * side + 4);
            let is_empty = !mask.allowed(row as usize, 6).contains(&(column as usize));
            assert_eq!(pixels.at(x, y) == BACKGROUND, is_empty, "{row}, {column}");
        }
    }
    let drawing = prepare(&figure, &mut shaper).unwrap();
    let document = String::from_utf8(svg::encode(&drawing).unwrap().bytes).unwrap();
    assert!(!document.contains("NaN") && document.contains("one more than 1 before it"));
    assert!(png::encode(&drawing).unwrap().bytes == picture.bytes);
    for graphics in [
        Graphics::Plain,
        Graphics::Blocks(attnviz::render::terminal::Depth::True),
    ] {
        let terminal = Terminal {
            graphics,
            columns: 80,
        };
        let text = draw(&figure, terminal, &mut shaper).unwrap();
        assert!(!text.contains("NaN"), "{text}");
        let row = text.lines().find(|line| line.starts_with("f ")).unwrap();
        match graphics {
            // Two columns a cell: of six, the last two are there.
            Graphics::Plain => assert_eq!(row, "f         5 5"),
            // Four of them, in colours.
            _ => assert!(
                row.starts_with(&format!("f{}\u{1b}", " ".repeat(17))),
                "{row:?}"
            ),
        }
    }
    // A thumbnail is transparent there.
    let small = thumbnail(&run, &maps, &options).unwrap();
    let mut decoder = ::png::Decoder::new(std::io::Cursor::new(&small.bytes));
    decoder.set_transformations(::png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut buffer).unwrap();
    let width = frame.width as usize;
    let channels = buffer.len() / (width * frame.height as usize);
    assert_eq!(channels, 4);
    let side = (width - 2) / 2;
    for row in 0..6 {
        for column in 0..6 {
            let (x, y) = ((column * 2 + 1) * side / 12, (row * 2 + 1) * side / 12);
            let alpha = buffer[(y * width + x) * 4 + 3];
            let is_empty = !mask.allowed(row, 6).contains(&column);
            assert_eq!(alpha == 0, is_empty, "{row}, {column}");
        }
    }
}

#[test]
fn units_that_a_mask_forbids_have_no_bar_in_a_terminal() {
    let run = masked(&[behind(2)], &TOKENS, 0.25);
    let maps = reshaped(&run, &ReshapeOptions::default()).unwrap();
    let options = FigureOptions::default();
    let terminal = Terminal {
        graphics: Graphics::Plain,
        columns: 80,
    };
    for (direction, position, shown) in [
        (Direction::From, 5, ["d @3", "e @4", "f @5"]),
        (Direction::To, 0, ["a @0", "b @1", "c @2"]),
    ] {
        let figure = unit_profile(&run, &maps, direction, position, &options).unwrap();
        let text = draw(&figure, terminal, &mut TextShaper::new()).unwrap();
        assert!(!text.contains("NaN"), "{text}");
        let note = "No token attends to a later one, nor to one more than 2 before it";
        assert!(text.contains(note), "{text}");
        let bars = text.lines().filter(|line| line.contains("###"));
        assert_eq!(bars.count(), 3, "{text}");
        for unit in shown {
            assert!(text.contains(unit), "{text}");
        }
    }
}

/// The note of a figure that the first position drowns the rest.
fn drowning(figure: &Figure<'_>) -> Option<String> {
    let mut notes = figure.notes.iter();
    notes.find(|note| note.contains(" takes ")).cloned()
}

fn check_drowning(run: &Run, reshape: &ReshapeOptions, expected: Option<&str>) {
    let maps = reshaped(run, reshape).unwrap();
    let options = FigureOptions::default();
    let means = reduce(&maps, Reduction::Mean);
    let maxima = reduce(&maps, Reduction::Max);
    for (what, figure) in [
        ("head", single_map(run, &maps, MapId::Head(FIRST), &options)),
        ("overview", overview(run, &maps, &options)),
        ("mean", single_map(run, &means, MapId::All, &options)),
        (
            "maximum",
            single_map(run, &maxima, MapId::Layer(0), &options),
        ),
    ] {
        let found = drowning(&figure.unwrap());
        assert_eq!(found.as_deref(), expected, "{what}");
    }
    let last = maps.rows.len() - 1;
    let from = unit_profile(run, &maps, Direction::From, last, &options).unwrap();
    assert_eq!(drowning(&from).as_deref(), expected, "from");
    let to = unit_profile(run, &maps, Direction::To, 0, &options).unwrap();
    assert_eq!(drowning(&to), None, "to");
}

#[test]
fn where_the_first_position_drowns_the_rest_a_note_leads_to_the_rest() {
    let keep = ReshapeOptions::default();
    let sink = Some("The first token takes 75 % of the attention; --sink hide shows the rest.");
    let added =
        Some("The first token takes 75 % of the attention; --special-tokens hide shows the rest.");
    let texts = ["[CLS]", "b", "c", "d", "e", "f"];
    check_drowning(&masked(&[Mask::Causal], &TOKENS, 0.75), &keep, sink);
    check_drowning(&masked(&[Mask::Causal], &texts, 0.75), &keep, added);
    check_drowning(&masked(&[Mask::Causal], &TOKENS, 0.45), &keep, None);
    // Where each token may attend to all, the first one is like the others.
    check_drowning(&masked(&[Mask::Full], &TOKENS, 0.75), &keep, None);
    // It is hidden already, or not in the stretch.
    let run = masked(&[Mask::Causal], &texts, 0.75);
    for hidden in [
        ReshapeOptions {
            sink: Sink::Hide,
            ..keep
        },
        ReshapeOptions {
            special_tokens: SpecialTokens::Hide,
            ..keep
        },
        ReshapeOptions {
            crop: Some(Crop { first: 1, last: 5 }),
            ..keep
        },
    ] {
        check_drowning(&run, &hidden, None);
    }
    // Of what is shown: the rest of a stretch is not.
    let stretch = ReshapeOptions {
        crop: Some(Crop { first: 0, last: 2 }),
        ..keep
    };
    let near = Mask::Window {
        behind: 5,
        ahead: 5,
    };
    let run = masked(&[near], &TOKENS, 0.42);
    check_drowning(
        &run,
        &stretch,
        Some("The first token takes 64 % of the attention; --sink hide shows the rest."),
    );
    // A row without a choice tells nothing: of two tokens, the second alone has
    // one.
    check_drowning(&masked(&[Mask::Causal], &["a", "b"], 0.25), &keep, None);
    // What may not attend to it gives it nothing.
    let windowed = masked(&[behind(2)], &TOKENS, 0.75);
    check_drowning(&windowed, &keep, None);
    let words = ReshapeOptions {
        granularity: Granularity::Word,
        ..keep
    };
    check_drowning(
        &masked(&[Mask::Causal], &TOKENS, 0.75),
        &words,
        Some("The first word takes 75 % of the attention; --sink hide shows the rest."),
    );
}

#[test]
fn colours_of_a_decoder_do_not_reach_to_what_the_first_position_gets() {
    let tokens: Vec<&str> = TOKENS.into_iter().cycle().take(60).collect();
    let end = |mask| {
        let run = masked(&[mask], &tokens, 0.6);
        let maps = reshaped(&run, &ReshapeOptions::default()).unwrap();
        let figure = overview(&run, &maps, &FigureOptions::default()).unwrap();
        match figure.color_scale.range {
            ColorRange::Shared(range) => range.maximum,
            ColorRange::PerPanel { .. } => panic!("an overview has one scale"),
        }
    };
    assert!(end(Mask::Causal) < 0.1, "{}", end(Mask::Causal));
    // Without a mask the first token is one of the text.
    assert_eq!(end(Mask::Full), 1.0);
}
