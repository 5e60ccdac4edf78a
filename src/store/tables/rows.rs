//! Rows of a table of scores, column by column.

use parquet::data_type::ByteArray;

use crate::analysis::{HeadScores, Link, Score};
use crate::attention::HeadId;

/// The scores of all heads for one input.
#[derive(Debug, Clone, PartialEq)]
pub struct InputScores {
    /// How many units the input has.
    pub tokens: u32,
    /// `[score, head]`, the scores in the order of [`Score::ALL`]; NaN for what
    /// is empty.
    pub values: Vec<f32>,
    /// The unit that receives most: `[head]`.
    pub received_unit: Vec<u32>,
    /// The strongest link of every head: `[head]`.
    pub links: Vec<Option<Link>>,
    /// Whether each head finds the input's relations, `[head, direction]`, a `1`
    /// or a `0` each in their order; empty where the input has none.
    pub relations: Vec<[String; 2]>,
}

impl InputScores {
    /// The scores of an input of so many units, and the strongest link of each
    /// head.
    pub fn new(tokens: usize, scores: &HeadScores, links: Vec<Option<Link>>) -> Self {
        let values = Score::ALL.iter().flat_map(|&score| scores.get(score));
        let units = scores.received_unit.iter();
        Self {
            tokens: narrow(tokens),
            values: values.copied().collect(),
            received_unit: units.map(|&unit| narrow(unit)).collect(),
            links,
            relations: Vec::new(),
        }
    }

    /// A score of every head: `[head]`; NaN where it is empty.
    pub fn scores(&self) -> impl Iterator<Item = (Score, &[f32])> {
        let heads = self.received_unit.len().max(1);
        Score::ALL
            .iter()
            .copied()
            .zip(self.values.chunks_exact(heads))
    }
}

/// No input has more units.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// An input out of a file of scores.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredInput {
    /// Its place among all inputs.
    pub index: u64,
    /// Its id.
    pub id: String,
    /// Its scores.
    pub scores: InputScores,
}

/// The values of a column, and which rows have one.
#[derive(Debug)]
pub(super) struct Column<T> {
    /// Of the rows that have one.
    pub(super) values: Vec<T>,
    /// 1 for each row that has one, 0 for each other; empty where all have.
    levels: Vec<i16>,
    row_count: usize,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self::of(Vec::new(), Vec::new(), 0)
    }
}

impl<T> Column<T> {
    pub(super) fn of(values: Vec<T>, levels: Vec<i16>, row_count: usize) -> Self {
        Self {
            values,
            levels,
            row_count,
        }
    }

    /// Adds a row to a column that has a value in each.
    pub(super) fn push(&mut self, value: T) {
        self.values.push(value);
        self.row_count += 1;
    }

    /// Adds a row to a column that may be empty.
    pub(super) fn push_optional(&mut self, value: Option<T>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
        self.row_count += 1;
    }

    pub(super) fn levels(&self) -> Option<&[i16]> {
        (!self.levels.is_empty()).then_some(self.levels.as_slice())
    }

    /// Whether there are so many rows, each with what it says it has.
    fn has_rows(&self, count: usize) -> bool {
        let with_value = self.levels.iter().filter(|&&level| level != 0).count();
        self.row_count == count
            && match self.levels.is_empty() {
                true => self.values.len() == count,
                false => self.levels.len() == count && self.values.len() == with_value,
            }
    }

    /// What each row has.
    fn rows(self) -> impl Iterator<Item = Option<T>> {
        let mut values = self.values.into_iter();
        let levels = self.levels;
        (0..self.row_count).map(move |row| match levels.get(row) {
            Some(0) => None,
            Some(_) | None => values.next(),
        })
    }
}

/// The rows of some inputs.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) index: Column<i64>,
    pub(super) id: Column<ByteArray>,
    pub(super) tokens: Column<i32>,
    pub(super) layer: Column<i32>,
    pub(super) head: Column<i32>,
    /// In the order of [`Score::ALL`].
    pub(super) scores: Vec<Column<f32>>,
    pub(super) received_unit: Column<i32>,
    pub(super) link_query: Column<i32>,
    pub(super) link_key: Column<i32>,
    pub(super) link_value: Column<f32>,
    /// In the order of `RelationDirection::ALL`.
    pub(super) relations: [Column<ByteArray>; 2],
}

impl Default for Group {
    fn default() -> Self {
        Self {
            index: Column::default(),
            id: Column::default(),
            tokens: Column::default(),
            layer: Column::default(),
            head: Column::default(),
            scores: Score::ALL.iter().map(|_| Column::default()).collect(),
            received_unit: Column::default(),
            link_query: Column::default(),
            link_key: Column::default(),
            link_value: Column::default(),
            relations: Default::default(),
        }
    }
}

