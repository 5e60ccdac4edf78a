//! `attnviz scores - --stream`: a line of JSON for every line of JSON.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use attnviz::analysis::Score;
use serde_json::{Value, json};

use crate::binary::{Workplace, fixture};

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The arguments of a stream with a small model.
fn arguments(more: &[&str]) -> Vec<String> {
    let model = fixture("masked-lm-bin").display().to_string();
    let all = ["scores", "-", "--stream", "-m", &model];
    all.iter()
        .chain(more)
        .map(|&word| word.to_owned())
        .collect()
}

/// What some bytes are answered with.
fn answers(input: &[u8], more: &[&str]) -> Vec<Value> {
    let outcome = Workplace::new().run_with_input(&arguments(more), input);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let lines = outcome.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("every line is JSON"))
        .collect()
}

#[test]
fn every_line_is_answered_in_order_and_bad_ones_with_errors() {
    let input = b"{\"id\": 7, \"text\": \"the cat\", \"pair\": \"sat\"}\nno JSON\n\"one\"\n\n\
        {\"id\": \"x\", \"text\": \"\"}\n[\"a\", \"b\"]\n{\"id\": \"y\", \"text\": 1}\n\xff\n\
        {\"id\": \"x\", \"sentence\": \"again\"}";
    let answers = answers(input, &["--layers", "1", "--heads", "0,2"]);
    let field =
        |name: &str| -> Vec<Value> { answers.iter().map(|answer| answer[name].clone()).collect() };
    let ids = ["7", "000002", "000003", "x", "000006", "y", "000008", "x"];
    assert_eq!(field("id"), ids);
    // A blank line is none, as in a file.
    assert_eq!(
        field("line"),
        [1, 2, 3, 5, 6, 7, 8, 9].map(|line| json!(line))
    );
    for (answer, error) in answers.iter().zip([
        "",
        "expected a value at column 1, found 'n'",
        "",
        "the text is empty",
        "",
        "expected a text in the field \"text\", found a number",
        "expected UTF-8, found another byte at 0",
        "",
    ]) {
        let object = answer.as_object().expect("an answer is an object");
        match error {
            "" => {
                let keys: Vec<&String> = object.keys().collect();
                let expected = [
                    "heads",
                    "id",
                    "layers",
                    "line",
                    "received_unit",
                    "scores",
                    "tokens",
                    "truncated_tokens",
                ];
                assert_eq!(keys, expected);
                assert_eq!(answer["layers"], json!([1]));
                assert_eq!(answer["heads"], json!([0, 2]));
                let scores = answer["scores"].as_object().expect("scores have names");
                assert_eq!(scores.len(), Score::ALL.len());
                for score in Score::ALL {
                    let layers = scores[score.name()].as_array().expect("layers");
                    assert_eq!(layers.len(), 1, "{score}");
                    assert_eq!(layers[0].as_array().map(Vec::len), Some(2), "{score}");
                }
                assert!(answer["scores"]["entropy"][0][0].is_f64());
                // A single text has no other for its attention to stay out of.
                let has_pair = answer["id"] == "7" || answer["id"] == "000006";
                assert_eq!(answer["scores"]["segment"][0][0].is_null(), !has_pair);
            }
            error => {
                assert_eq!(answer["error"], error);
                assert!(object.contains_key("hint") && object.len() == 4);
                assert!(answer["hint"].is_string(), "{answer}");
            }
        }
    }
}

#[test]
fn an_answer_is_what_encode_says_of_the_text() {
    let texts = ["the cat sat on the mat", "a cat", "one. Two, three"];
    let input: String = texts
        .iter()
        .map(|text| format!("{}\n", json!(text)))
        .collect();
    let answers = answers(input.as_bytes(), &[]);
    for (text, answer) in texts.iter().zip(&answers) {
        let workplace = Workplace::new();
        let model = fixture("masked-lm-bin").display().to_string();
        let all = [
            "encode", text, "-m", &model, "--views", "scores", "-f", "json", "-o", "out",
        ];
        workplace.succeed(&all);
        let folder = std::fs::read_dir(workplace.path().join("out")).expect("it is there");
        let folder = folder.flatten().next().expect("there is a run").path();
        let saved = std::fs::read(folder.join("attention.json")).expect("there are numbers");
        let saved: Value = serde_json::from_slice(&saved).expect("it is JSON");
        for score in Score::ALL {
            let name = score.name();
            let expected = find(&saved, name);
            // Five of them are one array of their own there.
            if !name.starts_with("offset_share") {
                assert_eq!(Some(&answer["scores"][name]), expected, "{text}: {name}");
            }
        }
        let units = find(&saved, "received_unit").map(numbers);
        assert_eq!(Some(numbers(&answer["received_unit"])), units);
    }
}

