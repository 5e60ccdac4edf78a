//! What `attnviz scores` leaves.

use std::collections::BTreeSet;
use std::fs;

use attnviz::analysis::Score;
use attnviz::store::batch_records::{BatchKind, Status};
use attnviz::store::tables::{End, Example};

use super::{inputs_of, manifest, results, scores, write};
use crate::binary::{Workplace, sha256, tree};

const LINES: &str =
    "the cat sat on the mat\nHello, how are you?\n\u{2603} snow\none two three four\n";

#[test]
fn every_file_is_there_and_in_the_manifest() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    let outcome = scores(&workplace, 0, &["in.txt"], "out", &[]);
    assert!(outcome.stdout.contains("index.html"), "{}", outcome.stdout);
    let folder = workplace.path().join("out");
    let found = tree(&folder);
    let names: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    let expected = [
        "examples.jsonl",
        "heads.csv",
        "heads.png",
        "index.html",
        "manifest.json",
        "results.jsonl",
        "scores.parquet/part-00000.parquet",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    let manifest = manifest(&folder);
    assert_eq!(manifest.kind, BatchKind::Scores);
    assert_eq!(manifest.files.len(), expected.len() - 1);
    for file in &manifest.files {
        assert_eq!(sha256(&found[&file.name]), file.sha256, "{}", file.name);
    }
    for record in results(&folder) {
        assert_eq!(record.status, Status::Done);
        assert_eq!((record.folder, record.picture), (None, None));
    }
    let inputs = inputs_of(&folder, "part-00000.parquet");
    let ids: Vec<&str> = inputs.iter().map(|input| input.id.as_str()).collect();
    assert_eq!(ids, ["000001", "000002", "000003", "000004"]);
    for (index, (input, record)) in inputs.iter().zip(results(&folder)).enumerate() {
        assert_eq!(input.index, index as u64);
        assert_eq!(input.scores.tokens as usize, record.tokens.len());
        assert_eq!(input.scores.links.len(), 12);
    }
}

#[test]
fn a_run_is_the_default_folder_and_the_same_again() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    let model = crate::binary::fixture("masked-lm-bin")
        .display()
        .to_string();
    let all = ["scores", "in.txt", "-m", &model];
    workplace.succeed(&all);
    let folder = workplace.path().join("attnviz-scores");
    let before = tree(&folder);
    for threads in ["1", "3"] {
        let mut again = all.to_vec();
        again.extend(["--threads", threads, "--batch-tokens", threads]);
        workplace.succeed(&again);
        assert!(tree(&folder) == before, "{threads} threads");
    }
}

#[test]
fn layers_and_heads_are_those_that_were_asked_for() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    scores(&workplace, 0, &["in.txt"], "all", &[]);
    scores(
        &workplace,
        0,
        &["in.txt"],
        "some",
        &["--layers", "-1", "--heads", "0,2"],
    );
    let [all, some] = ["all", "some"].map(|name| {
        let folder = workplace.path().join(name);
        inputs_of(&folder, "part-00000.parquet")
    });
    for (all, some) in all.iter().zip(&some) {
        let wanted = [8, 10].map(|head| all.scores.links[head]);
        assert_eq!(some.scores.links, wanted);
        for ((_, all), (score, some)) in all.scores.scores().zip(some.scores.scores()) {
            let wanted = [8, 10].map(|head: usize| all[head].to_bits());
            let found: Vec<u32> = some.iter().map(|value| value.to_bits()).collect();
            assert_eq!(found, wanted, "{score}");
        }
    }
}

