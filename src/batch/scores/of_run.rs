//! What the tables say of a run.

use rayon::prelude::*;

use crate::analysis::{
    Annotation, AxisUnit, LinkChoice, RelationQuestions, ReshapeOptions, head_scores, reshape,
    strongest_links,
};
use crate::input::{Input, Prepared, StreamRole};
use crate::pipeline::OutputError;
use crate::run::Run;
use crate::store::batch_records::RelationRecord;
use crate::store::tables::InputScores;

/// The scores of every head of a run, its strongest links, and what it finds of
/// the relations between the input's words.
///
/// # Errors
/// When the run has no attention.
pub(in crate::batch) fn scores_of(
    run: &Run,
    annotation: Option<&Annotation>,
) -> Result<InputScores, OutputError> {
    let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
    let scores = head_scores(run, attention);
    let maps = reshape(run, attention, &ReshapeOptions::default())?;
    // As the scores have it, a [SEP] that somebody typed is special, too.
    let units = run.units(StreamRole::Source);
    let mut axes = [maps.rows, maps.columns];
    for axis in &mut axes {
        for (own, unit) in axis.units.iter_mut().zip(units) {
            own.special = unit.is_special();
        }
    }
    let [rows, columns] = &axes;
    let has_ordinary = columns.units.iter().any(AxisUnit::stands_for_text);
    let size = rows.len() * columns.len();
    let links = maps.values.par_chunks(size.max(1)).map(|map| {
        let links = strongest_links(map, [rows, columns], LinkChoice::Best, 1);
        links.first().copied().filter(|_| has_ordinary)
    });
    let links = links.collect();
    let mut scores = InputScores::new(rows.len(), &scores, links);
    if let (Some(annotation), Input::Text { text, .. }) = (annotation, &run.input) {
        let questions = RelationQuestions::new(text, units, annotation);
        let marks = |marks: Vec<bool>| -> String {
            let marks = marks.into_iter();
            marks
                .map(|is_right| if is_right { '1' } else { '0' })
                .collect()
        };
        let answers = questions.answers(attention).into_iter();
        scores.relations = answers.map(|directions| directions.map(marks)).collect();
    }
    Ok(scores)
}

/// What results say of the relations of an input.
pub(in crate::batch) fn relations_of(
    input: &Prepared,
    annotation: Option<&Annotation>,
) -> Vec<RelationRecord> {
    let (Some(annotation), Input::Text { text, .. }) = (annotation, &input.input) else {
        return Vec::new();
    };
    let questions = RelationQuestions::new(text, input.source(), annotation);
    let place = |word: usize| {
        let bytes = annotation.words.get(word).cloned().unwrap_or_default();
        [bytes.start, bytes.end]
    };
    let relations = annotation.relations.iter().zip(questions.without_heads());
    relations
        .map(|(relation, (is_asked, right_offsets))| RelationRecord {
            name: relation.name.clone(),
            from: place(relation.from),
            to: relation.to.map(place),
            is_asked,
            right_offsets,
        })
        .collect()
}
