//! Relations between words, against the rules of Clark et al. 2019 and a
//! treebank whose right numbers were counted by hand.

use std::collections::BTreeMap;

use attnviz::analysis::{
    ALL_RELATIONS, Annotation, OFFSETS, Relation, RelationCounts, RelationQuestions,
};
use attnviz::attention::Attention;
use attnviz::checkpoint::ModelSource;
use attnviz::input::{Input, Place, SpecialRole, StreamRole, Unit};
use attnviz::run::Run;
use serde::Deserialize;

use crate::runs::{own, run_of, source, unit};

#[derive(Deserialize)]
struct Golden {
    sentences: Vec<Sentence>,
    asked: BTreeMap<String, u64>,
    heads: Vec<[BTreeMap<String, u64>; 2]>,
    offsets: Vec<BTreeMap<String, u64>>,
}

#[derive(Deserialize)]
struct Sentence {
    words: Vec<String>,
    heads: Vec<usize>,
    relations: Vec<String>,
    tokens: Vec<usize>,
    attention: Vec<f32>,
}

/// A run over words of so many tokens each, between two special tokens, and the
/// bytes of its words.
fn run(words: &[&str], tokens: &[usize], attention: Vec<f32>) -> (Run, Annotation) {
    let mut units = vec![unit("[CLS]", true)];
    let mut annotation = Annotation {
        is_complete: true,
        ..Annotation::default()
    };
    let mut text = String::new();
    for (word, &count) in words.iter().zip(tokens) {
        let start = text.len();
        text.push_str(word);
        annotation.words.push(start..text.len());
        text.push(' ');
        // Pieces need not be cut between letters: each has a byte of the word.
        units.extend((0..count).map(|piece| Unit {
            place: Place::Bytes {
                start: start + piece.min(word.len() - 1),
                end: start + piece.min(word.len() - 1) + 1,
            },
            ..unit(word, false)
        }));
    }
    units.push(unit("[SEP]", true));
    let size = units.len();
    let heads = attention.len() / size / size / 2;
    let attention = own(attention, [2, heads, size, size]);
    let (model, input) = (("test", ModelSource::Builtin), Input::text(text.trim_end()));
    (run_of(model, input, source(units), attention), annotation)
}

fn attention(run: &Run) -> &Attention {
    run.attention.first().expect("a run has attention")
}

fn count(counts: &mut RelationCounts, run: &Run, annotation: &Annotation) {
    let Input::Text { text, .. } = &run.input else {
        panic!("the input is a text");
    };
    let questions = RelationQuestions::new(text, run.units(StreamRole::Source), annotation);
    let heads = questions.answers(attention(run));
    let relations = annotation.relations.iter().zip(questions.without_heads());
    for (place, (relation, (is_asked, offsets))) in relations.enumerate() {
        let right: Vec<[bool; 2]> = heads
            .iter()
            .map(|directions| [0, 1].map(|direction: usize| directions[direction][place]))
            .collect();
        let name = relation.to.map(|_| relation.name.as_str());
        counts.add(name, is_asked, &offsets, &right);
    }
}

#[test]
fn relations_are_counted_as_clark_counts_them() {
    let golden = include_str!("../fixtures/expected/relations.json");
    let golden: Golden = serde_json::from_str(golden).expect("the golden values are JSON");
    let mut counts = RelationCounts::default();
    for sentence in golden.sentences {
        let words: Vec<&str> = sentence.words.iter().map(String::as_str).collect();
        let (run, mut annotation) = run(&words, &sentence.tokens, sentence.attention);
        let relations = sentence.relations.iter().zip(&sentence.heads).enumerate();
        annotation.relations = relations
            .map(|(from, (name, &head))| Relation {
                name: name.clone(),
                from,
                to: head.checked_sub(1),
            })
            .collect();
        count(&mut counts, &run, &annotation);
    }
    for (name, &asked) in golden.asked.iter().filter(|(name, _)| *name != "root") {
        let found = &counts.by_name[name];
        assert_eq!(found.words, asked, "{name}");
        for (head, expected) in golden.heads.iter().enumerate() {
            let expected = [0, 1].map(|direction: usize| expected[direction][name]);
            assert_eq!(found.right[head], expected, "{name}, head {head}");
        }
        for (place, expected) in golden.offsets.iter().enumerate() {
            let offset = OFFSETS[place];
            assert_eq!(
                found.right_by_offset[place], expected[name],
                "{name} {offset}"
            );
        }
    }
    assert!(
        !counts.by_name.contains_key("root"),
        "nothing is right for a root"
    );
    assert!(counts.by_name[ALL_RELATIONS].words > 50);
}