#[test]
fn inputs_that_fail_are_listed_first_and_the_rest_is_done() {
    let workplace = Workplace::new();
    let lines = "{\"text\": \"one\"}\n{\"txt\": \"two\"}\n{\"text\": \"three\"}\nnot json\n";
    write(&workplace, "in.jsonl", lines);
    let outcome = scores(&workplace, 3, &["in.jsonl"], "out", &[]);
    assert!(outcome.stderr.contains("in.jsonl:2"), "{}", outcome.stderr);
    let folder = workplace.path().join("out");
    let indices: Vec<u64> = inputs_of(&folder, "part-00000.parquet")
        .iter()
        .map(|input| input.index)
        .collect();
    assert_eq!(indices, [0, 2], "failed ones are counted");
    let page = fs::read_to_string(folder.join("index.html")).expect("there is a page");
    let failures = page.find("class=\"failures\"").expect("there are failures");
    let scores = page
        .find("id=\"attnviz-scores\"")
        .expect("there are scores");
    assert!(failures < scores);
    // Nothing but failures is a table without rows.
    write(&workplace, "bad.jsonl", "{\"txt\": \"two\"}\n");
    super::scores(&workplace, 3, &["bad.jsonl"], "none", &[]);
    let none = workplace.path().join("none");
    assert_eq!(manifest(&none).counts.failed, 1);
    assert!(!none.join("scores.parquet").exists());
    // The first of them may be the end.
    let early = super::scores(&workplace, 3, &["in.jsonl"], "early", &["--fail-fast"]);
    assert!(early.stderr.contains("stopped early"), "{}", early.stderr);
    assert!(!manifest(&workplace.path().join("early")).complete);
}

#[test]
fn a_part_has_ten_thousand_inputs_by_their_place() {
    let workplace = Workplace::new();
    let mut lines = "{\"text\": \"first\"}\n".to_owned();
    lines.push_str(&"no\n".repeat(9_998));
    lines.push_str("{\"text\": \"last of the first\"}\n{\"text\": \"first of the second\"}\n");
    write(&workplace, "in.jsonl", lines);
    scores(&workplace, 3, &["in.jsonl"], "out", &["-q"]);
    let folder = workplace.path().join("out");
    let indices = |part: &str| -> Vec<u64> {
        let inputs = inputs_of(&folder, part);
        inputs.iter().map(|input| input.index).collect()
    };
    assert_eq!(indices("part-00000.parquet"), [0, 9_999]);
    assert_eq!(indices("part-00001.parquet"), [10_000]);
}

#[test]
fn examples_are_the_inputs_at_both_ends_with_their_links() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", format!("{LINES}{LINES}"));
    scores(&workplace, 0, &["in.txt"], "out", &[]);
    let folder = workplace.path().join("out");
    let inputs = inputs_of(&folder, "part-00000.parquet");
    let records = results(&folder);
    let text = fs::read_to_string(folder.join("examples.jsonl")).expect("there are examples");
    let examples: Vec<Example> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is an example"))
        .collect();
    for (place, score) in Score::ALL.iter().enumerate() {
        for head in 0..12 {
            // Of equal values the earlier input comes first.
            let mut values: Vec<(f32, u64)> = inputs
                .iter()
                .map(|input| (input.scores.values[place * 12 + head], input.index))
                .filter(|(value, _)| !value.is_nan())
                .collect();
            for end in [End::Most, End::Least] {
                values.sort_by(|one, other| {
                    let order = one.0.total_cmp(&other.0);
                    let order = if end == End::Most {
                        order.reverse()
                    } else {
                        order
                    };
                    order.then(one.1.cmp(&other.1))
                });
                let expected: Vec<(f32, u64)> = values.iter().take(3).copied().collect();
                let found = examples.iter().filter(|example| {
                    example.score == score.name()
                        && example.layer * 4 + example.head == head
                        && example.end == end
                });
                let found: Vec<&Example> = found.collect();
                let pairs: Vec<(f32, u64)> = found
                    .iter()
                    .map(|example| (example.value, example.index))
                    .collect();
                assert_eq!(pairs, expected, "{score} {head} {end:?}");
                for example in found {
                    let index = example.index as usize;
                    assert_eq!(example.text, records[index].text);
                    let link = inputs[index].scores.links[head];
                    let named = example.link.as_ref().map(|link| (link.query, link.key));
                    assert_eq!(named, link.map(|link| (link.query, link.key)));
                }
            }
        }
    }
}

