//! `relations.csv`: what heads find of the relations between words, a row a
//! relation, head and direction.

use std::cmp::Reverse;
use std::io::{self, Write};

use crate::analysis::{ALL_RELATIONS, RelationCounts, RelationDirection, RelationFound};
use crate::attention::HeadId;

/// How much a head finds of a relation in a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RankedHead {
    /// The head.
    pub head: HeadId,
    /// The direction in which it is asked.
    pub direction: RelationDirection,
    /// How many words it is right for.
    pub right: u64,
}

/// A relation with the heads that find it, the best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankedRelation {
    /// What it is called.
    pub name: String,
    /// What is found of it.
    pub found: RelationFound,
    /// Of equal ones the first layer, head and direction.
    pub heads: Vec<RankedHead>,
}

impl RankedRelation {
    /// So many words in shares of those that were asked; `None` where none was.
    pub fn share(&self, right: u64) -> Option<f64> {
        match self.found.words {
            0 => None,
            words => Some(right as f64 / words as f64),
        }
    }
}

/// The relations, the most frequent first behind all of them together; of equal
/// ones by name.
pub fn ranked_relations(counts: &RelationCounts, heads: &[HeadId]) -> Vec<RankedRelation> {
    let mut relations: Vec<RankedRelation> = counts
        .by_name
        .iter()
        .map(|(name, found)| {
            let of_heads = heads.iter().zip(&found.right).flat_map(|(&head, right)| {
                let directions = RelationDirection::ALL.iter().zip(right);
                directions.map(move |(&direction, &right)| RankedHead {
                    head,
                    direction,
                    right,
                })
            });
            let mut heads: Vec<RankedHead> = of_heads.collect();
            // Stable: of equal ones the first stays before the others.
            heads.sort_by_key(|head| Reverse(head.right));
            RankedRelation {
                name: name.clone(),
                found: found.clone(),
                heads,
            }
        })
        .collect();
    relations.sort_by_key(|relation| {
        (
            relation.name != ALL_RELATIONS,
            Reverse(relation.found.words),
        )
    });
    relations
}

/// Writes them: a relation after the other, of each the best head first.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_relations(relations: &[RankedRelation], out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "relation,layer,head,direction,right,words,share,best_offset,offset_right,offset_share,\
         left_out"
    )?;
    for relation in relations {
        let (offset, offset_right) = relation.found.best_offset();
        let (words, left_out) = (relation.found.words, relation.found.left_out);
        let share = |right| {
            let share = relation.share(right);
            share
                .map(|share| (share as f32).to_string())
                .unwrap_or_default()
        };
        for RankedHead {
            head,
            direction,
            right,
        } in &relation.heads
        {
            writeln!(
                out,
                "{},{},{},{direction},{right},{words},{},{offset},{offset_right},{},{left_out}",
                field(&relation.name),
                head.layer,
                head.head,
                share(*right),
                share(offset_right),
            )?;
        }
    }
    Ok(())
}

/// A name as a field, in quotation marks where it needs them (RFC 4180).
fn field(name: &str) -> String {
    match name.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    }
}