/// Tables count in numbers with a sign; none of ours is near their end.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(super) fn position(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Group {
    pub(super) fn is_empty(&self) -> bool {
        self.index.row_count == 0
    }

    /// Adds the rows of an input.
    pub(super) fn push(&mut self, index: u64, id: &str, heads: &[HeadId], scores: &InputScores) {
        let id = ByteArray::from(id);
        for (row, place) in heads.iter().enumerate() {
            self.index.push(i64::try_from(index).unwrap_or(i64::MAX));
            self.id.push(id.clone());
            self.tokens.push(signed(scores.tokens));
            self.layer.push(position(place.layer));
            self.head.push(position(place.head));
            let unit = scores.received_unit.get(row).copied();
            self.received_unit.push(signed(unit.unwrap_or_default()));
            let link = scores.links.get(row).copied().flatten();
            self.link_query
                .push_optional(link.map(|link| position(link.query)));
            self.link_key
                .push_optional(link.map(|link| position(link.key)));
            self.link_value.push_optional(link.map(|link| link.value));
            let marks = scores.relations.get(row);
            for (direction, column) in self.relations.iter_mut().enumerate() {
                let marks = marks.map(|marks| ByteArray::from(marks[direction].as_str()));
                column.push_optional(marks);
            }
        }
        for (column, values) in self
            .scores
            .iter_mut()
            .zip(scores.values.chunks(heads.len().max(1)))
        {
            for &value in values {
                column.push_optional((!value.is_nan()).then_some(value));
            }
        }
    }

    /// Whether every column has so many rows.
    pub(super) fn has_rows(&self, count: usize) -> bool {
        let numbers = [
            &self.tokens,
            &self.layer,
            &self.head,
            &self.received_unit,
            &self.link_query,
            &self.link_key,
        ];
        self.index.has_rows(count)
            && self.id.has_rows(count)
            && numbers.iter().all(|column| column.has_rows(count))
            && self.scores.iter().all(|column| column.has_rows(count))
            && self.link_value.has_rows(count)
            && self.relations.iter().all(|column| column.has_rows(count))
    }

    /// The inputs that the rows are of; `None` where they are not those of
    /// inputs with these heads, in the order of their index.
    pub(super) fn inputs(self, heads: &[HeadId]) -> Option<Vec<ScoredInput>> {
        let each = heads.len();
        if each == 0 || !self.index.row_count.is_multiple_of(each) {
            return None;
        }
        let count = self.index.row_count / each;
        let is_alike = |values: &[i64]| values.windows(2).all(|pair| pair[0] == pair[1]);
        let is_whole = self.index.values.chunks(each).all(is_alike)
            && self
                .id
                .values
                .chunks(each)
                .all(|ids| ids.iter().all(|id| Some(id) == ids.first()))
            && self
                .tokens
                .values
                .chunks(each)
                .all(|all| all.iter().all(|one| Some(one) == all.first()));
        let places = self.layer.values.iter().zip(&self.head.values);
        let is_in_order = places
            .zip(heads.iter().cycle())
            .all(|((&layer, &head), place)| {
                layer == position(place.layer) && head == position(place.head)
            });
        let firsts: Vec<i64> = self.index.values.iter().step_by(each).copied().collect();
        let is_ascending = firsts.windows(2).all(|pair| pair[0] < pair[1]);
        if !(is_whole && is_in_order && is_ascending) {
            return None;
        }
        let mut values: Vec<Vec<f32>> = vec![Vec::new(); count];
        for column in self.scores {
            let mut rows = column.rows().map(|value| value.unwrap_or(f32::NAN));
            for input in &mut values {
                input.extend(rows.by_ref().take(each));
            }
        }
        let mut links = self
            .link_query
            .rows()
            .zip(self.link_key.rows())
            .zip(self.link_value.rows())
            .map(|((query, key), value)| {
                Some(Link {
                    query: usize::try_from(query?).ok()?,
                    key: usize::try_from(key?).ok()?,
                    value: value?,
                })
            });
        let [from_to, to_from] = self.relations.map(Column::rows);
        let text = |marks: ByteArray| marks.as_utf8().ok().map(str::to_owned);
        let mut relations = from_to
            .zip(to_from)
            .map(|(from_to, to_from)| Some([text(from_to?)?, text(to_from?)?]));
        let mut units = self.received_unit.rows().flatten();
        let mut inputs = Vec::with_capacity(count);
        let ids = self.id.values.iter().step_by(each);
        let tokens = self.tokens.values.iter().step_by(each);
        for (((index, id), tokens), values) in firsts.iter().zip(ids).zip(tokens).zip(values) {
            inputs.push(ScoredInput {
                index: u64::try_from(*index).ok()?,
                id: id.as_utf8().ok()?.to_owned(),
                scores: InputScores {
                    tokens: u32::try_from(*tokens).ok()?,
                    values,
                    received_unit: units
                        .by_ref()
                        .take(each)
                        .map(|unit| u32::try_from(unit).ok())
                        .collect::<Option<_>>()?,
                    links: links.by_ref().take(each).collect(),
                    relations: relations.by_ref().take(each).flatten().collect(),
                },
            });
        }
        Some(inputs)
    }
}
