//! `--views link:FROM:TO`: which head links one unit to another.

use attnviz::analysis::{ReshapeOptions, Sink, link_by_head};
use attnviz::attention::{
    Attention, AttentionKind, AttentionTensor, HeadId, HeadMaps, LayerHeads, Mask, Selection,
};
use attnviz::checkpoint::ModelSource;
use attnviz::figure::View;
use attnviz::input::Input;
use attnviz::run::Run;

use crate::binary::Workplace;
use crate::runs::{raw, reshaped, run_of, source, unit};

const ANIMAL: &str = "The animal didn't cross the street because it was too tired.";
const FOLDER: &str = "the-animal-didn-t-cross-the-street-because-it-was-too-tired";

/// A run of units a, b, c …
fn run(attention: Attention) -> Run {
    let count = attention.maps().query_count();
    let units = ('a'..)
        .take(count)
        .map(|letter| unit(&letter.to_string(), false));
    let model = ("test", ModelSource::Builtin);
    run_of(
        model,
        Input::text("a b c"),
        source(units.collect()),
        vec![attention],
    )
}

#[test]
fn the_strongest_heads_come_first_and_equal_ones_in_their_order() {
    // Layer 1 lacks head 0.
    let selection = Selection {
        layers: vec![
            LayerHeads {
                layer: 0,
                heads: vec![0, 1],
            },
            LayerHeads {
                layer: 1,
                heads: vec![1],
            },
        ],
    };
    let values = [
        [0.25, 0.75],
        [0.5, 0.5],
        [0.0, 1.0],
        [0.5, 0.5],
        [0.75, 0.25],
        [0.5, 0.5],
    ];
    let maps = HeadMaps::new(selection, [2; 2], values.concat()).expect("a shape");
    let tensor = AttentionTensor::new(AttentionKind::SelfAttention, vec![Mask::Full; 2], maps);
    let run = run(Attention::Own(tensor.expect("rows sum to 1")));
    let maps = raw(&run);
    let id = |layer, head| HeadId { layer, head };
    let link = link_by_head(&maps, 0, 0).expect("it is there");
    assert_eq!(link.values[..2], [0.25, 0.0]);
    assert!(link.values[2].is_nan());
    // 0 is no link.
    assert_eq!(link.strongest(9), [(id(1, 1), 0.75), (id(0, 0), 0.25)]);
    assert_eq!(link.strongest(1), [(id(1, 1), 0.75)]);
    let link = link_by_head(&maps, 1, 0).expect("it is there");
    let equal = [(id(0, 0), 0.5), (id(0, 1), 0.5), (id(1, 1), 0.5)];
    assert_eq!(link.strongest(9), equal);
    assert_eq!(link_by_head(&maps, 2, 0), None);
    // It is of what is shown.
    let hidden = ReshapeOptions {
        sink: Sink::Hide,
        ..ReshapeOptions::default()
    };
    let maps = reshaped(&run, &hidden).expect("b is left");
    assert_eq!(link_by_head(&maps, 0, 0).expect("it is there").query, "b");
}

#[test]
fn what_a_mask_forbids_is_in_no_head() {
    let masks = vec![
        Mask::Causal,
        Mask::Window {
            behind: 1,
            ahead: 0,
        },
    ];
    let first = [1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.25, 0.25, 0.5];
    let second = [1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.5, 0.5];
    let values = [first, second].concat();
    let maps = HeadMaps::new(Selection::all(2, 1), [3; 2], values).expect("a shape");
    let tensor = AttentionTensor::new(AttentionKind::SelfAttention, masks, maps);
    let run = run(Attention::Own(tensor.expect("rows sum to 1")));
    let maps = raw(&run);
    let later = link_by_head(&maps, 0, 2).expect("it is there");
    assert_eq!(later.is_forbidden, [true, true]);
    assert!(later.drawn().iter().all(|value| value.is_nan()));
    assert_eq!(later.values, [0.0, 0.0]);
    assert!(later.strongest(3).is_empty());
    let far = link_by_head(&maps, 2, 0).expect("it is there");
    assert_eq!(far.is_forbidden, [false, true]);
    assert_eq!(far.strongest(3), [(HeadId { layer: 0, head: 0 }, 0.25)]);
}

