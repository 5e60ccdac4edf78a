//! What the page says of a value is true of the exact one: it lies where digits,
//! errors and ranges of ranks say, whatever was done to the maps.

use serde_json::json;

use super::browser::{Page, open};
use super::{Made, encoded, rendered};

/// A map of one head, `[query, key]`.
pub type Map = Vec<Vec<f64>>;

/// What is done to maps, and how that stands in the address.
#[derive(Clone, Copy)]
pub struct Done {
    pub words: bool,
    pub special: &'static str,
    pub hides_first: bool,
    /// How several heads become one.
    pub combine: &'static str,
}

pub const PLAIN: Done = Done {
    words: false,
    special: "keep",
    hides_first: false,
    combine: "mean",
};

impl Done {
    pub fn hash(self) -> String {
        format!(
            "tokens={}&special={}&sink={}&combine={}",
            if self.words { "word" } else { "subword" },
            self.special,
            if self.hides_first { "hide" } else { "keep" },
            self.combine
        )
    }

    fn hides(self, unit: usize, label: &str) -> bool {
        (self.hides_first && unit == 0) || (self.special != "keep" && label.starts_with('['))
    }

    /// The exact map, as the definitions have it.
    pub fn apply(self, raw: &[Vec<f64>], labels: &[String]) -> Map {
        let kept: Vec<usize> = (0..labels.len())
            .filter(|&unit| !self.hides(unit, &labels[unit]))
            .collect();
        let mut map: Map = kept
            .iter()
            .map(|&query| kept.iter().map(|&key| raw[query][key]).collect())
            .collect();
        if self.special == "renormalize" && kept.len() < labels.len() {
            for row in &mut map {
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|value| *value /= sum);
            }
        }
        if !self.words {
            return map;
        }
        let mut words: Vec<Vec<usize>> = Vec::new();
        for (place, &unit) in kept.iter().enumerate() {
            match words.last_mut() {
                Some(word) if labels[unit].starts_with("##") => word.push(place),
                _ => words.push(vec![place]),
            }
        }
        let merged = |from: &Vec<usize>, to: &Vec<usize>| -> f64 {
            let cells = from
                .iter()
                .flat_map(|&row| to.iter().map(move |&column| (row, column)));
            cells.map(|(row, column)| map[row][column]).sum::<f64>() / from.len() as f64
        };
        let rows = words.iter();
        rows.map(|from| words.iter().map(|to| merged(from, to)).collect())
            .collect()
    }

    fn combined(self, maps: &[Map]) -> Map {
        let mut all = maps[0].clone();
        for map in &maps[1..] {
            for (all, row) in all.iter_mut().zip(map) {
                for (all, &value) in all.iter_mut().zip(row) {
                    *all = match self.combine {
                        "max" => all.max(value),
                        _ => *all + value,
                    };
                }
            }
        }
        if self.combine == "mean" {
            let values = all.iter_mut().flatten();
            values.for_each(|value| *value /= maps.len() as f64);
        }
        all
    }
}

/// The exact map of the heads `[layer, head]` of a run.
fn exact(raw: &[Vec<Map>], heads: &[[usize; 2]], labels: &[String], done: Done) -> Map {
    let maps: Vec<Map> = heads
        .iter()
        .map(|&[layer, head]| done.apply(&raw[layer][head], labels))
        .collect();
    done.combined(&maps)
}

/// The rows of the map in view as the keyboard finds them: value and rank of each
/// cell.
fn rows_in_view(page: &Page) -> Vec<Vec<String>> {
    let walk = "(async () => {
        const grid = document.getElementById('map');
        const press = (key, ctrlKey) => {
            grid.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true }));
            return new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));
        };
        await press('Home', true);
        const rows = [];
        for (let row = 0; row < grid.getAttribute('aria-rowcount') - 1; row += 1) {
            const cells = [...grid.querySelectorAll(':scope > [role=row]:last-child [role=gridcell]')];
            if (cells[0].dataset.row !== String(row)) throw new Error(`row ${cells[0].dataset.row} for ${row}`);
            rows.push(cells.map(cell => cell.textContent));
            await press('ArrowDown', false);
        }
        return rows;
    })()";
    serde_json::from_value(page.value(walk)).unwrap()
}

