//! `examples/spark.py` on a real cluster: a master and two workers, each a
//! process of its own, on this machine.
//!
//! Runs where Java is there and a Python that has PySpark and PyArrow:
//! `ATTNVIZ_SPARK_PYTHON` names it, or it is `python3`.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use attnviz::analysis::Score;
use serde_json::Value;

use crate::binary::{Outcome, Workplace, fixture, skipped};

/// Two workers with a core and a GiB each.
const CLUSTER: &str = "local-cluster[2,1,1024]";

/// Writes the table, and prints what is in one as JSON.
const TABLES: &str = "
import json, sys
import pyarrow, pyarrow.parquet
if sys.argv[1] == 'write':
    texts = ['the cat sat', 'a cat', 'one, two. three', None, 'word ' * 600]
    rows = [{'name': f'n{number}', 'body': texts[number % 5], 'other': 'on the mat' if number % 2 else None}
            for number in range(40)]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), sys.argv[2], row_group_size=10)
else:
    for row in pyarrow.parquet.read_table(sys.argv[2]).to_pylist():
        print(json.dumps(row))
";

/// A Python that can do it, or why there is none.
fn python() -> Result<String, String> {
    let named = env::var("ATTNVIZ_SPARK_PYTHON");
    let python = named.clone().unwrap_or_else(|_| "python3".to_owned());
    let works = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let java = env::var("JAVA_HOME").map_or("java".to_owned(), |home| format!("{home}/bin/java"));
    match (
        works(&python, &["-c", "import pyspark, pyarrow"]),
        works(&java, &["-version"]),
    ) {
        (true, true) => Ok(python),
        // Who names it wants it to be run.
        (false, _) if named.is_ok() => panic!("{python} has no PySpark or no PyArrow"),
        (false, _) => Err(format!("{python} has no PySpark or no PyArrow")),
        (true, false) => Err("Java is not there".to_owned()),
    }
}

/// The rows of a table, by the Python that wrote it.
fn rows(python: &str, table: &Path) -> Vec<Value> {
    let mut command = Command::new(python);
    let outcome = Outcome::of(command.args(["-c", TABLES, "read"]).arg(table).output());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let lines = outcome.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a row is JSON"))
        .collect()
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

#[test]
fn a_cluster_scores_a_table_as_one_machine_does() {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => return skipped(&format!("Spark's example: {reason}")),
    };
    let workplace = Workplace::new();
    let at = |name: &str| workplace.path().join(name);
    let model = fixture("masked-lm-bin").display().to_string();
    let written = Command::new(&python)
        .args(["-c", TABLES, "write"])
        .arg(at("texts.parquet"))
        .status();
    assert!(written.expect("Python starts").success());

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/spark.py");
    let mut spark = Command::new(&python);
    spark
        .arg(script)
        .args([
            "texts.parquet",
            "scores",
            "--master",
            CLUSTER,
            "--partitions",
            "3",
        ])
        .args([
            "--text-column",
            "body",
            "--pair-column",
            "other",
            "--id-column",
            "name",
        ])
        .args([
            "--attnviz",
            env!("CARGO_BIN_EXE_attnviz"),
            "--model",
            &model,
        ])
        .args(["--layers", "0-1", "--heads", "1,-1"])
        .current_dir(workplace.path())
        // Nothing outside this machine is asked for or listened to.
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .env("SPARK_LOCAL_DIRS", at("spark"))
        .env("SPARK_WORKER_DIR", at("work"))
        .env_remove("SPARK_HOME")
        .stdin(Stdio::null());
    let outcome = Outcome::of(spark.output());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    // Of five texts one is null and one is too long.
    assert!(
        outcome.stdout.contains("failed   16 inputs"),
        "{}",
        outcome.stdout
    );

    // What one process says of the same inputs.
    let mut sent = String::new();
    for row in rows(&python, &at("texts.parquet")) {
        let line =
            serde_json::json!({"id": row["name"], "text": row["body"], "pair": row["other"]});
        sent.push_str(&format!("{line}\n"));
    }
    let stream = [
        "scores", "-", "--stream", "-m", &model, "--layers", "0-1", "--heads", "1,-1",
    ];
    let stream = workplace.run_with_input(&stream, sent.as_bytes());
    assert_eq!(stream.code, Some(0), "{}", stream.stderr);
    let answers = stream.stdout.lines().map(|line| {
        let answer: Value = serde_json::from_str(line).expect("an answer is JSON");
        (
            answer["id"].as_str().expect("it has an id").to_owned(),
            answer,
        )
    });
    let answers: BTreeMap<String, Value> = answers.collect();
    assert_eq!(answers.len(), 40);

    let scores = rows(&python, &at("scores/scores.parquet"));
    let mut seen = BTreeMap::new();
    // The sum and the number of values of each layer, head and score.
    let mut sums: BTreeMap<(u64, u64, &str), (f64, u64)> = BTreeMap::new();
    for row in &scores {
        let answer = &answers[row["id"].as_str().expect("a row has an id")];
        let (layer, head) = (row["layer"].as_u64(), row["head"].as_u64());
        let place = (row["id"].to_string(), layer, head);
        assert!(seen.insert(place.clone(), ()).is_none(), "{place:?} twice");
        let (Some(layer), Some(head)) = (layer, head) else {
            assert!(row["error"].is_string());
            assert_eq!(row["error"], answer["error"]);
            assert_eq!(row["hint"], answer["hint"]);
            continue;
        };
        assert!(row["error"].is_null());
        assert_eq!(row["tokens"], answer["tokens"]);
        let index = |name: &str, wanted: u64| {
            let all = answer[name].as_array().expect("they are listed");
            let place = all.iter().position(|found| found.as_u64() == Some(wanted));
            place.expect("it is one of them")
        };
        let (i, j) = (index("layers", layer), index("heads", head));
        assert_eq!(row["received_unit"], answer["received_unit"][i][j]);
        for score in Score::ALL {
            let name = score.name();
            let (found, expected) = (number(&row[name]), number(&answer["scores"][name][i][j]));
            let same = found.map(|value| value as f32) == expected.map(|value| value as f32);
            assert!(same, "{place:?} {name}: {found:?}, expected {expected:?}");
            let sum = sums.entry((layer, head, name)).or_default();
            if let Some(value) = found {
                *sum = (sum.0 + value, sum.1 + 1);
            }
        }
    }
    // 24 inputs with 4 heads, and 16 that failed.
    assert_eq!(scores.len(), 24 * 4 + 16);

    let heads = rows(&python, &at("scores/heads.parquet"));
    assert_eq!(heads.len(), sums.len());
    for row in &heads {
        let name = row["score"].as_str().expect("a score has a name");
        let place = (row["layer"].as_u64(), row["head"].as_u64());
        let key = (place.0.expect("a layer"), place.1.expect("a head"), name);
        let (sum, count) = sums[&key];
        assert_eq!(row["count"].as_u64(), Some(count), "{key:?}");
        match number(&row["mean"]) {
            Some(mean) => assert!((mean - sum / count as f64).abs() < 1e-9, "{key:?}"),
            None => assert_eq!(count, 0, "{key:?}"),
        }
    }
    let parts = fs::read_dir(at("scores/scores.parquet")).expect("it is a folder");
    let parts = parts.flatten().filter(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with("part-")
    });
    assert_eq!(parts.count(), 3, "three partitions");
}
