//! Which columns of a table, or fields of an object, an input is made of.

use serde_json::json;

use super::{batch, field, results, write};
use crate::binary::{Workplace, manifest, tree};

/// Writes the same row as a table of each kind and as an object, and expects
/// this text, pair and id of it.
fn check(names: &[&str], more: &[&str], [text, pair, id]: [&str; 3]) {
    let values: Vec<String> = names.iter().map(|name| format!("the {name}")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let members = names.iter().zip(&values);
    let object: serde_json::Map<_, _> = members
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let table = |delimiter: &str| {
        let rows = [names.join(delimiter), values.join(delimiter)];
        rows.join("\n") + "\n"
    };
    let object = serde_json::Value::Object(object).to_string();
    for (name, content) in [
        ("in.csv", table(",")),
        ("in.csv", table(";")),
        ("in.csv", format!("sep=;\r\n{}", table(";"))),
        ("in.csv", format!("\"sep=|\"\n{}", table("|"))),
        ("in.csv", table("\t")),
        ("in.tsv", table("\t")),
        ("in.jsonl", format!("{object}\n")),
        ("in.json", format!("[{object}]")),
    ] {
        if names.len() == 1 && name == "in.csv" && content.starts_with("sep") {
            continue;
        }
        let workplace = Workplace::new();
        write(&workplace, name, &content);
        let more = [more, &["-f", "json"]].concat();
        batch(&workplace, 0, &[name], "out", &more);
        let found = results(&workplace.path().join("out"));
        let found = ["text", "pair", "id"].map(|part| field(&found, part).join(" "));
        let line = &found[2];
        let id = match id {
            // That of its line, or its position.
            "" if line == "000003" => "000003",
            "" if name.ends_with("json") || name.ends_with("jsonl") => "000001",
            "" => "000002",
            id => id,
        };
        assert_eq!(found, [text, pair, id], "{content}");
    }
}

#[test]
fn usual_names_are_found_without_being_named() {
    for (names, expected) in [
        (&["text"][..], ["the text", "", ""]),
        (&["label", "Text"], ["the Text", "", ""]),
        (&["sentence", "label"], ["the sentence", "", ""]),
        (
            &["index", "sentence1", "sentence2", "label"],
            ["the sentence1", "the sentence2", ""],
        ),
        (
            &["Hypothesis", "Premise"],
            ["the Premise", "the Hypothesis", ""],
        ),
        (
            &["id", "title", "context", "question", "answers"],
            ["the question", "the context", "the id"],
        ),
        (
            &["question1", "question2", "ID"],
            ["the question1", "the question2", "the ID"],
        ),
        (&["PAIR", "TEXT"], ["the TEXT", "the PAIR", ""]),
        (&["text_a", "text_b"], ["the text_a", "the text_b", ""]),
        // attnviz's own name of a second text goes with any text.
        (&["sentence", "pair"], ["the sentence", "the pair", ""]),
        (&["Pair", "premise"], ["the premise", "the Pair", ""]),
        (&["sentence1", "pair"], ["the sentence1", "the pair", ""]),
        (
            &["premise", "pair", "hypothesis"],
            ["the premise", "the hypothesis", ""],
        ),
        (&["text", "text_pair"], ["the text", "the text_pair", ""]),
        (&["text_pair", "pair", "text"], ["the text", "the pair", ""]),
        // attnviz's own names before all others.
        (&["sentence", "text"], ["the text", "", ""]),
        // Another text's second is no pair.
        (&["sentence", "context"], ["the sentence", "", ""]),
    ] {
        check(names, &[], expected);
    }
}

#[test]
fn a_second_text_that_is_not_read_is_warned_of() {
    for (names, more, unread) in [
        (["text", "sentence2"], &[][..], Some("sentence2")),
        (["premise", "Sentence2"], &[], Some("Sentence2")),
        (["sentence", "hypothesis"], &[], Some("hypothesis")),
        (["question", "text_pair"], &[], Some("text_pair")),
        (["question", "answer"], &[], Some("answer")),
        (["question", "Passage"], &[], Some("Passage")),
        (["sentence", "sentence_pair"], &[], Some("sentence_pair")),
        (["text", "label"], &[], None),
        (["text", "text_pair"], &[], None),
        // Who names columns has chosen.
        (["text", "sentence2"], &["--text-column", "text"], None),
        (["text", "sentence2"], &["--pair-column", "sentence2"], None),
        (["text", "sentence2"], &["--id-column", "sentence2"], None),
    ] {
        let [first, second] = names;
        let line = format!("{{\"{first}\": \"one\", \"{second}\": \"two\"}}");
        for (file, content) in [
            ("in.csv", format!("{first},{second}\none,two\n")),
            ("in.jsonl", format!("{line}\n")),
            ("in.json", format!("[{line}]")),
        ] {
            let workplace = Workplace::new();
            write(&workplace, file, content);
            let more = [more, &["-f", "json", "--json"]].concat();
            let outcome = batch(&workplace, 0, &[file], "out", &more);
            let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
            let expected: Vec<String> = unread
                .iter()
                .map(|name| {
                    format!(
                        "{file}: the column \"{name}\" is not read; if it is the second text: \
                         --pair-column {name}"
                    )
                })
                .collect();
            assert_eq!(report["warnings"], json!(expected), "{names:?} {more:?}");
        }
    }
}

#[test]
fn columns_that_are_named_are_taken() {
    let names = ["id", "sentence1", "sentence2", "Größe", "text"];
    for (more, expected) in [
        (
            &["--text-column", "sentence2"][..],
            ["the sentence2", "", "the id"],
        ),
        (
            &["--text-column", "sentence1", "--pair-column", "sentence2"],
            ["the sentence1", "the sentence2", "the id"],
        ),
        (
            &["--pair-column", "SENTENCE1"],
            ["the text", "the sentence1", "the id"],
        ),
        (
            &["--text-column", "größe", "--id-column", "text"],
            ["the Größe", "", "the text"],
        ),
        // Not the text, so that it is another's.
        (
            &["--id-column", "text"],
            ["the sentence1", "the sentence2", "the text"],
        ),
    ] {
        check(&names, more, expected);
    }
    // What is written exactly so comes before what differs by case.
    check(
        &["TEXT", "text", "Text"],
        &["--text-column", "Text"],
        ["the Text", "", ""],
    );
}

#[test]
fn a_column_that_is_missing_is_an_error_with_those_that_are_there() {
    for (names, more, words) in [
        (
            "index,body,label",
            &[][..],
            &["found index, body, label", "hint: --text-column body"][..],
        ),
        (
            "a,b",
            &["--text-column", "sentence"],
            &[
                "\"sentence\"",
                "--text-column says, found a, b",
                "hint: --text-column a",
            ],
        ),
        (
            "text,b",
            &["--pair-column", "nope"],
            &["--pair-column says, found text, b", "hint: --pair-column b"],
        ),
        (
            "text,b",
            &["--id-column", "nope"],
            &["--id-column says, found text, b", "hint: --id-column b"],
        ),
        (
            "text,label,number,nrs",
            &["--id-column", "nr"],
            &["hint: --id-column nrs"],
        ),
        (
            "sentence,other,claims",
            &["--pair-column", "Claim"],
            &["hint: --pair-column claims"],
        ),
        (
            "review,body,label",
            &["--text-column", "reviews"],
            &["hint: --text-column review"],
        ),
        (
            "text",
            &["--pair-column", "nope"],
            &["hint: leave --pair-column out"],
        ),
        (
            "question,sentence,label",
            &[],
            &[
                "found question, sentence",
                "hint: --text-column question; and --pair-column sentence",
            ],
        ),
        ("text,text", &[], &["one column \"text\"", "found two"]),
        ("Text,TEXT", &[], &["one column \"text\"", "found two"]),
        ("text,b", &["--pair-column", "text"], &["found text, b"]),
        (
            "text,b",
            &["--text-column", "text", "--pair-column", "text"],
            &["both as the text and as its pair", "hint: --pair-column b"],
        ),
        ("my text,label", &[], &["hint: --text-column \"my text\""]),
    ] {
        let workplace = Workplace::new();
        write(&workplace, "in.csv", format!("{names}\n1,2\n"));
        let outcome = batch(&workplace, 1, &["in.csv"], "out", more);
        for word in words {
            assert!(
                outcome.stderr.contains(word),
                "{names}: no {word}: {}",
                outcome.stderr
            );
        }
        assert!(!workplace.path().join("out").exists(), "{names}");
        // An object says the same of its fields, and others are read.
        let workplace = Workplace::new();
        let names: Vec<&str> = names.split(',').collect();
        let fields: Vec<String> = names
            .iter()
            .map(|name| format!("\"{name}\": \"x\""))
            .collect();
        let line = format!("{{{}}}\n", fields.join(", "));
        write(&workplace, "in.jsonl", line);
        let outcome = batch(&workplace, 3, &["in.jsonl"], "out", more);
        let found = results(&workplace.path().join("out"));
        let said = format!(
            "{}\nhint: {}",
            field(&found, "error")[0],
            field(&found, "hint")[0]
        );
        for word in words
            .iter()
            .filter(|word| !word.starts_with("hint: --text-column body"))
        {
            assert!(said.contains(word), "{names:?}: no {word}: {said}");
        }
        assert!(
            outcome.stderr.contains("in.jsonl:1: "),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_table_of_another_layout_is_answered_with_how_to_read_it() {
    for (name, header, hint) in [
        ("in.tsv", "id,review", "--input-format csv"),
        ("in.tsv", "\"text\";\"label\"", "--input-format csv"),
        (
            "in.csv",
            "text|label",
            "write this line above the header: sep=|",
        ),
        (
            "in.tsv",
            "\"text\"\t\"label\"",
            "--quotes, where quotation marks enclose fields",
        ),
        ("in.tsv", "review\tlabel", "--text-column review; or"),
        ("in.csv", "review,label", "--text-column review; or"),
    ] {
        let workplace = Workplace::new();
        write(&workplace, name, format!("{header}\none\n"));
        let outcome = batch(&workplace, 1, &[name], "out", &[]);
        let hint = format!("hint: {hint}");
        assert!(
            outcome.stderr.contains(&hint),
            "{header}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn columns_of_lines_of_text_are_wrong_usage() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "one\n");
    write(&workplace, "in.csv", "text,sentence\none,two\n");
    for option in ["--text-column", "--pair-column", "--id-column"] {
        let outcome = batch(&workplace, 2, &["in.txt"], "out", &[option, "text"]);
        assert!(outcome.stderr.contains(option), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains("hint: leave "),
            "{}",
            outcome.stderr
        );
    }
    let more = ["--text-column", "sentence", "-f", "json"];
    batch(&workplace, 0, &["in.txt", "in.csv"], "out", &more);
    let found = results(&workplace.path().join("out"));
    assert_eq!(field(&found, "text"), ["one", "two"]);
}

#[test]
fn a_batch_of_another_column_is_another_batch() {
    let workplace = Workplace::new();
    write(
        &workplace,
        "in.tsv",
        "sentence1\tsentence2\n\"one\ttwo\"\nthree\tfour\n",
    );
    let json = ["-f", "json"];
    batch(&workplace, 0, &["in.tsv"], "out", &json);
    let out = workplace.path().join("out");
    let before = tree(&out);
    let columns = &manifest(&out)["reading"]["columns"];
    assert_eq!(*columns, json!({"text": null, "pair": null, "id": null}));
    // Not in place of the one that is there, unless somebody says so.
    for more in [
        &["--text-column", "sentence2"][..],
        &["--quotes"],
        &["--input-format", "txt"],
    ] {
        let outcome = batch(&workplace, 1, &["in.tsv"], "out", &[more, &json].concat());
        assert!(
            outcome.stderr.contains("batch of other inputs"),
            "{}",
            outcome.stderr
        );
        assert_eq!(tree(&out), before, "{more:?}");
    }
    batch(&workplace, 0, &["in.tsv"], "out", &json);
    assert_eq!(tree(&out), before);
    // Going on does again what is not the same.
    let other = ["--text-column", "sentence2", "--resume", "-f", "json"];
    let outcome = batch(&workplace, 0, &["in.tsv"], "out", &other);
    assert!(
        !outcome.stdout.contains("earlier run"),
        "{}",
        outcome.stdout
    );
    assert_eq!(field(&results(&out), "text"), ["two\"", "four"]);
    assert_eq!(manifest(&out)["reading"]["columns"]["text"], "sentence2");
    let outcome = batch(&workplace, 0, &["in.tsv"], "out", &other);
    assert!(
        outcome.stdout.contains("2 of them from an earlier run"),
        "{}",
        outcome.stdout
    );
    // Shards of the two are not those of one batch.
    let shard = |part: &str, output: &str, more: &[&str]| {
        let more = [&["--shard", part, "-f", "json"], more].concat();
        batch(&workplace, 0, &["in.tsv"], output, &more);
    };
    shard("1/2", "first", &["--text-column", "sentence1"]);
    shard("2/2", "second", &["--text-column", "sentence2"]);
    let outcome = workplace.run(&["merge", "first", "second", "-o", "merged"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("how their files are read"),
        "{}",
        outcome.stderr
    );
    shard("2/2", "third", &["--text-column", "sentence1"]);
    workplace.succeed(&["merge", "first", "third", "-o", "merged"]);
}

#[test]
fn the_column_that_looks_most_like_a_text_is_named_first() {
    for (file, content, named) in [
        (
            "in.csv",
            "date,user,tweet\n2020-01-01,bob,I am here\n",
            "tweet",
        ),
        (
            "in.csv",
            "url,body\nhttps://example.org/a,So it is.\n",
            "body",
        ),
        (
            "in.csv",
            "Title,Description\nA title,It is described here.\n",
            "Description",
        ),
        ("in.tsv", "编号\t文本\n1\t你好世界\n", "文本"),
        // By all of the first rows.
        (
            "in.csv",
            "role,title,body\nuser,A title of many words,No.\nuser,B,It is described here.\n\
             user,C,This is also what it says.\n",
            "body",
        ),
        ("in.csv", "first,second\n", "first"),
        (
            "in.jsonl",
            "{\"title\": \"A title\", \"body\": \"It is described here.\"}\n",
            "body",
        ),
    ] {
        let workplace = Workplace::new();
        write(&workplace, file, content);
        let outcome = workplace.run(&super::arguments(&[file], "out", &[]));
        let hint = format!("hint: --text-column {named}");
        assert!(
            outcome.stderr.contains(&hint),
            "{content}: {}",
            outcome.stderr
        );
    }
}