/// A sentence of four words of one token each, and a head that always looks at
/// the next word but one that looks back at "cats".
#[test]
fn a_small_treebank_has_the_numbers_that_were_counted_by_hand() {
    let words = ["Two", "black", "cats", "slept"];
    // Rows are [CLS] Two black cats slept [SEP], columns likewise.
    let next = [
        [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        // Most of it goes to what is no word, or to itself.
        [0.5, 0.0, 0.0, 0.1, 0.2, 0.2],
        [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    ];
    let cats = [
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.2, 0.2, 0.0, 0.6],
        [0.0, 0.1, 0.2, 0.7, 0.0, 0.0],
        [0.6, 0.0, 0.4, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.1, 0.9, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
    ];
    let attention: Vec<f32> = [next, cats].concat().concat();
    let (run, mut annotation) = run(&words, &[1; 4], attention);
    let relation = |name: &str, from: usize, to: Option<usize>| Relation {
        name: name.to_owned(),
        from,
        to,
    };
    annotation.relations = vec![
        relation("nummod", 0, Some(2)),
        relation("amod", 1, Some(2)),
        relation("nsubj", 2, Some(3)),
        relation("root", 3, None),
    ];
    let mut counts = RelationCounts::default();
    count(&mut counts, &run, &annotation);
    // Of the first head: "Two" sees "black" (wrong), "black" sees "cats" (right),
    // "cats" sees "slept" (right). What sees them most: of "Two" nothing, of
    // "black" it is "Two" (wrong), of "cats" it is "black" (wrong).
    // Of the second: "Two" sees "black" and "cats" alike, and the first is taken
    // (wrong), "black" sees "cats" (right), "cats" sees "black" (wrong). What sees
    // "Two" most is "black" (wrong), "black" is seen most by "cats" (right), and
    // "cats" by "slept" (right).
    for (name, heads) in [
        ("nummod", [[0, 0], [0, 0]]),
        ("amod", [[1, 0], [1, 1]]),
        ("nsubj", [[1, 0], [0, 1]]),
        (ALL_RELATIONS, [[2, 0], [1, 2]]),
    ] {
        let found = &counts.by_name[name];
        assert_eq!(found.right, heads, "{name}");
        assert_eq!(found.words, if name == ALL_RELATIONS { 4 } else { 1 });
    }
    // Two words on is "cats" from "Two" and, at the end, from "black"; one on is
    // right for "black" and "cats"; the root stands before the first word.
    assert_eq!(counts.by_name["nummod"].best_offset(), (2, 1));
    assert_eq!(counts.by_name["amod"].best_offset(), (1, 1));
    assert_eq!(counts.by_name[ALL_RELATIONS].best_offset(), (1, 2));
}

#[test]
fn special_tokens_of_the_text_are_no_words_and_all_is_counted_once() {
    let uniform = vec![0.25; 2 * 16];
    let (mut run, mut annotation) = run(&["ab", "c"], &[1, 1], uniform);
    annotation.relations = [(0, 1)]
        .map(|(from, to)| Relation {
            name: ALL_RELATIONS.to_owned(),
            from,
            to: Some(to),
        })
        .to_vec();
    let mut counts = RelationCounts::default();
    count(&mut counts, &run, &annotation);
    assert_eq!(counts.by_name[ALL_RELATIONS].words, 1);
    // As if the second word were a [SEP] that somebody typed.
    run.streams[0].units[2].special = Some(SpecialRole::Separator);
    let mut counts = RelationCounts::default();
    count(&mut counts, &run, &annotation);
    assert_eq!(counts.by_name[ALL_RELATIONS].left_out, 1);
}

#[test]
fn words_that_share_a_token_or_have_none_are_left_out() {
    let uniform = vec![0.25; 2 * 16];
    let (run, mut annotation) = run(&["ab", "c"], &[1, 1], uniform);
    // The second word is a part of the first one's token, the third has none.
    annotation.words = vec![0..1, 1..2, 40..41, 3..4];
    annotation.relations = [(0, 1), (0, 2), (0, 3)]
        .map(|(from, to)| Relation {
            name: "dep".to_owned(),
            from,
            to: Some(to),
        })
        .to_vec();
    let mut counts = RelationCounts::default();
    count(&mut counts, &run, &annotation);
    let found = &counts.by_name["dep"];
    assert_eq!((found.words, found.left_out), (1, 2));
}
