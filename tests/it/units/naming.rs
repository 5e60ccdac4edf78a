//! How units are named, and that every command means the same unit.

use attnviz::analysis::Direction;
use attnviz::figure::{UnitChoice, View, ViewError};

use super::{FOLDER, TEXT, encode, picture};
use crate::binary::{Workplace, tree};

fn from(text: &str) -> View {
    View::Unit(Direction::From, UnitChoice::Text(text.to_owned()))
}

fn at(direction: Direction, position: usize) -> View {
    View::Unit(direction, UnitChoice::Position(position))
}

#[test]
fn a_list_of_views_may_name_any_unit() {
    let to_stop = View::Unit(Direction::To, UnitChoice::Text(".".to_owned()));
    let to_colon = View::Unit(Direction::To, UnitChoice::Text(":".to_owned()));
    for (list, expected) in [
        ("heads,overview", vec![View::Heads, View::Overview]),
        (
            "from:@3,to:@05",
            vec![at(Direction::From, 3), at(Direction::To, 5)],
        ),
        ("from:1", vec![from("1")]),
        ("from:,", vec![from(",")]),
        ("to::", vec![to_colon]),
        ("heads,from:,,to:.", vec![View::Heads, from(","), to_stop]),
        ("from:,,mean", vec![from(","), View::Mean]),
        ("from:12:30", vec![from("12:30")]),
        // No position: a text.
        ("from:@", vec![from("@")]),
        (
            "from:@x,from:@-1,from:@+1",
            vec![from("@x"), from("@-1"), from("@+1")],
        ),
        (
            "from:@99999999999999999999",
            vec![from("@99999999999999999999")],
        ),
    ] {
        let views = View::list(list).unwrap_or_else(|error| panic!("{list}: {error}"));
        assert_eq!(views, expected, "{list}");
        let named: Vec<String> = views.iter().map(ToString::to_string).collect();
        assert_eq!(
            View::list(&named.join(",")).as_ref(),
            Ok(&expected),
            "{list}"
        );
    }
}

#[test]
fn what_is_no_view_names_the_nearest_or_says_what_is_missing() {
    let nearest = |list: &str| match View::list(list) {
        Err(ViewError::Unknown { nearest, .. }) => nearest,
        other => panic!("{list}: {other:?}"),
    };
    for (list, expected) in [
        ("form:x", "from:x"),
        ("too:x", "to:x"),
        ("head", "heads"),
        ("mean,Overviw", "mean,overview"),
        ("maen", "mean"),
        ("heads,maen", "heads,mean"),
        ("maen,heads,to:@1", "mean,heads,to:@1"),
        // No more than what is right itself.
        ("heads,maen,overveiw", "heads,mean"),
        ("from", "from:@0"),
        ("form", "from:@0"),
        ("to", "to:@0"),
        ("heads,Form:", "heads,from:@0"),
    ] {
        assert_eq!(nearest(list), expected, "{list}");
    }
    for (list, prefix, views) in [
        ("from:", "from:", "from:@0"),
        ("to:,heads", "to:", "to:@0,heads"),
    ] {
        let views = views.to_owned();
        let missing = Err(ViewError::NoUnit { prefix, views });
        assert_eq!(View::list(list), missing, "{list}");
    }
    assert!(matches!(
        View::list("to:1,000"),
        Err(ViewError::TextWithComma {
            example: "to:@3",
            ..
        })
    ));
}

#[test]
fn a_position_counts_the_runs_own_units_whatever_is_shown_of_them() {
    for (options, view, file, title) in [
        (&[][..], "from:@2", "from/@2.svg", "“5” (token @2)"),
        (&[], "to:5", "to/5.svg", "“5” (token @2)"),
        (
            &["--special-tokens", "hide"],
            "from:@2",
            "from/@2.svg",
            "“5” (token @2)",
        ),
        (&["--crop", "2-5"], "to:@2", "to/@2.svg", "“5” (token @2)"),
        (
            &["--crop", "@5-@8"],
            "from:@7",
            "from/@7.svg",
            "“it” (token @7)",
        ),
        // What stands once in the stretch needs no position.
        (
            &["--crop", "5-8"],
            "from:was",
            "from/was.svg",
            "“was” (token @8)",
        ),
        (
            &["--special-tokens", "renormalize", "--crop", "1-3"],
            "from:,",
            "",
            "not shown: the stretch is 1-3",
        ),
    ] {
        let workplace = Workplace::new();
        let arguments = [&["--views", view], options].concat();
        let outcome = workplace.run(&encode(TEXT, &arguments));
        match file {
            "" => assert!(outcome.stderr.contains(title), "{}", outcome.stderr),
            file => {
                assert_eq!(outcome.code, Some(0), "{view}: {}", outcome.stderr);
                let picture = picture(&workplace, file);
                assert!(picture.contains(title), "{options:?} {view}");
            }
        }
    }
}

#[test]
fn a_piece_of_a_word_means_the_word() {
    let text = "the unbelievability of it";
    // unbelievability: un ##bel ##ie ##va ##bility, @2 to @6.
    for view in ["from:@3", "from:##ie", "from:unbelievability"] {
        let workplace = Workplace::new();
        let options = [
            "--tokens",
            "word",
            "--special-tokens",
            "hide",
            "--views",
            view,
        ];
        workplace.succeed(&encode(text, &options));
        let files = tree(&workplace.default_output().join("the-unbelievability-of-it"));
        let picture = files.iter().find(|(name, _)| name.starts_with("from/"));
        let picture = String::from_utf8_lossy(picture.expect("it is drawn").1);
        let title = "“unbelievability” (tokens @2 to @6)";
        assert!(picture.contains(title), "{view}");
    }
}

