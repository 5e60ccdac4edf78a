//! Attention of decoders: what a mask forbids is not there.

use std::fs;

use attnviz::analysis::{MapId, ReshapeOptions, reshape};
use attnviz::attention::{HeadId, Mask};
use attnviz::figure::{Body, FigureOptions, single_map};
use attnviz::store::saved::{ForeignNames, read};

use super::{attention, causal, npy_file, only_folder};
use crate::binary::{Workplace, manifest};

const NOTE: &str = "No token attends to a later one, as in a decoder: those cells are empty.";

fn mask_of(shape: &[usize], values: &[f32]) -> Mask {
    let workplace = Workplace::new();
    npy_file(&workplace, "it", shape, values);
    let saved = read(&workplace.path().join("it"), &ForeignNames::default());
    let saved = saved.expect("it is attention");
    saved.run.attention[0].masks()[0]
}

#[test]
fn a_decoder_is_known_by_what_nothing_attends_to() {
    assert_eq!(mask_of(&[2, 3, 8, 8], &causal(2, 3, 8)), Mask::Causal);
    assert_eq!(mask_of(&[1, 1, 2, 2], &causal(1, 1, 2)), Mask::Causal);
    // Of one token nobody can tell.
    assert_eq!(mask_of(&[1, 1, 1, 1], &[1.0]), Mask::Full);
    // Nor where nothing attends to anything, or everything to itself.
    assert_eq!(mask_of(&[1, 1, 3, 3], &[0.0; 9]), Mask::Full);
    let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].concat();
    assert_eq!(mask_of(&[1, 1, 3, 3], &identity), Mask::Full);
    assert_eq!(mask_of(&[2, 3, 8, 8], &attention(2, 3, 8)), Mask::Full);
    // One value anywhere is enough, however small.
    let mut values = causal(2, 3, 8);
    values[5 * 64 + 7] = 1e-30;
    assert_eq!(mask_of(&[2, 3, 8, 8], &values), Mask::Full);
    let cross = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]].concat();
    assert_eq!(
        mask_of(&[1, 1, 2, 3], &[cross, vec![]].concat()),
        Mask::Full
    );
}

#[test]
fn forbidden_cells_are_left_out_of_figures_and_counts() {
    let workplace = Workplace::new();
    npy_file(&workplace, "it", &[1, 2, 3, 3], &causal(1, 2, 3));
    let saved = read(&workplace.path().join("it"), &ForeignNames::default());
    let run = saved.expect("it is attention").run;
    let maps = reshape(&run, &run.attention[0], &ReshapeOptions::default());
    let maps = maps.expect("nothing is asked for");
    let id = MapId::Head(HeadId { layer: 0, head: 1 });
    let options = FigureOptions {
        minimum: Some(0.4),
        top_links: 9,
        ..FigureOptions::default()
    };
    let figure = single_map(&run, &maps, id, &options).expect("the head is there");
    // Three of six cells are below 0.4, and the three forbidden ones are none.
    assert!(
        figure.notes.iter().any(|note| note == NOTE),
        "{:?}",
        figure.notes
    );
    let count = figure.notes.iter().find(|note| note.contains("are below"));
    assert!(
        count.is_some_and(|note| note.starts_with("3 of 6 values")),
        "{:?}",
        figure.notes
    );
    let Body::Map(map) = &figure.body else {
        panic!("it is a map");
    };
    let absent: Vec<bool> = map
        .matrix
        .values
        .iter()
        .map(|value| value.is_nan())
        .collect();
    let expected = [false, true, true, false, false, true, false, false, false];
    assert_eq!(absent, expected);
    // One of each query that has a choice.
    assert_eq!(map.links.len(), 2);
    // They are saved as 0.
    assert_eq!(maps.map(id).expect("the head is there")[1], 0.0);
}