/// The last digit of a number, as a power of ten.
fn last_digit(number: &str) -> f64 {
    let (digits, power) = number.split_once('e').unwrap_or((number, "0"));
    let behind = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
    10_f64.powi(power.parse::<i32>().unwrap() - behind as i32)
}

/// From where to where a value is, as the page writes it.
pub fn said_range(text: &str) -> [f64; 2] {
    let text = text.replace('−', "-");
    let number = |text: &str| -> f64 { text.trim().parse().unwrap_or_else(|_| panic!("{text}")) };
    if let Some((value, error)) = text.split_once('±') {
        return [number(value) - number(error), number(value) + number(error)];
    }
    if let Some(most) = text.strip_prefix('<') {
        return [0.0, number(most)];
    }
    let off = if text == "0" { 0.0 } else { last_digit(&text) };
    [number(&text) - off, number(&text) + off]
}

/// Every cell that is shown is right, and so is its rank. `slack` is how far the
/// expected values themselves may be off, as a share.
pub fn check_cells(page: &Page, expected: &Map, slack: f64, what: &str) {
    let shown = rows_in_view(page);
    assert_eq!(shown.len(), expected.len(), "{what}");
    for (query, (row, expected)) in shown.iter().zip(expected).enumerate() {
        assert_eq!(row.len(), expected.len(), "{what}");
        for (key, (text, &exact)) in row.iter().zip(expected).enumerate() {
            let (value, rank) = text.split_once(", rank ").unwrap();
            let [low, high] = said_range(value);
            let off = slack * exact.abs() + 1e-12;
            assert!(
                (low - off..=high + off).contains(&exact),
                "{what}, {query} → {key}: {text}, {exact} is right"
            );
            // A sign that is shown is the right one.
            assert!(
                !value.starts_with('−') || exact < 0.0,
                "{what}: {text}, {exact}"
            );
            assert!(
                !value.starts_with('+') || exact > 0.0,
                "{what}: {text}, {exact}"
            );
            let (rank, all) = rank
                .trim_end_matches(" by size")
                .split_once(" of ")
                .unwrap();
            assert_eq!(all, expected.len().to_string());
            let (first, last) = rank.split_once('–').unwrap_or((rank, rank));
            let [first, last]: [usize; 2] = [first, last].map(|rank| rank.parse().unwrap());
            let size = exact.abs();
            let above =
                |bound: f64| 1 + expected.iter().filter(|other| other.abs() > bound).count();
            let own = [
                above(size * (1.0 + 2.0 * slack)),
                above(size * (1.0 - 2.0 * slack)),
            ];
            assert!(
                first <= own[1] && own[0] <= last,
                "{what}, {query} → {key}: {text}, {own:?} is right"
            );
        }
    }
}

/// Lines of a table that is saved, without its header.
pub fn saved_lines(page: &Page) -> Vec<Vec<String>> {
    let (_, _, bytes) = page.saved("csv");
    let text = String::from_utf8(bytes).unwrap();
    let fields = |line: &str| {
        line.replace("\",\"", "comma")
            .split(',')
            .map(str::to_owned)
            .collect()
    };
    text.lines().skip(1).map(fields).collect()
}

