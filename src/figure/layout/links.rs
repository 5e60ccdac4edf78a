//! The list of a map's strongest links, or of what else it is a map of, in
//! aligned columns.

use std::collections::HashMap;

use super::head::Lines;
use super::text::{elide_middle, place};
use super::value::Numbers;
use super::{
    ANNOTATION_SIZE, CANVAS_LIMIT, Ink, LABEL_GAP, MARGIN, MeasureText, Role, Rotation, TextFont,
    pixels,
};
use crate::figure::{LabelledMap, MapKind, UnitLabel};

/// The longest token, in pixels.
const TOKEN_LIMIT: i32 = 220;
/// Between two columns of links, in pixels.
const COLUMN_GAP: i32 = 48;
/// More columns than these nobody reads.
const MOST_COLUMNS: usize = 3;
/// A list may be so high, whatever the height of its map, in pixels.
const SHORTEST: i32 = 480;

/// A list of links, and what has to be said of it.
pub(super) struct LinkList {
    /// The lines, and the room that they take.
    pub lines: Lines,
    /// What is left out, and what the numbers behind tokens are.
    pub notes: Vec<String>,
}

/// One line of the list: texts with their widths.
struct Row {
    rank: (String, i32),
    query: (String, i32, Ink),
    key: (String, i32, Ink),
    value: (String, i32),
}

/// The links of a map, from the upper left corner on, about as high as the
/// map; nothing for a map without.
pub(super) fn link_list(
    map: &LabelledMap<'_>,
    (x, y): (i32, i32),
    height: i32,
    measure: &mut dyn MeasureText,
) -> LinkList {
    let mut list = LinkList {
        lines: Lines {
            items: Vec::new(),
            bottom: y,
            right: x,
        },
        notes: Vec::new(),
    };
    if map.links.is_empty() {
        return list;
    }
    let font = TextFont::regular(ANNOTATION_SIZE);
    let line = font.line_height();
    let pitch = line + 4;
    let rows_top = y + line + LABEL_GAP;
    let room = (height.max(SHORTEST) - line - LABEL_GAP) / pitch;
    let rows_a_column = usize::try_from(room).unwrap_or(1).max(1);
    let most = rows_a_column * MOST_COLUMNS;
    let words = words(map.kind);
    let names = [
        (&map.rows, words.before[0]),
        (&map.columns, words.before[1]),
    ]
    .map(|(labels, before)| Names::new(labels, before));
    let [queries, keys] = &names;
    let numbers = match map.kind {
        MapKind::Attention | MapKind::Rollout | MapKind::Link | MapKind::Similarity => {
            Numbers::Decimals(3)
        }
        MapKind::Change => Numbers::of(&map.matrix.values, 3, 2),
    };
    // Of what may be below 0, a sign says that one is not.
    let has_signs = map.links.iter().any(|link| link.value < 0.0);
    let sign = |value: f32| match (has_signs, value < 0.0) {
        (false, _) => "",
        (true, false) => "+",
        (true, true) => "\u{2212}",
    };
    let rows: Vec<Row> = map
        .links
        .iter()
        .take(most)
        .enumerate()
        .map(|(index, link)| {
            let query = queries.name(link.query, font, measure);
            let key = keys.name(link.key, font, measure);
            let mut measured = |text: String| {
                let width = measure.width(&text, font);
                (text, width)
            };
            Row {
                rank: measured((index + 1).to_string()),
                query,
                key,
                value: measured(format!(
                    "{}{}",
                    sign(link.value),
                    numbers.listed_text(link.value.abs())
                )),
            }
        })
        .collect();
    let widest = |extent: fn(&Row) -> i32| rows.iter().map(extent).max().unwrap_or(0);
    let arrow_width = measure.width(words.between, font);
    let rank_end = widest(|row| row.rank.1);
    let query_end = rank_end + 20 + widest(|row| row.query.1);
    let key_start = query_end + 10 + arrow_width + 10;
    let value_end = key_start + widest(|row| row.key.1) + 20 + widest(|row| row.value.1);

    let heading = words
        .headings
        .map(|text| (text, measure.width(text, font)))
        .into_iter()
        .find(|&(_, width)| x + width + MARGIN <= CANVAS_LIMIT);
    if let Some((text, width)) = heading {
        let kind = (Ink::Medium, Role::LinkHeading);
        let item = place(text.into(), font, width, (x, y), Rotation::Level, kind);
        list.lines.items.push(item);
        list.lines.right = x + width;
    }
    // As many columns as the canvas is wide enough for.
    let column_pitch = value_end + COLUMN_GAP;
    let free = CANVAS_LIMIT - MARGIN - x + COLUMN_GAP;
    let columns = usize::try_from(free / column_pitch).unwrap_or(0);
    let listed = rows.len().min(columns * rows_a_column);
    for (index, row) in rows.into_iter().take(listed).enumerate() {
        let left = x + pixels(index / rows_a_column) * column_pitch;
        let top = rows_top + pixels(index % rows_a_column) * pitch;
        let (query, query_width, query_ink) = row.query;
        let (key, key_width, key_ink) = row.key;
        let parts = [
            (row.rank.0, row.rank.1, rank_end - row.rank.1, Ink::Light),
            (query, query_width, query_end - query_width, query_ink),
            (
                words.between.into(),
                arrow_width,
                query_end + 10,
                Ink::Light,
            ),
            (key, key_width, key_start, key_ink),
            (
                row.value.0,
                row.value.1,
                value_end - row.value.1,
                Ink::Medium,
            ),
        ];
        for (text, width, offset, ink) in parts {
            let corner = (left + offset, top);
            let kind = (ink, Role::Link(index));
            let item = place(text, font, width, corner, Rotation::Level, kind);
            list.lines.items.push(item);
        }
        list.lines.right = list.lines.right.max(left + value_end);
        list.lines.bottom = list.lines.bottom.max(top + line);
    }
    list.notes = notes(map, listed, &names);
    list
}