/// The numbers of an array of arrays, which are whole in one file and not in
/// another.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().expect("it is a number")],
    }
}

/// The value of a field, wherever it is.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    let within = || object.values().find_map(|value| find(value, name));
    object.get(name).or_else(within)
}

/// A stream that is talked to, and the lines that it says.
fn conversation(workplace: &Workplace) -> (std::process::Child, ChildStdin, Receiver<String>) {
    let mut child = workplace
        .command(&arguments(&[]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let input = child.stdin.take().expect("there is a pipe");
    let output = child.stdout.take().expect("there is a pipe");
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    (child, input, lines)
}

#[test]
fn a_line_that_comes_alone_is_answered_before_the_next_one_comes() {
    let workplace = Workplace::new();
    let (mut child, mut input, lines) = conversation(&workplace);
    for id in ["a", "b", "c"] {
        writeln!(input, "{{\"id\": \"{id}\", \"text\": \"the cat\"}}").expect("it is taken");
        input.flush().expect("it is taken");
        let answer = lines.recv_timeout(PATIENCE).expect("an answer comes");
        assert!(
            answer.starts_with(&format!("{{\"id\":\"{id}\",")),
            "{answer}"
        );
    }
    drop(input);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn many_lines_are_answered_as_one_by_one() {
    let texts = [
        "a",
        "the cat sat",
        "the cat sat on the mat and on the cat",
        "",
    ];
    let lines: Vec<String> = (0..200)
        .map(|number| {
            let text = texts[number % texts.len()];
            format!("{}\n", json!({"id": number, "text": text}))
        })
        .collect();
    let together = answers(lines.concat().as_bytes(), &[]);
    assert_eq!(together.len(), 200);
    let of_one: Vec<Value> = lines[..texts.len()]
        .iter()
        .flat_map(|line| answers(line.as_bytes(), &[]))
        .collect();
    for (number, found) in together.iter().enumerate() {
        let mut expected = of_one[number % texts.len()].clone();
        expected["id"] = json!(number.to_string());
        expected["line"] = json!(number + 1);
        assert_eq!(*found, expected);
    }
}

#[test]
fn nothing_is_answered_to_nothing_and_a_reader_may_leave() {
    for input in ["", "\n\n"] {
        assert!(answers(input.as_bytes(), &[]).is_empty());
    }
    let workplace = Workplace::new();
    let mut child = workplace
        .command(&arguments(&[]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let mut input = child.stdin.take().expect("there is a pipe");
    // It goes away when it notices.
    let _ = writeln!(input, "\"the cat\"");
    let _ = writeln!(input, "\"the cat\"");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("error"), "{said}");
}

#[test]
fn other_formats_are_read_where_they_are_named() {
    let found = answers(b"the cat\n\"quoted\"\n", &["--input-format", "txt"]);
    let ids: Vec<&Value> = found.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, ["000001", "000002"]);
    let found = answers(
        b"name,body\nx,the cat\n",
        &[
            "--input-format",
            "csv",
            "--text-column",
            "body",
            "--id-column",
            "name",
        ],
    );
    assert_eq!(found[0]["id"], "x");
    assert_eq!(found[0]["tokens"], 4);
    let found = answers(b"\"the cat sat on the mat\"\n", &["--truncate", "4"]);
    assert_eq!(found[0]["tokens"], 4);
    assert_eq!(found[0]["truncated_tokens"], 4);
}

#[test]
fn what_does_not_go_with_a_stream_is_refused_before_the_model_is_loaded() {
    for (more, code, error, hint) in [
        (
            &["scores", "in.jsonl", "--stream"][..],
            2,
            "--stream answers standard input (-), found in.jsonl",
            "attnviz scores - --stream",
        ),
        (
            &["scores", "-", "in.jsonl", "--stream"],
            2,
            "--stream answers standard input (-), found - in.jsonl",
            "attnviz scores - --stream",
        ),
        (
            &["scores", "-", "--stream", "--input-format", "parquet"],
            1,
            "found a pipe",
            "texts.parquet",
        ),
        (
            &["scores", "-", "--stream", "--output", "x"],
            2,
            "cannot be used with",
            "--output",
        ),
    ] {
        let workplace = Workplace::new();
        let mut all = more.to_vec();
        all.extend(["-m", "nobody/nothing"]);
        let outcome = workplace.run_with_input(&all, b"\"one\"\n");
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(error), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
        assert!(outcome.stdout.is_empty());
    }
}