/// Every value of the saved map is as near to the exact one as its error says, and
/// has no digit that this does not allow. The greatest error is said in the page.
pub fn check_table(page: &Page, expected: &Map, firsts: &[usize], slack: f64, what: &str) {
    let lines = saved_lines(page);
    assert_eq!(lines.len(), expected.len() * expected[0].len(), "{what}");
    let mut greatest = 0.0_f64;
    for line in &lines {
        let place = |field: &String| {
            let unit = field.parse().unwrap();
            firsts.binary_search(&unit).unwrap()
        };
        let [query, key] = [place(&line[0]), place(&line[2])];
        let [value, error]: [f64; 2] = [&line[4], &line[5]].map(|field| field.parse().unwrap());
        let exact = expected[query][key];
        assert!(
            (value - exact).abs() <= error + slack * exact.abs() + 1e-12,
            "{what}: {line:?}, {exact} is right"
        );
        let digit = last_digit(&line[4]);
        assert!(
            error <= digit * 1.01 || value.abs() < digit * 9.5,
            "{what}: {line:?} has too many digits"
        );
        assert!(error > 0.0 || value == 0.0, "{what}: {line:?}");
        greatest = greatest.max((value - exact).abs());
    }
    let said = page.text("document.getElementById('precision').textContent");
    let of_view = said.split("to within ").nth(1).unwrap();
    let of_view: f64 = of_view.split(',').next().unwrap().parse().unwrap();
    // Besides, the last digit may be off by 1, which is less than twenty times that.
    assert!(
        greatest <= of_view * 21.0 + 1e-9,
        "{what}: {greatest}, {said}"
    );
}

/// The first units of rows and columns.
pub fn firsts(labels: &[String], done: Done) -> Vec<usize> {
    let kept = (0..labels.len()).filter(|&unit| !done.hides(unit, &labels[unit]));
    let mut firsts: Vec<usize> = Vec::new();
    for unit in kept {
        if !(done.words && !firsts.is_empty() && labels[unit].starts_with("##")) {
            firsts.push(unit);
        }
    }
    firsts
}

/// Numbers from 0 to 1 that are the same everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
    }
}

/// As trained models have it: most of a row goes to the first unit and the special
/// ones, the rest to few.
pub fn like_trained(count: usize, seed: u64) -> Map {
    let mut chance = Chance(seed);
    let row = |_: usize| {
        let aside = 1.0 - 0.5 * chance.next().powi(4) - 1e-4;
        let mut row: Vec<f64> = (0..count)
            .map(|_| (10.0 * chance.next() - 8.0).exp())
            .collect();
        let (own, sum) = (chance.next(), row[1..count - 1].iter().sum::<f64>());
        row.iter_mut()
            .for_each(|value| *value *= (1.0 - aside) / sum);
        row[0] = aside * own;
        row[count - 1] = aside * (1.0 - own);
        // Some are nothing, and are shown as that.
        row[count / 2] = 0.0;
        row
    };
    (0..count).map(row).collect()
}

pub fn labels_of(count: usize) -> Vec<String> {
    let label = |unit: usize| match unit {
        0 => "[CLS]".to_owned(),
        unit if unit + 1 == count => "[SEP]".to_owned(),
        unit if unit % 5 == 3 => format!("##p{unit}"),
        unit => format!("w{unit}"),
    };
    (0..count).map(label).collect()
}

/// A run of so many units, two layers of two heads.
pub(super) fn made_of(count: usize) -> (Made, Vec<String>) {
    let labels = labels_of(count);
    let layers: Vec<Vec<Map>> = [[1, 2], [3, 4]]
        .map(|seeds| seeds.map(|seed| like_trained(count, seed)).to_vec())
        .to_vec();
    (
        rendered(&json!({ "tokens": labels, "attention": layers }), &[]),
        labels,
    )
}

fn named(heads: &[[usize; 2]]) -> String {
    let names = heads.iter().map(|[layer, head]| format!("{layer}.{head}"));
    names.collect::<Vec<String>>().join(",")
}

