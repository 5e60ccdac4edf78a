//! What is said of inputs that failed, and of files that are in the way.

use std::fs;

use serde_json::Value;

use super::{arguments, batch, field, results, write};
use crate::binary::{Outcome, Workplace};

const TEXTS: &[u8] =
    b"id,text\n1,a cat\n2,caf\xe9\n3,\n1,again\n4,a b c d e f g h i j\n5,one,more\n";

#[test]
fn an_input_that_failed_carries_what_can_be_done() {
    let workplace = Workplace::new();
    write(
        &workplace,
        "in.csv",
        [TEXTS, b"6,", "a b c ".repeat(400).as_bytes()].concat(),
    );
    let more = [
        "--junit",
        "junit.xml",
        "--summary",
        "summary.md",
        "--views",
        "from:cat",
        "--json",
    ];
    let outcome = batch(&workplace, 3, &["in.csv"], "out", &more);
    let out = workplace.path().join("out");
    let results = results(&out);
    let status = [
        "done", "failed", "failed", "failed", "failed", "failed", "failed",
    ];
    assert_eq!(field(&results, "status"), status);
    assert!(results[0].get("hint").is_none(), "{}", results[0]);
    let hints = field(&results, "hint");
    for (hint, words) in hints[1..].iter().zip([
        "iconv -f WINDOWS-1252",
        "take the line out",
        "--id-column",
        "",
        "quotation marks",
        "--truncate ",
    ]) {
        assert!(!hint.is_empty() && hint.contains(words), "{words}: {hint}");
    }
    let page = fs::read_to_string(out.join("index.html")).expect("there is a page");
    let read = |name: &str| fs::read_to_string(workplace.path().join(name)).expect("a report");
    let (junit, summary) = (read("junit.xml"), read("summary.md"));
    let words = "take the line out";
    for (text, what) in [
        (&page, "page"),
        (&junit, "junit"),
        (&summary, "summary"),
        (&outcome.stderr, "stderr"),
    ] {
        assert!(text.contains(words), "{what}: {text}");
    }
    assert!(junit.contains("(hint: "), "{junit}");
    assert!(junit.contains("\nhint: "), "{junit}");
    assert!(page.contains("class=\"hint\""), "{page}");
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let of_empty = lines
        .iter()
        .position(|line| line.starts_with("warning: in.csv:4: "));
    let below = of_empty.and_then(|position| lines.get(position + 1));
    assert!(
        below.is_some_and(|line| line.starts_with("hint: ")),
        "{}",
        outcome.stderr
    );
    // Every warning is in the result as JSON, too.
    let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    let told = report["warnings"].as_array().expect("warnings are a list");
    let warned: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("warning: "))
        .collect();
    assert_eq!(told.len(), 6, "{told:?}");
    assert_eq!(
        warned,
        told.iter().filter_map(Value::as_str).collect::<Vec<_>>()
    );
}

#[test]
fn the_same_hint_is_said_once_in_a_row() {
    let workplace = Workplace::new();
    write(&workplace, "in.csv", "id,text\n1,\n2,\n3,\n4,a,b\n5,\n");
    for quiet in [&[][..], &["-q"]] {
        let outcome = batch(&workplace, 3, &["in.csv"], "out", quiet);
        let hints = outcome
            .stderr
            .lines()
            .filter(|line| line.starts_with("hint: "));
        assert_eq!(hints.count(), 3, "{}", outcome.stderr);
    }
}

#[test]
fn merge_and_batch_print_json_of_one_shape_with_paths() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\ntwo\nthree\n");
    let read = |outcome: &Outcome| -> Value {
        let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
        for file in ["page", "results", "manifest"] {
            let path = report[file].as_str().expect("a file has a path");
            assert!(workplace.path().join(path).is_file(), "{path}");
        }
        assert_eq!(report["open"], report["page"]);
        report
    };
    let keys = |report: &Value| -> Vec<String> {
        let object = report.as_object().expect("it is an object");
        object.keys().cloned().collect()
    };
    for part in ["1/2", "2/2"] {
        let output = format!("shard-{}", &part[..1]);
        batch(&workplace, 0, &["in.txt"], &output, &["--shard", part]);
    }
    let whole = read(&batch(
        &workplace,
        0,
        &["in.txt"],
        "deep/whole",
        &["--json"],
    ));
    let merged = workplace.succeed(&["merge", "shard-1", "shard-2", "-o", "merged", "--json"]);
    let merged = read(&merged);
    assert_eq!(keys(&merged), keys(&whole));
    for field in ["model", "counts", "complete", "warnings", "kept"] {
        assert_eq!(merged[field], whole[field], "{field}");
    }
    assert_eq!(merged["folder"], "merged");
}

#[test]
fn a_report_that_cannot_be_written_names_its_option_before_any_work() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\n");
    fs::create_dir(workplace.path().join("folder")).expect("a folder can be made");
    for path in ["nowhere/report", "folder", "in.txt/report"] {
        for option in ["--junit", "--summary"] {
            let outcome = batch(&workplace, 1, &["in.txt"], "out", &[option, path]);
            let stderr = &outcome.stderr;
            assert!(
                stderr.contains(&format!("error: {option}: {path}")),
                "{stderr}"
            );
            assert!(stderr.contains(&format!("hint: {option} FILE")), "{stderr}");
            assert!(!stderr.contains("--output"), "{stderr}");
        }
        let mut command = workplace.command(&arguments(&["in.txt"], "out", &[]));
        let outcome = Outcome::of(command.env("GITHUB_STEP_SUMMARY", path).output());
        assert_eq!(outcome.code, Some(1));
        let hint = "hint: set GITHUB_STEP_SUMMARY to";
        assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    }
    assert!(!workplace.path().join("out").exists());
    for option in ["--junit", "--summary"] {
        batch(&workplace, 0, &["in.txt"], "out", &[option, "report"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_on_a_full_disk_leaves_the_batch_done() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\n");
    let outcome = batch(&workplace, 1, &["in.txt"], "out", &["--junit", "/dev/full"]);
    let stderr = &outcome.stderr;
    assert!(stderr.contains("error: --junit: /dev/full"), "{stderr}");
    assert!(stderr.contains("hint: --junit FILE"), "{stderr}");
    assert!(!stderr.contains("not finished"), "{stderr}");
    let manifest = crate::binary::manifest(&workplace.path().join("out"));
    assert_eq!(manifest["complete"], true);
}