#[test]
fn links_are_cut_out_of_lists() {
    let cases = [
        ("link:it:animal", vec!["link:it:animal"]),
        ("link:@3:@5,mean", vec!["link:@3:@5", "mean"]),
        ("heads,link:it:@2,to:.", vec!["heads", "link:it:@2", "to:."]),
        // A lone comma or colon is a token.
        ("link:,:it", vec!["link:,:it"]),
        ("link:it:,", vec!["link:it:,"]),
        ("link:it:,,mean", vec!["link:it:,", "mean"]),
        ("link:,:,,heads", vec!["link:,:,", "heads"]),
        ("link:::@3", vec!["link:::@3"]),
        ("link:@3::", vec!["link:@3::"]),
        ("link::::,max", vec!["link::::", "max"]),
        ("link:,::", vec!["link:,::"]),
        ("link:::,,from:,,max", vec!["link:::,", "from:,", "max"]),
        ("rollout,similarity", vec!["rollout", "similarity"]),
    ];
    for (list, expected) in cases {
        let views = View::list(list).unwrap_or_else(|error| panic!("{list}: {error}"));
        let names: Vec<String> = views.iter().map(View::to_string).collect();
        assert_eq!(names, expected, "{list}");
        for (view, name) in views.iter().zip(&names) {
            assert_eq!(name.parse::<View>().as_ref(), Ok(view), "{list}");
        }
    }
    for list in [
        "link:",
        "link:it",
        "link::it",
        "link:it:",
        "link:a:b:c",
        "link::",
        "link:it,animal",
    ] {
        assert!(View::list(list).is_err(), "{list}");
    }
}

