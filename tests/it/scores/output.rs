//! What is written of the scores: arrays, tables, the picture, again from saved
//! runs and from attention from elsewhere.

use std::fs;
use std::path::Path;

use attnviz::analysis::Score;
use serde_json::Value;

use crate::binary::{Workplace, fixture, tree};

const TEXT: &str = "It was late, and he said \"no\".";
const FOLDER: &str = "it-was-late-and-he-said-no";

fn encode<'text>(more: &[&'text str]) -> Vec<&'text str> {
    [&["encode", TEXT, "-m", "builtin"], more].concat()
}

fn read(workplace: &Workplace, file: &str) -> String {
    let path = workplace.default_output().join(FOLDER).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The fields of a table's lines, quotation marks as they are meant.
fn fields(table: &str) -> Vec<Vec<String>> {
    assert!(table.ends_with('\n') && !table.contains('\r'));
    let line = |line: &str| {
        let mut fields = vec![String::new()];
        let mut is_quoted = false;
        for letter in line.chars() {
            match letter {
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => fields.push(String::new()),
                letter => fields.last_mut().unwrap().push(letter),
            }
        }
        fields
    };
    table.lines().map(line).collect()
}

fn shape(array: &Value) -> Vec<usize> {
    match array.as_array() {
        Some(items) => {
            let inner = items.first().map(shape).unwrap_or_default();
            [vec![items.len()], inner].concat()
        }
        None => Vec::new(),
    }
}

#[test]
fn scores_are_arrays_of_layers_and_heads_with_null_for_what_is_empty() {
    let workplace = Workplace::new();
    workplace.succeed(&encode(&[
        "--views",
        "scores",
        "-f",
        "json,npz,safetensors",
    ]));
    let numbers: Value = serde_json::from_str(&read(&workplace, "attention.json")).unwrap();
    let keys = shape(&numbers["attention"])[3];
    for &score in Score::ALL {
        // Those of offsets are one array.
        if !score.name().starts_with("offset_share") {
            assert_eq!(shape(&numbers[score.name()]), [6, 12], "{score}");
        }
    }
    assert_eq!(shape(&numbers["offset_share"]), [6, 12, 5]);
    assert_eq!(shape(&numbers["received"]), [6, 12, keys]);
    assert_eq!(shape(&numbers["received_unit"]), [6, 12]);
    for empty in ["segment", "induction", "previous_token"] {
        assert!(numbers[empty][5][11].is_null(), "{empty}");
    }
    // Clark et al. divide by the number of queries.
    let attention = &numbers["attention"][1][8];
    let steps = (0..keys - 1).map(|query| attention[query][query + 1].as_f64().unwrap());
    let next = numbers["next"][1][8].as_f64().unwrap();
    assert!((steps.sum::<f64>() / keys as f64 - next).abs() < 1e-6);
    // Neither the number of threads nor another run changes a byte.
    let written = |threads: &str| {
        let workplace = Workplace::new();
        let options = [
            "--views",
            "scores",
            "-f",
            "npz,csv,png",
            "--threads",
            threads,
        ];
        workplace.succeed(&encode(&options));
        tree(&workplace.default_output())
    };
    assert_eq!(written("1"), written("3"));
}

#[test]
fn numbers_of_scores_stay_when_another_view_is_written() {
    let workplace = Workplace::new();
    workplace.succeed(&encode(&["--views", "scores", "-f", "json,csv"]));
    let before: Value = serde_json::from_str(&read(&workplace, "attention.json")).unwrap();
    let table = read(&workplace, "scores.csv");
    workplace.succeed(&encode(&["--views", "mean", "-f", "json,csv"]));
    let after: Value = serde_json::from_str(&read(&workplace, "attention.json")).unwrap();
    for name in [
        "entropy",
        "segment",
        "offset_share",
        "received",
        "received_unit",
    ] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert_eq!(shape(&after["mean"]).len(), 3);
    assert_eq!(read(&workplace, "scores.csv"), table);
    let manifest: Value = serde_json::from_str(&read(&workplace, "manifest.json")).unwrap();
    let files = manifest["files"].as_array().unwrap();
    let views = |name: &str| {
        let file = files.iter().find(|file| file["name"] == name);
        file.unwrap_or_else(|| panic!("{name}"))["options"]["views"].clone()
    };
    assert_eq!(
        views("attention.json"),
        serde_json::json!(["mean", "scores"])
    );
    assert_eq!(views("scores.csv"), serde_json::json!(["scores"]));
    assert_eq!(views("mean.csv"), serde_json::json!(["mean"]));
}

#[test]
fn the_table_of_scores_has_a_line_a_head_and_a_column_a_score() {
    let workplace = Workplace::new();
    workplace.succeed(&encode(&["--views", "scores", "-f", "csv,json"]));
    let numbers: Value = serde_json::from_str(&read(&workplace, "attention.json")).unwrap();
    let lines = fields(&read(&workplace, "scores.csv"));
    let names = ["layer", "head"].into_iter();
    let names = names.chain(Score::ALL.iter().map(|score| score.name()));
    let names: Vec<&str> = names
        .chain(["received_unit", "received_token", "like"])
        .collect();
    assert_eq!(lines[0], names);
    assert_eq!(lines.len(), 1 + 72);
    for (place, line) in lines[1..].iter().enumerate() {
        let (layer, head) = (place / 12, place % 12);
        assert_eq!(line.len(), names.len());
        assert_eq!(line[..2], [layer.to_string(), head.to_string()]);
        for (name, cell) in names.iter().zip(line).skip(2).take(17) {
            let expected = &numbers[*name][layer][head];
            match expected.as_f64() {
                // As many digits as give the same number.
                Some(value) => assert_eq!(cell.parse::<f32>().unwrap(), value as f32, "{name}"),
                None => assert_eq!(cell, "", "{name}"),
            }
        }
        // The heads that are most like it, the nearest first.
        let like = line.last().unwrap().split(' ');
        let bits: Vec<f32> = like
            .map(|one| one.split_once('=').unwrap().1.parse().unwrap())
            .collect();
        assert_eq!(bits.len(), 3);
        assert!(bits.is_sorted());
    }
}

#[test]
fn every_view_with_numbers_has_a_table_and_units_keep_their_marks() {
    let workplace = Workplace::new();
    let views = "mean,max,from:he,to:@3,link:he:late,rollout,similarity,heads";
    workplace.succeed(&encode(&["--views", views, "-f", "csv,json"]));
    let numbers: Value = serde_json::from_str(&read(&workplace, "attention.json")).unwrap();
    let count = shape(&numbers["attention"])[3];
    let cases = [
        (
            "mean.csv",
            "layer,query,query_token,key,key_token,value",
            6 * count * count,
            "mean",
        ),
        (
            "mean-all.csv",
            "query,query_token,key,key_token,value",
            count * count,
            "mean_all",
        ),
        (
            "max.csv",
            "layer,query,query_token,key,key_token,value",
            6 * count * count,
            "max",
        ),
        (
            "max-all.csv",
            "query,query_token,key,key_token,value",
            count * count,
            "max_all",
        ),
        (
            "from-he.csv",
            "layer,key,key_token,value",
            6 * count,
            "from:he",
        ),
        (
            "to-@3.csv",
            "layer,query,query_token,value",
            6 * count,
            "to:@3",
        ),
        ("link-he-late.csv", "layer,head,value", 72, "link:he:late"),
        (
            "rollout.csv",
            "layer,query,query_token,key,key_token,value",
            6 * count * count,
            "rollout",
        ),
        (
            "similarity.csv",
            "layer,head,other_layer,other_head,value",
            72 * 72,
            "similarity",
        ),
    ];
    for (file, names, length, array) in cases {
        let table = read(&workplace, file);
        let (first, _) = table.split_once('\n').unwrap();
        assert_eq!(first, names, "{file}");
        let lines = fields(&table);
        assert_eq!(lines.len(), 1 + length, "{file}");
        let mut values = Vec::new();
        flatten(&numbers[array], &mut values);
        for (line, value) in lines[1..].iter().zip(values) {
            assert_eq!(line.len(), lines[0].len(), "{file}");
            assert_eq!(
                line.last().unwrap().parse::<f32>().unwrap(),
                value,
                "{file}"
            );
        }
    }
    let mean = read(&workplace, "mean-all.csv");
    // A comma and a quotation mark are tokens, too.
    assert!(mean.contains(",\",\","), "{mean}");
    assert!(mean.contains(",\"\"\"\","), "{mean}");
    assert!(
        !workplace
            .default_output()
            .join(FOLDER)
            .join("heads")
            .exists()
    );
}

fn flatten(array: &Value, values: &mut Vec<f32>) {
    match array.as_array() {
        Some(items) => items.iter().for_each(|item| flatten(item, values)),
        None => values.push(array.as_f64().unwrap() as f32),
    }
}

#[test]
fn tables_of_nothing_are_said_to_be_none() {
    let workplace = Workplace::new();
    let idle = "--format csv writes nothing of heads, overview";
    let outcome = workplace.succeed(&encode(&["-f", "csv"]));
    assert!(outcome.stderr.contains(idle), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("--views scores"),
        "{}",
        outcome.stderr
    );
    let outcome = workplace.succeed(&encode(&["-f", "csv", "--views", "overview,scores"]));
    assert!(
        !outcome.stderr.contains("writes nothing"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn the_picture_of_scores_cites_and_says_what_is_not_there() {
    let workplace = Workplace::new();
    workplace.succeed(&encode(&["--views", "scores", "-f", "png,svg"]));
    let picture = read(&workplace, "scores.svg");
    for said in [
        "scores of 72 heads",
        ">entropy<",
        ">nats<",
        ">tokens<",
        "Clark et al. 2019",
        "Voita et al. 2019",
        "Gu et al. 2024",
        "cls is what [CLS] gets, sep is what [SEP] gets.",
        "nothing of the kind: ",
        "previous_token, induction, segment.",
    ] {
        assert!(picture.contains(said), "{said}");
    }
    assert!(!picture.contains(">segment<"));
    assert!(!picture.contains("whatever else"));
    // They are of the run, whatever is shown of it.
    let before = fields_of_scores(&workplace, &[]);
    let hidden = [
        "--special-tokens",
        "hide",
        "--tokens",
        "word",
        "--crop",
        "2-6",
    ];
    assert_eq!(fields_of_scores(&workplace, &hidden), before);
    let options = [&["--views", "scores", "-f", "svg"][..], &hidden[..]].concat();
    workplace.succeed(&encode(&options));
    assert!(read(&workplace, "scores.svg").contains("whatever else is merged, hidden or cut off"));
}

fn fields_of_scores(workplace: &Workplace, more: &[&str]) -> Vec<Vec<String>> {
    let options = [&["--views", "scores", "-f", "csv"][..], more].concat();
    workplace.succeed(&encode(&options));
    fields(&read(workplace, "scores.csv"))
}

#[test]
fn scores_are_the_same_from_a_saved_run() {
    let workplace = Workplace::new();
    let views = ["--views", "scores", "-f", "csv,svg,json"];
    workplace.succeed(&encode(&[&views[..], &["-o", "direct"][..]].concat()));
    workplace.succeed(&encode(&["--views", "heads", "-f", "npz", "-o", "saved"]));
    let saved = format!("saved/{FOLDER}");
    let again = ["render", &saved, "-o", "again"];
    workplace.succeed(&[&again[..], &views[..]].concat());
    let files = |root: &str| tree(&workplace.path().join(root));
    assert_eq!(files("direct"), files("again"));
    // And with half of the heads.
    workplace.succeed(&[&again[..], &views[..], &["--heads", "0-5"][..]].concat());
    let table = fs::read_to_string(workplace.path().join(format!("again/{FOLDER}/scores.csv")));
    assert_eq!(table.unwrap().lines().count(), 1 + 36);
}

#[test]
fn scores_are_made_of_attention_from_elsewhere() {
    let workplace = Workplace::new();
    // Two layers of one decoder's head over "a b a": a row for each query.
    let attention = r#"[[[[[1,0,0],[0.25,0.75,0],[0.5,0.25,0.25]]],[[[1,0,0],[1,0,0],[0,1,0]]]]]"#;
    let attention = attention.trim_start_matches('[').trim_end_matches(']');
    let attention = format!("[[[[{attention}]]]]");
    let file = workplace.path().join("decoder.json");
    fs::write(
        &file,
        format!(r#"{{"attention": {attention}, "tokens": ["a", "b", "a"]}}"#),
    )
    .unwrap();
    workplace.succeed(&[
        "render",
        "decoder.json",
        "--views",
        "scores",
        "-f",
        "csv,png",
    ]);
    let folder = only_folder(&workplace.default_output());
    let lines = fields(&fs::read_to_string(folder.join("scores.csv")).unwrap());
    let value = |line: usize, name: &str| {
        let column = lines[0].iter().position(|found| found == name).unwrap();
        lines[line][column].clone()
    };
    assert_eq!(lines.len(), 3);
    assert_eq!(value(1, "self").parse::<f32>().unwrap(), 2.0 / 3.0);
    assert_eq!(value(1, "next"), "");
    // Of three units of attention a half goes to the token before.
    assert_eq!(value(1, "prev").parse::<f32>().unwrap(), 0.5 / 3.0);
    assert_eq!(
        value(1, "previous_token").parse::<f32>().unwrap(),
        0.5 / 3.0
    );
    assert_eq!(
        value(1, "duplicate_token").parse::<f32>().unwrap(),
        0.5 / 3.0
    );
    // Behind the first a stands b, to which the second a attends.
    assert_eq!(value(2, "induction").parse::<f32>().unwrap(), 1.0 / 3.0);
    // The first unit: (1 + 0.25 + 0.5) / 3; the second: 1 / 2.
    assert_eq!(value(1, "received_max").parse::<f32>().unwrap(), 1.75 / 3.0);
    assert_eq!(value(1, "received_unit"), "0");
    assert_eq!(value(1, "received_token"), "a");
    assert_eq!(value(1, "sink_share"), "1");
    assert!(folder.join("scores.png").exists());
}

fn only_folder(root: &Path) -> std::path::PathBuf {
    let mut folders = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    folders.next().unwrap()
}

#[test]
fn a_batch_writes_scores_of_every_input() {
    let workplace = Workplace::new();
    fs::write(workplace.path().join("texts.txt"), "It was late.\nHello!\n").unwrap();
    let model = fixture("families/gpt2");
    let model = model.to_str().unwrap();
    workplace.succeed(&[
        "batch",
        "texts.txt",
        "-m",
        model,
        "--views",
        "scores",
        "-f",
        "csv,png",
    ]);
    let files = tree(&workplace.default_output());
    let tables = files.keys().filter(|name| name.ends_with("/scores.csv"));
    assert_eq!(tables.count(), 2);
    let pictures = files.keys().filter(|name| name.ends_with("/scores.png"));
    assert_eq!(pictures.count(), 2);
}