/// What a list is called, and what stands in its lines.
struct Words {
    /// Of whom it is, in full and short.
    headings: [&'static str; 2],
    /// What stands before the label of a row, and before that of a column.
    before: [&'static str; 2],
    /// What stands between the two.
    between: &'static str,
    /// What there are so many of.
    noun: &'static str,
}

fn words(kind: MapKind) -> Words {
    match kind {
        MapKind::Attention => Words {
            headings: ["strongest links (query → key)", "strongest links"],
            before: [""; 2],
            between: "→",
            noun: "strongest links",
        },
        MapKind::Rollout => Words {
            headings: ["strongest links (token → input)", "strongest links"],
            before: [""; 2],
            between: "→",
            noun: "strongest links",
        },
        MapKind::Link => Words {
            headings: ["strongest heads"; 2],
            before: ["layer ", "head "],
            between: "·",
            noun: "strongest heads",
        },
        MapKind::Change => Words {
            headings: ["most changed heads"; 2],
            before: ["layer ", "head "],
            between: "·",
            noun: "most changed heads",
        },
        MapKind::Similarity => Words {
            headings: ["most alike heads, in bits", "most alike"],
            before: [""; 2],
            between: "~",
            noun: "pairs that are most alike",
        },
    }
}

fn notes(map: &LabelledMap<'_>, listed: usize, [queries, keys]: &[Names<'_>; 2]) -> Vec<String> {
    let mut notes = Vec::new();
    let asked = map.links.len();
    if listed < asked {
        notes.push(format!(
            "There is room for {listed} of the {asked} {}.",
            words(map.kind).noun
        ));
    }
    let mut links = map.links.iter().take(listed);
    if links.any(|link| queries.is_repeated(link.query) || keys.is_repeated(link.key)) {
        notes.push(
            "Tokens that occur more than once have their position behind them, counted from 0."
                .to_owned(),
        );
    }
    notes
}

/// The units of one axis as the list names them.
struct Names<'map> {
    labels: &'map [UnitLabel],
    /// What stands before each of them.
    before: &'static str,
    /// How often each text occurs.
    counts: HashMap<&'map str, usize>,
}

impl<'map> Names<'map> {
    fn new(labels: &'map [UnitLabel], before: &'static str) -> Self {
        let mut counts = HashMap::new();
        for label in labels {
            *counts.entry(label.text.as_str()).or_insert(0) += 1;
        }
        Self {
            labels,
            before,
            counts,
        }
    }

    fn is_repeated(&self, position: usize) -> bool {
        let label = self.labels.get(position);
        let count = label.and_then(|label| self.counts.get(label.text.as_str()));
        count.is_some_and(|&count| count > 1)
    }

    /// A unit: with its position where its text alone does not say which one
    /// it is.
    fn name(
        &self,
        position: usize,
        font: TextFont,
        measure: &mut dyn MeasureText,
    ) -> (String, i32, Ink) {
        let Some(label) = self.labels.get(position) else {
            return (String::new(), 0, Ink::Light);
        };
        let text = format!("{}{}", self.before, label.text);
        let (mut text, mut width) = elide_middle(&text, font, TOKEN_LIMIT, measure);
        if self.is_repeated(position) {
            text = format!("{text} @{}", label.position);
            width = measure.width(&text, font);
        }
        let ink = match label.special {
            true => Ink::Light,
            false => Ink::Strong,
        };
        (text, width, ink)
    }
}