/// What is looked at: heads, and what is done to them.
const CASES: [(&[[usize; 2]], Done); 8] = [
    (&[[0, 0]], PLAIN),
    (
        &[[1, 1]],
        Done {
            special: "renormalize",
            ..PLAIN
        },
    ),
    (
        &[[0, 1]],
        Done {
            words: true,
            ..PLAIN
        },
    ),
    (
        &[[1, 0]],
        Done {
            words: true,
            special: "renormalize",
            ..PLAIN
        },
    ),
    (
        &[[0, 1]],
        Done {
            special: "renormalize",
            hides_first: true,
            ..PLAIN
        },
    ),
    (&[[0, 0], [1, 1]], PLAIN),
    (
        &[[0, 0], [0, 1], [1, 1]],
        Done {
            words: true,
            combine: "sum",
            ..PLAIN
        },
    ),
    (
        &[[0, 0], [1, 0]],
        Done {
            special: "renormalize",
            combine: "max",
            ..PLAIN
        },
    ),
];

fn check_all_cases(count: usize) {
    let (made, labels) = made_of(count);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for (case, (heads, done)) in CASES.into_iter().enumerate() {
        let hash = format!("#heads={}&{}", named(heads), done.hash());
        page.go(&hash);
        let expected = exact(&raw, heads, &labels, done);
        // The keyboard takes its time in long maps.
        if count < 256 || case % 3 == 0 {
            check_cells(&page, &expected, 0.0, &hash);
        }
        check_table(&page, &expected, &firsts(&labels, done), 0.0, &hash);
    }
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn everything_said_of_a_long_input_is_true_of_the_exact_values() {
    check_all_cases(300);
}

#[test]
fn everything_said_of_a_short_input_is_true_of_the_exact_values() {
    check_all_cases(60);
}

#[test]
fn rows_scaled_back_keep_what_eight_bits_tell() {
    let (made, labels) = made_of(300);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "#heads=1.1&special=renormalize") else {
        return;
    };
    let done = Done {
        special: "renormalize",
        ..PLAIN
    };
    let expected = exact(&raw, &[[1, 1]], &labels, done);
    for line in saved_lines(&page) {
        let [query, key]: [usize; 2] = [&line[0], &line[2]].map(|field| field.parse().unwrap());
        let row = &expected[query - 1];
        let greatest = row.iter().copied().fold(0.0, f64::max);
        let value: f64 = line[4].parse().unwrap();
        let error: f64 = line[5].parse().unwrap();
        assert!((value - row[key - 1]).abs() <= greatest * 0.04, "{line:?}");
        assert!(error <= greatest * 0.04, "{line:?}");
    }
}

/// A pair of 91 tokens, of a trained model.
const PAIR: [&str; 2] = [
    "The tokenizers of attnviz sat on the mat, because the antiquarian was unbelievably tired of the hyperparameters; nobody disentangled the tokenization.",
    "It photosynthesized, they misremembered, and overparameterized transformers mispronounced antidisestablishmentarianism and a supercalifragilistic kaleidoscope.",
];

#[test]
fn everything_said_of_means_and_words_of_a_model_is_true() {
    let made = encoded(PAIR[0], &["--pair", PAIR[1]]);
    let words = encoded(PAIR[0], &["--pair", PAIR[1], "--tokens", "word"]);
    let (raw, merged) = (made.array("attention"), words.array("shown"));
    assert!(raw[0][0].len() > 80 && merged[0][0].len() < raw[0][0].len());
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for (heads, source, tokens, combine, slack) in [
        (&[[1, 0], [1, 1]][..], &raw, "subword", "mean", 0.0),
        (&[[0, 0], [3, 4], [5, 11]], &raw, "subword", "sum", 0.0),
        (&[[0, 0]], &merged, "word", "mean", 1e-7),
        (&[[2, 3], [5, 1]], &merged, "word", "mean", 1e-7),
    ] {
        let done = Done {
            combine: if combine == "sum" { "sum" } else { "mean" },
            ..PLAIN
        };
        let maps: Vec<Map> = heads
            .iter()
            .map(|&[layer, head]| source[layer][head].clone())
            .collect();
        let hash = format!("#heads={}&tokens={tokens}&combine={combine}", named(heads));
        page.go(&hash);
        check_cells(&page, &done.combined(&maps), slack, &hash);
    }
}