#[test]
fn a_token_that_looks_like_a_position_is_named_by_its_own() {
    let workplace = Workplace::new();
    std::fs::write(workplace.path().join("labels"), "a\n@0\n1").expect("it can be written");
    let row = [0.5_f32, 0.25, 0.25];
    let bytes: Vec<u8> = [row; 3]
        .concat()
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let view =
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1, 1, 3, 3], &bytes);
    let file = safetensors::serialize([("attention", view.expect("it fits"))], None);
    std::fs::write(workplace.path().join("it"), file.expect("it is valid")).expect("written");
    for (view, title) in [
        ("from:@0", "“a” (token @0)"),
        ("from:@1", "“@0” (token @1)"),
        ("from:1", "“1” (token @2)"),
    ] {
        let output = view.replace(':', "-");
        let arguments = [
            "render", "it", "--labels", "labels", "-f", "svg", "--views", view, "-o",
        ];
        workplace.succeed(&[&arguments[..], &[&output]].concat());
        let files = tree(&workplace.path().join(output));
        let picture = files.iter().find(|(name, _)| name.ends_with(".svg"));
        let picture = String::from_utf8_lossy(picture.expect("it is drawn").1);
        assert!(picture.contains(title), "{view}");
    }
}

#[test]
fn encode_batch_and_render_mean_the_same_units() {
    let views = "from:@3,to:@7,from:1999,to:,,from:@6,heads";
    for options in [
        &[][..],
        &["--crop", "2-7"],
        &["--special-tokens", "hide", "--tokens", "word"],
        &["--special-tokens", "renormalize", "--crop", "3-8"],
    ] {
        let workplace = Workplace::new();
        std::fs::write(workplace.path().join("texts.txt"), TEXT).expect("it can be written");
        let same = [
            &["--views", views, "--heads", "0,1", "-f", "png,svg,npz"],
            options,
        ]
        .concat();
        let model = ["-m", "builtin", "--layers", "0"];
        let run = |arguments: &[&str]| workplace.succeed(&[arguments, &same].concat());
        run(&[&["encode", TEXT], &model[..]].concat());
        run(&[&["batch", "texts.txt", "-o", "many"], &model[..]].concat());
        let saved = format!("attnviz-out/{FOLDER}");
        run(&["render", &saved, "-o", "again"]);
        let encoded = tree(&workplace.default_output().join(FOLDER));
        assert_eq!(encoded.len(), 2 * 7 + 2, "{:?}", encoded.keys());
        let is_same = |folder: &str| tree(&workplace.path().join(folder)) == encoded;
        assert!(is_same("many/inputs/000001"), "{options:?}");
        assert!(is_same(&format!("again/{FOLDER}")), "{options:?}");
    }
}

#[test]
fn stretches_count_the_same_units_and_are_recorded_so() {
    let workplace = Workplace::new();
    let options = ["--special-tokens", "hide", "--crop", "1-3", "-f", "json"];
    workplace.succeed(&encode(TEXT, &options));
    let manifest = crate::binary::manifest(&workplace.default_output().join(FOLDER));
    let columns = manifest["shown"]["columns"]
        .as_array()
        .expect("something is left out");
    let labels: Vec<&str> = columns
        .iter()
        .filter_map(|unit| unit["label"].as_str())
        .collect();
    assert_eq!(labels, ["in", "5", "it"]);
    assert_eq!(columns[0]["first"], 1);
    assert_eq!(manifest["files"][0]["options"]["crop"], "@1-@3");
    let map = picture(&workplace, "heads/layer-00-head-00.svg");
    assert!(map.contains(">@1<") && map.contains(">@3<") && !map.contains(">@4<"));
    let notes = manifest["shown"]["notes"].to_string();
    assert!(
        notes.contains("Tokens @1 to @3 of 10, counted from 0"),
        "{notes}"
    );
}

#[test]
fn special_tokens_that_were_typed_are_not_hidden() {
    let workplace = Workplace::new();
    let text = "[CLS] one [SEP] two [PAD] [MASK]";
    for (what, labels) in [
        ("keep", "[CLS] [CLS] one [SEP] two [PAD] [MASK] [SEP]"),
        ("hide", "[CLS] one [SEP] two [PAD] [MASK]"),
        ("renormalize", "[CLS] one [SEP] two [PAD] [MASK]"),
    ] {
        let options = ["-f", "json", "--special-tokens", what, "--overwrite"];
        workplace.succeed(&encode(text, &options));
        let folder = workplace.default_output().join("cls-one-sep-two-pad-mask");
        let manifest = crate::binary::manifest(&folder);
        let units = match what {
            "keep" => &manifest["streams"][0]["units"],
            _ => &manifest["shown"]["columns"],
        };
        let units = units.as_array().expect("there are units");
        let found: Vec<&str> = units
            .iter()
            .filter_map(|unit| unit["label"].as_str())
            .collect();
        assert_eq!(found.join(" "), labels, "{what}");
    }
}
