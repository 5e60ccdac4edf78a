//! What is said of a whole file whose inputs were read and may mean something else.

use super::{batch, field, results, write};
use crate::binary::Workplace;

#[test]
fn every_second_text_that_is_not_read_is_named_once() {
    let lines = "{\"text\": \"one\"}
{\"text\": \"two\", \"context\": \"of two\", \"answer\": null}
{\"text\": \"three\", \"answer\": \"of three\", \"context\": \"of three\"}
{\"text\": \"four\", \"context\": \"of four\"}
";
    let table = "text,context,answer\none,two,three\nfour,five,six\n";
    for (file, content) in [("in.jsonl", lines), ("in.csv", table)] {
        let workplace = Workplace::new();
        write(&workplace, file, content);
        let outcome = batch(&workplace, 0, &[file], "out", &["-f", "json"]);
        let column = |line: &str| line.rsplit(" --pair-column ").next().map(str::to_owned);
        let lines = outcome.stderr.lines();
        let named = lines.filter(|line| line.contains("is not read"));
        let named: Vec<String> = named.filter_map(column).collect();
        assert_eq!(named, ["answer", "context"], "{}", outcome.stderr);
    }
}

#[test]
fn an_input_with_an_empty_second_text_is_alone_and_counted() {
    let counted = "encoded alone while others are pairs: ";
    for (file, content, count) in [
        ("in.csv", "text,pair\none,\ntwo,three\nfour, \n", Some("2")),
        (
            "in.tsv",
            "text\tpair\none\t\ntwo\tthree\nfour\t\n",
            Some("2"),
        ),
        (
            "in.jsonl",
            "{\"text\": \"one\", \"pair\": \"\"}\n[\"two\", \"three\"]\n[\"four\", \"\"]\n",
            Some("2"),
        ),
        // Where none is a pair, nothing is missing; null says that there is none.
        ("in.csv", "text,pair\none,\ntwo,\nfour,\n", None),
        (
            "in.jsonl",
            "{\"text\": \"one\", \"pair\": null}\n[\"two\", \"three\"]\n\"four\"\n",
            None,
        ),
    ] {
        let workplace = Workplace::new();
        write(&workplace, file, content);
        let outcome = batch(&workplace, 0, &[file], "out", &["-f", "json"]);
        let found = outcome.stderr.split_once(counted);
        let found = found.and_then(|(_, rest)| rest.lines().next());
        assert_eq!(found, count, "{content}: {}", outcome.stderr);
        let results = results(&workplace.path().join("out"));
        assert_eq!(field(&results, "text"), ["one", "two", "four"]);
        let pairs = field(&results, "pair");
        assert_eq!([&pairs[0], &pairs[2]], ["", ""], "{content}");
    }
}

#[test]
fn quotation_marks_that_are_letters_by_mistake_are_warned_of() {
    let between_tabs = "look as if they enclose fields: ";
    let behind_space = "a space before a quotation mark, which is read as a letter behind it: ";
    for (file, content, more, words, count) in [
        (
            "in.tsv",
            "text\tn\n\"one \"\"two\"\"\"\t1\nplain\t2\n",
            &[][..],
            between_tabs,
            Some("1"),
        ),
        // Cut by the end of a line.
        (
            "in.tsv",
            "text\n\"one\ntwo\"\n\"three\nfour\"\n",
            &[],
            between_tabs,
            Some("2"),
        ),
        (
            "in.tsv",
            "text\tn\n\"one \"\"two\"\"\"\t1\n",
            &["--quotes"],
            between_tabs,
            None,
        ),
        (
            "in.tsv",
            "text\tn\n\"one\" and \"two\"\t1\n5\" disks\t2\n\"three\"\t3\n",
            &[],
            between_tabs,
            None,
        ),
        (
            "in.csv",
            "id,text\n1, \"one\"\n2,\"two\"\n",
            &[],
            behind_space,
            Some("1"),
        ),
        (
            "in.csv",
            "id,text\n1,\" \"\"two\"\" \"\n",
            &["--id-column", "id"],
            between_tabs,
            None,
        ),
    ] {
        let workplace = Workplace::new();
        write(&workplace, file, content);
        let more = [more, &["-f", "json"]].concat();
        let outcome = batch(&workplace, 0, &[file], "out", &more);
        let found = outcome.stderr.split_once(words);
        let found = found.and_then(|(_, rest)| rest.split([';', '\n']).next());
        assert_eq!(found, count, "{content}: {}", outcome.stderr);
    }
    for (file, content, words, hint) in [
        (
            "in.csv",
            "id,text\n1, \"Hello, you\"\n",
            "a quotation mark behind a space is a letter",
            "no space before them: 1,\"Hello, you\"",
        ),
        (
            "in.tsv",
            "text\tn\n\"one\ntwo\"\t1\n",
            "found 1",
            "--quotes, where quotation marks enclose fields",
        ),
    ] {
        let workplace = Workplace::new();
        write(&workplace, file, content);
        let code = if file == "in.csv" { 1 } else { 3 };
        let outcome = workplace.run(&super::arguments(&[file], "out", &["-f", "json"]));
        assert!(
            [Some(code), Some(3)].contains(&outcome.code),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    }
}