#[test]
fn a_word_is_there_where_one_of_its_pieces_is() {
    let workplace = Workplace::new();
    npy_file(&workplace, "it.npy", &[1, 1, 4, 4], &causal(1, 1, 4));
    fs::write(workplace.path().join("labels"), "a\nun\n##do\nb").expect("it can be written");
    let names = ForeignNames {
        labels: Some(workplace.path().join("labels")),
        ..ForeignNames::default()
    };
    let run = read(&workplace.path().join("it.npy"), &names)
        .expect("it is attention")
        .run;
    let options = ReshapeOptions {
        granularity: attnviz::analysis::Granularity::Word,
        ..ReshapeOptions::default()
    };
    let maps = reshape(&run, &run.attention[0], &options).expect("words are there");
    let drawn = maps.drawn(MapId::All);
    assert!(drawn.is_none());
    let id = MapId::Head(HeadId { layer: 0, head: 0 });
    let drawn = maps.drawn(id).expect("the head is there");
    let absent: Vec<bool> = drawn.iter().map(|value| value.is_nan()).collect();
    let expected = [false, true, true, false, false, true, false, false, false];
    assert_eq!(absent, expected);
}

#[test]
fn a_decoder_is_drawn_and_saved_and_drawn_again_in_every_view() {
    let workplace = Workplace::new();
    for tokens in [1, 8, 30] {
        npy_file(
            &workplace,
            "it.npy",
            &[2, 2, tokens, tokens],
            &causal(2, 2, tokens),
        );
        let output = format!("out-{tokens}");
        let mut arguments = vec!["render", "it.npy", "-o", &output, "-f", "png,svg,npz,json"];
        arguments.extend([
            "--views",
            "heads,overview,mean,max,from:0,to:0",
            "--top-k",
            "3",
        ]);
        workplace.succeed(&arguments);
        let folder = only_folder(&workplace, &output);
        let found = manifest(&folder);
        let masks = &found["attention"][0]["masks"];
        if tokens == 1 {
            assert!(masks.is_null());
            continue;
        }
        assert_eq!(masks.to_string(), r#"["causal","causal"]"#);
        let svg = fs::read_to_string(folder.join("heads/layer-00-head-00.svg"));
        let svg = svg.expect("it is there");
        assert!(svg.contains("No token attends to a later one"));
        for word in [">NaN<", ">inf<", ">-inf<"] {
            assert!(!svg.contains(word), "{word}");
        }
        let again = format!("again-{tokens}");
        let path = folder.join("attention.npz");
        let path = path.to_str().expect("the path is UTF-8");
        workplace.succeed(&["render", path, "-o", &again, "--top-k", "3"]);
        let again = only_folder(&workplace, &again);
        for file in ["overview.png", "heads/layer-01-head-01.png"] {
            let [first, again] = [&folder, &again].map(|folder| fs::read(folder.join(file)));
            assert!(
                first.expect("it is there") == again.expect("it is there"),
                "{file}"
            );
        }
        // No number that is saved is missing.
        let json = fs::read_to_string(folder.join("attention.json")).expect("it is there");
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        for view in ["attention", "mean", "max", "from:0", "to:0"] {
            assert!(!json[view].to_string().contains("null"), "{view}");
        }
    }
}

#[test]
fn an_overview_of_many_tokens_says_that_forbidden_cells_are_in_no_mean() {
    let workplace = Workplace::new();
    for (output, values, is_told) in [
        ("causal", causal(1, 1, 1_100), true),
        ("full", attention(1, 1, 1_100), false),
    ] {
        npy_file(&workplace, "it.npy", &[1, 1, 1_100, 1_100], &values);
        let options = ["--views", "overview", "-f", "svg", "-o"];
        workplace.succeed(&[&["render", "it.npy"][..], &options, &[output]].concat());
        let file = only_folder(&workplace, output).join("overview.svg");
        let svg = fs::read_to_string(file).expect("it is there");
        assert!(svg.contains("each pixel shows the mean of"), "{output}");
        // The rest of it stands on the next line.
        assert_eq!(svg.contains("or of those of them"), is_told);
    }
}