#[test]
fn json_says_what_was_done() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    let outcome = scores(&workplace, 0, &["in.txt"], "out", &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    assert_eq!(report["counts"]["done"], 4);
    assert_eq!(report["complete"], true);
    assert_eq!(report["open"], "out/index.html");
}

/// The fields of a table whose first ones need no quotation marks.
fn fields(line: &str) -> Vec<&str> {
    line.split(',').collect()
}

#[test]
fn a_row_is_what_encode_says_of_the_input() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", LINES);
    scores(&workplace, 0, &["in.txt"], "out", &[]);
    let inputs = inputs_of(&workplace.path().join("out"), "part-00000.parquet");
    let model = crate::binary::fixture("masked-lm-bin")
        .display()
        .to_string();
    let text = "the cat sat on the mat";
    let encode = [
        "encode", text, "-m", &model, "--views", "scores", "-f", "csv",
    ];
    workplace.succeed(&[&encode[..], &["-o", "one"]].concat());
    let table = workplace
        .path()
        .join("one/the-cat-sat-on-the-mat/scores.csv");
    let table = fs::read_to_string(table).expect("there is a table");
    let mut lines = table.lines();
    let header = fields(lines.next().expect("there is a header"));
    for (head, line) in lines.enumerate() {
        let line = fields(line);
        for (score, values) in inputs[0].scores.scores() {
            let column = header.iter().position(|name| *name == score.name());
            let found = line[column.expect("there is such a column")];
            let expected = values[head];
            match found.is_empty() {
                true => assert!(expected.is_nan(), "{score} of head {head}"),
                false => assert_eq!(found.parse(), Ok(expected), "{score} of head {head}"),
            }
        }
    }
}

#[test]
fn the_statistics_are_those_of_the_rows() {
    let workplace = Workplace::new();
    let file = crate::binary::fixture("sentences.txt")
        .display()
        .to_string();
    scores(&workplace, 3, &[&file], "out", &["-q"]);
    let folder = workplace.path().join("out");
    let inputs = inputs_of(&folder, "part-00000.parquet");
    let table = fs::read_to_string(folder.join("heads.csv")).expect("there is a table");
    let mut lines = table.lines();
    let header = "layer,head,score,mean,standard_deviation,p05,p50,p95,count";
    assert_eq!(lines.next(), Some(header));
    let mut rows = 0;
    for line in lines {
        let line_fields = fields(line);
        let [layer, head, score, numbers @ ..] = line_fields.as_slice() else {
            panic!("{line}");
        };
        let numbers: Vec<f64> = numbers.iter().map(|text| text.parse().unwrap()).collect();
        let place = Score::ALL.iter().position(|other| other.name() == *score);
        let head = layer.parse::<usize>().unwrap() * 4 + head.parse::<usize>().unwrap();
        let place = place.expect("it is a score") * 12 + head;
        let values = inputs
            .iter()
            .map(|input| f64::from(input.scores.values[place]));
        let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
        values.sort_by(f64::total_cmp);
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|value| (value - mean) * (value - mean));
        let deviation = (squares.sum::<f64>() / (count - 1.0)).sqrt();
        // An entropy's marks are 14 / 1,000 apart, a distance's 1.4 %.
        let at = |share: f64| values[(share * count).ceil() as usize - 1];
        let expected = [mean, deviation, at(0.05), at(0.5), at(0.95), count];
        for (place, (found, expected)) in numbers.iter().zip(expected).enumerate() {
            let tolerance = match (place, *score) {
                (2..5, "entropy") => 0.007_01,
                (2..5, "distance") => 0.007 * (expected + 1.0),
                (2..5, _) => 0.000_501,
                _ => 1e-6 * (1.0 + expected),
            };
            assert!((found - expected).abs() <= tolerance, "{line}: {expected}");
        }
        rows += 1;
    }
    assert!(rows >= 12 * 19, "{rows} rows");
}
