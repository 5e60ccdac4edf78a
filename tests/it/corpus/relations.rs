//! What heads find of the relations of treebanks and of JSON Lines.

use std::fs;

use super::{assert_same_tree, inputs_of, merge, results, scores, write};
use crate::binary::Workplace;

/// Columns that nothing reads are underscores here.
const TREEBANK: &str = "\
# newdoc
# sent_id = she
# text = She doesn't sleep.
1\tShe\t_\t_\t_\t_\t4\tnsubj\t_\t_
2-3\tdoesn't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdoes\t_\t_\t_\t_\t4\taux\t_\t_
3\tn't\t_\t_\t_\t_\t4\tadvmod\t_\t_
4\tsleep\t_\t_\t_\t_\t0\troot\t_\tSpaceAfter=No
5\t.\t_\t_\t_\t_\t4\tpunct\t_\t_

1\tBirds\t_\t_\t_\t_\t2\tnsubj\t_\t_
2\tsing\t_\t_\t_\t_\t0\troot\t_\t_
2.1\tand\t_\t_\t_\t_\t_\t_\t_\t_
3\tzum\t_\t_\t_\t_\t2\tobl:arg\t_\tSpaceAfter=No
4\t.\t_\t_\t_\t_\t2\tpunct\t_\t_

# sent_id = numbers
# text = 10 000 sing
1\t10 000\t_\t_\t_\t_\t2\tnummod\t_\t_
2\tsing\t_\t_\t_\t_\t0\troot\t_\t_
";

/// What each broken sentence is said to lack.
const BROKEN: [(&str, &str); 6] = [
    ("1\tA\t_\t_\t_\t_\t0\n", "expected ten columns between tabs"),
    (
        "1\tA\t_\t_\t_\t_\t7\tdep\t_\t_\n",
        "expected a HEAD that is a word of the sentence, found \"7\"",
    ),
    (
        "1\tA\t_\t_\t_\t_\tx\tdep\t_\t_\n",
        "expected the number of a word as HEAD, found \"x\"",
    ),
    (
        "2\tA\t_\t_\t_\t_\t0\troot\t_\t_\n",
        "expected words numbered from 1 without a gap, found \"2\"",
    ),
    (
        "3-2\tA\t_\t_\t_\t_\t_\t_\t_\t_\n",
        "expected a range of words that begins with the next one, found \"3-2\"",
    ),
    (
        "# text = B\n1\tA\t_\t_\t_\t_\t0\troot\t_\t_\n",
        "expected the words of \"# text\" in their order, found \"A\"",
    ),
];

#[test]
fn a_treebank_says_which_heads_find_its_relations() {
    let workplace = Workplace::new();
    write(&workplace, "bank.conllu", TREEBANK);
    let outcome = scores(&workplace, 0, &["bank.conllu"], "out", &[]);
    assert!(
        outcome.stdout.contains("finds   all "),
        "{}",
        outcome.stdout
    );
    let folder = workplace.path().join("out");
    let results = results(&folder);
    let texts: Vec<&str> = results
        .iter()
        .map(|result| result.text.as_deref().unwrap_or_default())
        .collect();
    assert_eq!(
        texts,
        ["She doesn't sleep.", "Birds sing zum.", "10 000 sing"]
    );
    let ids: Vec<&str> = results.iter().map(|result| result.id.as_str()).collect();
    assert_eq!(ids, ["she", "000011", "numbers"]);
    // "does" and "n't" stand where the contraction does.
    type Bytes = [usize; 2];
    let places: Vec<(&str, Bytes, Option<Bytes>)> = results
        .iter()
        .flat_map(|result| &result.relations)
        .map(|relation| (relation.name.as_str(), relation.from, relation.to))
        .collect();
    assert_eq!(
        places,
        [
            ("nsubj", [0, 3], Some([12, 17])),
            ("aux", [4, 8], Some([12, 17])),
            ("advmod", [8, 11], Some([12, 17])),
            ("root", [12, 17], None),
            ("punct", [17, 18], Some([12, 17])),
            ("nsubj", [0, 5], Some([6, 10])),
            ("root", [6, 10], None),
            ("obl:arg", [11, 14], Some([6, 10])),
            ("punct", [14, 15], Some([6, 10])),
            ("nummod", [0, 6], Some([7, 11])),
            ("root", [7, 11], None),
        ]
    );
    let table = fs::read_to_string(folder.join("relations.csv")).expect("there is a table");
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(rows[0][..4], ["relation", "layer", "head", "direction"]);
    let names: Vec<&str> = rows[1..].iter().map(|row| row[0]).collect();
    let mut distinct = names.clone();
    distinct.dedup();
    // All first, then the most frequent.
    assert_eq!(
        distinct,
        [
            "all", "nsubj", "punct", "advmod", "aux", "nummod", "obl:arg"
        ]
    );
    // 3 layers of 4 heads, two directions.
    assert_eq!(names.len(), distinct.len() * 24);
    for row in &rows[1..] {
        let number = |column: usize| -> f64 { row[column].parse().expect("it is a number") };
        let words = if row[0] == "all" { 11.0 } else { number(5) };
        assert_eq!(number(5), words);
        assert!((number(6) - number(4) / words).abs() < 1e-6, "{row:?}");
        assert!((number(9) - number(8) / words).abs() < 1e-6, "{row:?}");
    }
    let page = fs::read_to_string(folder.join("index.html")).expect("there is a page");
    assert!(page.contains("obl:arg"));
}

