//! Relations between words, against the rules of Clark et al. 2019 and a
//! treebank whose right numbers were counted by hand.

use std::collections::BTreeMap;

use attnviz::analysis::{
    ALL_RELATIONS, Annotation, OFFSETS, Relation, RelationCounts, RelationQuestions,
};
use attnviz::attention::Attention;
use attnviz::checkpoint::ModelSource;
use attnviz::input::{Input, Place, StreamRole, Unit};
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