#[test]
fn a_wrong_end_is_named_with_the_whole_list_to_type() {
    let workplace = Workplace::new();
    let cases = [
        (
            "overview,link:the:animal",
            "the token \"the\" is there more than once, at @1 @7",
            "hint: --views overview,link:@1:animal, or overview,link:@7:animal",
        ),
        (
            "link:it:the",
            "the token \"the\" is there more than once, at @1 @7",
            "hint: --views link:it:@1, or link:it:@7",
        ),
        (
            "link:the:anima",
            "the token \"the\" is there more than once",
            "hint: --views link:@1:@2, or link:@7:@2",
        ),
        (
            "link:@10:@99",
            "there is no token @99",
            "hint: --views link:@10:@15",
        ),
        (
            "link:it:animl",
            "there is no token \"animl\"",
            "hint: --views link:it:@2",
        ),
        (
            "heads,link:it,animal,max",
            "expected two tokens behind \"link:\"",
            "hint: --views heads,link:it:animal,max",
        ),
        (
            "link:it",
            "expected two tokens behind \"link:\"",
            "hint: --views link:@1:@0",
        ),
        (
            "mean,link:a:b:c",
            "a token with a colon in it is named by its position",
            "hint: --views mean,link:@1:@0",
        ),
        (
            "link:it:a,b",
            "a comma ends the text of \"link:it:a\"",
            "hint: --views link:@1:@0",
        ),
        (
            "lnik:it:animal",
            "unknown view",
            "hint: --views link:it:animal",
        ),
        ("rolout", "unknown view", "hint: --views rollout"),
        ("similarty", "unknown view", "hint: --views similarity"),
    ];
    for (views, error, hint) in cases {
        let arguments = ["encode", ANIMAL, "-m", "builtin", "--views", views];
        let outcome = workplace.run(&arguments);
        assert_ne!(outcome.code, Some(0), "{views}");
        assert!(
            outcome.stderr.contains(error),
            "{views}: {}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains(hint), "{views}: {}", outcome.stderr);
    }
}

#[test]
fn one_command_says_which_head_links_it_to_animal() {
    let workplace = Workplace::new();
    let arguments = [
        "encode",
        ANIMAL,
        "-m",
        "builtin",
        "--views",
        "link:it:animal",
        "-f",
        "svg,json",
    ];
    let outcome = workplace.succeed(&arguments);
    let link = outcome
        .stdout
        .lines()
        .find(|line| line.starts_with("link "));
    let link = link.expect("a line of the link");
    let folder = workplace.default_output().join(FOLDER);
    let picture = std::fs::read_to_string(folder.join("link/it-animal.svg")).expect("a picture");
    let numbers = std::fs::read_to_string(folder.join("attention.json")).expect("numbers");
    let numbers: serde_json::Value = serde_json::from_str(&numbers).expect("JSON");
    let mut heads = Vec::new();
    for layer in 0..6 {
        for head in 0..12 {
            let value = &numbers["link:it:animal"][layer][head];
            assert_eq!(value, &numbers["attention"][layer][head][10][2]);
            heads.push((value.as_f64().expect("a number"), layer, head));
        }
    }
    heads.sort_by(|left, right| right.0.total_cmp(&left.0));
    let named: Vec<String> = heads[..3]
        .iter()
        .map(|(value, layer, head)| format!("layer {layer} · head {head} ({value:.3})"))
        .collect();
    assert_eq!(link, format!("link    it → animal: {}", named.join(", ")));
    for said in [
        "from \u{201c}it\u{201d} (token @10) to \u{201c}animal\u{201d} (token @2)",
        "strongest heads",
        ">layer<",
        ">head<",
    ] {
        assert!(picture.contains(said), "{said}");
    }
    let json = workplace.succeed(&[&arguments[..], &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    let first = &report["links"][0]["heads"][0];
    assert_eq!(report["links"][0]["view"], "link:it:animal");
    assert_eq!(first["layer"], heads[0].1);
    assert_eq!(first["head"], heads[0].2);
    // In the terminal, too: of the links the one that was asked for alone.
    let shown = workplace.succeed(&[&arguments[..], &["--show"]].concat());
    let table = shown
        .stdout
        .split_once("strongest heads\n")
        .expect("a table")
        .1;
    let row: Vec<&str> = table
        .lines()
        .nth(1)
        .expect("a row")
        .split_whitespace()
        .collect();
    let best = heads[0];
    let expected = [
        best.1.to_string(),
        best.2.to_string(),
        format!("{:.3}", best.0),
    ];
    assert_eq!(row, expected);
    assert!(!shown.stdout.contains("strongest links"));
}

#[test]
fn links_that_look_alike_have_files_of_their_own() {
    let workplace = Workplace::new();
    let arguments = [
        "encode",
        "a-b c, a",
        "-m",
        "builtin",
        "-f",
        "svg",
        "--views",
        "link:c:-,link:-:c,link:@1:b,link:,:c,link:c:,",
    ];
    workplace.succeed(&arguments);
    let folder = workplace.default_output().join("a-b-c-a").join("link");
    let files = std::fs::read_dir(&folder).expect("a folder").count();
    assert_eq!(files, 5);
    assert!(folder.join("@1-b.svg").is_file());
}

#[test]
fn a_decoder_has_no_link_to_a_later_token() {
    let workplace = Workplace::new();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/families/gpt2");
    let arguments = [
        "encode",
        "Hello, how are you?",
        "-m",
        model,
        "-f",
        "svg",
        "--views",
    ];
    let outcome = workplace.succeed(&[&arguments[..], &["link:@0:@3"]].concat());
    assert!(
        outcome.stdout.contains(": in no head"),
        "{}",
        outcome.stdout
    );
    let folder = workplace.default_output().join("hello-how-are-you");
    let picture = std::fs::read_to_string(folder.join("link/@0-@3.svg")).expect("a picture");
    for said in [
        "No token attends to a later one",
        "So this link is in no head.",
    ] {
        assert!(picture.contains(said), "{said}");
    }
    let outcome = workplace.succeed(&[&arguments[..], &["link:@3:@0"]].concat());
    assert!(outcome.stdout.contains("· head "), "{}", outcome.stdout);
}
