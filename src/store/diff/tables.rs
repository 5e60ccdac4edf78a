//! A comparison as tables: comma-separated values, as those of runs are.

use std::fmt::Write;

use crate::analysis::Score;
use crate::attention::HeadId;
use crate::compare::{Comparison, DifferenceMeasure};
use crate::store::numbers::{number, quoted};

/// A line a head: its measures; the cell that differs most with both values,
/// empty where none does; right − left of each score, where scores are compared.
pub fn heads_table(comparison: &Comparison<'_>) -> String {
    let mut text = "layer,head".to_owned();
    for measure in DifferenceMeasure::ALL {
        let _ = write!(text, ",{measure}");
    }
    text.push_str(",query,query_token,key,key_token,left,right");
    if comparison.scores.is_some() {
        for score in Score::ALL {
            let _ = write!(text, ",{score}_difference");
        }
    }
    text.push('\n');
    let scores = comparison.scores.as_ref();
    let scores: Vec<Vec<f64>> = scores.map_or_else(Vec::new, |scores| {
        Score::ALL.iter().map(|&score| scores.get(score)).collect()
    });
    let differences = &comparison.differences;
    for (place, HeadId { layer, head }) in differences.selection.head_ids().enumerate() {
        // Writing into a text cannot fail.
        let _ = write!(text, "{layer},{head}");
        for &measure in DifferenceMeasure::ALL {
            let value = differences.heads(measure).get(place);
            let _ = write!(text, ",{}", written(value));
        }
        match comparison.greatest_cell(HeadId { layer, head }) {
            Some(cell) => {
                let ([query, _], [key, _]) = (&cell.query, &cell.key);
                let names = cell.names();
                let _ = write!(
                    text,
                    ",{},{},{},{},{},{}",
                    query.first,
                    quoted(&names[0]),
                    key.first,
                    quoted(&names[1]),
                    number(cell.left),
                    number(cell.right)
                );
            }
            None => text.push_str(",,,,,,"),
        }
        for values in &scores {
            let _ = write!(text, ",{}", written(values.get(place)));
        }
        text.push('\n');
    }
    text
}

/// A line a row of a head: its query and its measures.
pub fn rows_table(comparison: &Comparison<'_>) -> String {
    let mut text = "layer,head,query,query_token".to_owned();
    for measure in DifferenceMeasure::ALL {
        let _ = write!(text, ",{measure}");
    }
    text.push('\n');
    let differences = &comparison.differences;
    let units = &comparison.left.rows.units;
    for (place, HeadId { layer, head }) in differences.selection.head_ids().enumerate() {
        for (row, unit) in units.iter().enumerate() {
            let label = quoted(&unit.label);
            let _ = write!(text, "{layer},{head},{},{label}", unit.first);
            for &measure in DifferenceMeasure::ALL {
                let values = differences.rows(measure);
                let value = values.get(place * differences.row_count + row);
                let _ = write!(text, ",{}", written(value));
            }
            text.push('\n');
        }
    }
    text
}

/// As it is saved in F32; nothing for what is empty.
fn written(value: Option<&f64>) -> String {
    number(value.copied().unwrap_or(f64::NAN) as f32)
}
