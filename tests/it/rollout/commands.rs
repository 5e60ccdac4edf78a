//! What is drawn, said and saved of rollout.

use std::fs;
use std::path::Path;

use crate::binary::Workplace;

const TEXT: &str = "It was late.";
const FOLDER: &str = "it-was-late";

fn encode<'a>(options: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["encode", TEXT, "-m", "builtin", "--views", "rollout"];
    arguments.extend(options);
    arguments
}

fn read(workplace: &Workplace, file: &str) -> String {
    let path = workplace.default_output().join(FOLDER).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn rollout_is_two_pictures_with_a_caveat_and_an_array() {
    let workplace = Workplace::new();
    let outcome = workplace.succeed(&encode(&["-f", "svg,json"]));
    assert!(outcome.stdout.contains("rollout.svg"), "{}", outcome.stdout);
    let last = read(&workplace, "rollout.svg");
    let by_layer = read(&workplace, "rollout-layers.svg");
    for picture in [&last, &by_layer] {
        for said in [
            "Abnar &amp; Zuidema 2020",
            "residual connection",
            "not why a model",
        ] {
            assert!(picture.contains(said), "{said}");
        }
    }
    assert!(last.contains("rollout after layer 5"));
    assert!(last.contains("input token") && last.contains("token after the layer"));
    for layer in 0..6 {
        assert!(by_layer.contains(&format!(">layer {layer}<")), "{layer}");
    }
    let numbers: serde_json::Value =
        serde_json::from_str(&read(&workplace, "attention.json")).expect("JSON");
    let layers = numbers["rollout"].as_array().expect("layers");
    assert_eq!(layers.len(), 6);
    for layer in layers {
        for row in layer.as_array().expect("rows") {
            let row = row.as_array().expect("values").iter();
            let sum: f64 = row.filter_map(serde_json::Value::as_f64).sum();
            assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        }
    }
}

#[test]
fn options_of_rollout_are_recorded_with_its_files_alone() {
    let workplace = Workplace::new();
    let options = ["--fuse", "max", "--no-residual", "--start-layer", "2"];
    let views = ["--views", "overview", "-f", "svg,npz"];
    workplace.succeed(&encode(&[&options[..], &views[..]].concat()));
    let files = || -> Vec<serde_json::Value> {
        let manifest: serde_json::Value =
            serde_json::from_str(&read(&workplace, "manifest.json")).expect("JSON");
        manifest["files"].as_array().expect("files").clone()
    };
    let check = |files: &[serde_json::Value]| {
        for file in files {
            let name = file["name"].as_str().expect("a name");
            let of_rollout = name.starts_with("rollout") || name.ends_with(".npz");
            let options = &file["options"];
            assert_eq!(options["fuse"] == "max", of_rollout, "{file}");
            assert_eq!(options["no_residual"] == true, of_rollout, "{file}");
            assert_eq!(options["start_layer"] == 2, of_rollout, "{file}");
        }
    };
    let first = files();
    assert_eq!(first.len(), 4);
    check(&first);
    let title = read(&workplace, "rollout.svg");
    for said in ["maximum of 12 heads", "no residual", "from layer 2 on"] {
        assert!(title.contains(said), "{said}");
    }
    // Numbers that are kept keep what made them.
    workplace.succeed(&[
        "encode", TEXT, "-m", "builtin", "--views", "mean", "-f", "npz",
    ]);
    let second = files();
    let numbers = second.iter().find(|file| file["name"] == "attention.npz");
    let numbers = numbers.expect("it is there");
    let views = numbers["options"]["views"].as_array().expect("views");
    assert_eq!(views.len(), 2, "{views:?}");
    check(&second);
}

#[test]
fn what_rollout_lacks_is_named_with_what_to_type() {
    let workplace = Workplace::new();
    let cases = [
        (
            vec!["--layers", "0-2,4"],
            "layer 3 is not among the selected ones",
            "hint: --layers all, or --start-layer 4",
        ),
        (
            vec!["--start-layer", "6"],
            "is to begin at layer 6, and the last one is 5",
            "hint: --start-layer 5",
        ),
    ];
    for (options, error, hint) in cases {
        let outcome = workplace.run(&encode(&options));
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(error), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    }
    let idle = [
        "encode", TEXT, "-m", "builtin", "--views", "overview", "-f", "svg",
    ];
    let options = ["--fuse", "min", "--no-residual", "--start-layer", "1"];
    let outcome = workplace.succeed(&[&idle[..], &options[..]].concat());
    for option in ["--fuse", "--no-residual", "--start-layer"] {
        let warning = format!("{option} does nothing without --views rollout");
        assert!(outcome.stderr.contains(&warning), "{}", outcome.stderr);
    }
}

#[test]
fn saved_runs_give_the_same_pictures_again() {
    let workplace = Workplace::new();
    let views = "link:it:late,rollout,similarity";
    let arguments = [
        "encode",
        TEXT,
        "-m",
        "builtin",
        "--layers",
        "0-2",
        "--heads",
        "0,3",
        "--views",
        views,
        "-f",
        "png,svg,npz",
    ];
    workplace.succeed(&arguments);
    let first = workplace.default_output().join(FOLDER);
    let file = first.join("attention.npz");
    let again = workplace.path().join("again");
    let render = [
        "render",
        file.to_str().expect("a path"),
        "--views",
        views,
        "-f",
        "png,svg",
        "-o",
        again.to_str().expect("a path"),
    ];
    let outcome = workplace.succeed(&render);
    assert!(
        outcome.stdout.contains("link    it → late: "),
        "{}",
        outcome.stdout
    );
    for stem in ["link/it-late", "rollout", "rollout-layers", "similarity"] {
        for extension in ["png", "svg"] {
            let name = format!("{stem}.{extension}");
            let bytes = |folder: &Path| fs::read(folder.join(&name)).expect("a picture");
            assert!(bytes(&first) == bytes(&again.join(FOLDER)), "{name}");
        }
    }
}