#[test]
fn relations_are_the_same_whatever_the_shards() {
    let workplace = Workplace::new();
    write(&workplace, "bank.conllu", TREEBANK);
    scores(&workplace, 0, &["bank.conllu"], "whole", &["-q"]);
    let folders: Vec<String> = (1..=2)
        .map(|index| {
            let (folder, shard) = (format!("shard-{index}"), format!("{index}/2"));
            scores(
                &workplace,
                0,
                &["bank.conllu"],
                &folder,
                &["-q", "--shard", &shard],
            );
            folder
        })
        .collect();
    merge(&workplace, 0, &folders, "merged");
    let path = |name: &str| workplace.path().join(name);
    assert_same_tree(&path("merged"), &path("whole"), "two shards");
    // What was done is kept, and says the same.
    scores(
        &workplace,
        0,
        &["bank.conllu"],
        "whole",
        &["-q", "--resume"],
    );
    assert_same_tree(&path("merged"), &path("whole"), "resumed");
}

#[test]
fn sentences_that_are_none_of_conllu_fail_by_name_and_the_others_are_done() {
    let workplace = Workplace::new();
    let sentences: Vec<&str> = BROKEN.iter().map(|(sentence, _)| *sentence).collect();
    let bank = format!("{}\n{TREEBANK}", sentences.join("\n"));
    write(&workplace, "bank.conllu", bank);
    let outcome = scores(&workplace, 3, &["bank.conllu"], "out", &[]);
    for (sentence, reason) in BROKEN {
        assert!(
            outcome.stderr.contains(reason),
            "{sentence}: {}",
            outcome.stderr
        );
    }
    assert!(outcome.stdout.contains("inputs  3 done, 6 failed"));
    // Its texts are inputs of pictures, too.
    let arguments = ["batch", "bank.conllu", "-o", "pictures", "-m", "builtin"];
    assert_eq!(workplace.run(&arguments).code, Some(3));
}

#[test]
fn a_treebank_may_have_another_name_and_nothing_to_ask() {
    let workplace = Workplace::new();
    // The word is its own head, so that there is nothing to ask.
    write(&workplace, "bank.txt", "1\tHi\t_\t_\t_\t_\t1\tobj\t_\t_\n");
    let more = ["--input-format", "conllu"];
    let outcome = scores(&workplace, 0, &["bank.txt"], "out", &more);
    assert!(!outcome.stdout.contains("finds"), "{}", outcome.stdout);
    let table = fs::read_to_string(workplace.path().join("out/relations.csv"));
    let table = table.expect("there is a table");
    assert!(table.contains("obj,0,0,from_to,0,0,,"), "{table}");
}

#[test]
fn links_leave_special_tokens_out_that_somebody_typed() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "the [SEP] cat\n[CLS] [SEP]\n");
    scores(&workplace, 0, &["in.txt"], "out", &[]);
    let inputs = inputs_of(&workplace.path().join("out"), "part-00000.parquet");
    let tokens = &results(&workplace.path().join("out"))[0].tokens;
    for link in inputs[0].scores.links.iter().flatten() {
        for unit in [link.query, link.key] {
            assert!(!tokens[unit].starts_with('['), "{link:?} of {tokens:?}");
        }
    }
    assert!(inputs[0].scores.links.iter().any(Option::is_some));
    assert!(inputs[1].scores.links.iter().all(Option::is_none));
}

#[test]
fn json_lines_carry_relations_in_bytes() {
    let workplace = Workplace::new();
    let lines = [
        r#"{"text": "Käse ist gut.", "relations": [{"name": "nsubj", "from": [0, 5], "to": [10, 13]}]}"#,
        r#"{"text": "no relations"}"#,
        r#"{"text": "none either", "relations": null}"#,
        r#"{"text": "Käse", "relations": [{"name": "x", "from": [0, 2], "to": [3, 5]}]}"#,
        r#"{"text": "ab", "relations": [{"name": "x", "from": [0, 1], "to": [1, 9]}]}"#,
        r#"{"text": "ab", "relations": ["x"]}"#,
    ];
    write(&workplace, "in.jsonl", lines.join("\n"));
    scores(&workplace, 3, &["in.jsonl"], "out", &[]);
    let results = results(&workplace.path().join("out"));
    let counts: Vec<usize> = results
        .iter()
        .map(|result| result.relations.len())
        .collect();
    assert_eq!(counts, [1, 0, 0, 0, 0, 0]);
    let errors: Vec<&str> = results
        .iter()
        .map(|result| result.error.as_deref().unwrap_or_default())
        .collect();
    assert_eq!(errors[..3], ["", "", ""]);
    assert!(errors[3].contains("[0, 2], which is no part of a text of 5 bytes"));
    assert!(errors[4].contains("[1, 9], which is no part of a text of 2 bytes"));
    assert!(errors[5].contains("in the field \"relations\""));
    // Pictures have no relations, whatever a field of that name is.
    let arguments = ["batch", "in.jsonl", "-o", "pictures", "-m", "builtin"];
    assert_eq!(workplace.run(&arguments).code, Some(0));
}
