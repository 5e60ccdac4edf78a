//! The values of options that are closed sets, each with what it is for: what
//! `--help` lists, completions offer and a mistyped one is compared with.

use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::terminal_view::TerminalView;
use crate::analysis::{Fusion, Granularity, LinkChoice, Score, Sink, SpecialTokens};
use crate::batch::InputFormat;
use crate::compare::{DifferenceMeasure, Quantity};
use crate::figure::{Colormap, Progression, Scale, Theme};
use crate::model::Backend;
use crate::names::UnknownName;
use crate::store::Format;

/// A closed set whose values can be typed.
pub(super) trait Explained:
    Copy + FromStr<Err = UnknownName> + Send + Sync + 'static
{
    /// Every value.
    fn all() -> &'static [Self];
    /// What is typed.
    fn typed(self) -> &'static str;
    /// What it is for.
    fn explanation(self) -> &'static str;
}

/// Takes one of the values of a closed set.
pub(super) fn one_of<T: Explained>() -> impl TypedValueParser<Value = T> {
    among(T::all())
}

/// Takes a measure or a score.
pub(super) fn quantity() -> impl TypedValueParser<Value = Quantity> {
    let values = quantities().map(|(name, about)| PossibleValue::new(name).help(about));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<Quantity>())
}

/// What `--help` says of an option that takes one.
pub(super) fn quantities_in_full(about: &str) -> String {
    listed(about, quantities())
}

fn quantities() -> impl Iterator<Item = (&'static str, &'static str)> {
    let explanation = |quantity: Quantity| match quantity {
        Quantity::Measure(measure) => measure.explanation(),
        Quantity::Score(score) => score.explanation(),
    };
    Quantity::all().map(move |quantity| (quantity.typed(), explanation(quantity)))
}

/// What `--help` says of an option with a closed set of values.
pub(super) fn in_full<T: Explained>(about: &str) -> String {
    in_full_among(T::all(), about)
}

/// Takes one of some values of a closed set.
pub(super) fn among<T: Explained>(values: &[T]) -> impl TypedValueParser<Value = T> + use<T> {
    let values = values
        .iter()
        .map(|value| PossibleValue::new(value.typed()).help(value.explanation()));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<T>())
}

/// What `--help` says of an option that takes some values of a closed set.
pub(super) fn in_full_among<T: Explained>(values: &[T], about: &str) -> String {
    let values = values.iter();
    listed(
        about,
        values.map(|value| (value.typed(), value.explanation())),
    )
}

/// What `--help` says of `--views`.
pub(super) fn views_in_full(about: &str) -> String {
    listed(about, VIEWS.into_iter())
}

/// What `--help` says of `--input-format`.
pub(super) fn input_formats_in_full(about: &str) -> String {
    listed(about, INPUT_FORMATS.into_iter())
}

/// What an option is for, then a line a value.
fn listed(about: &str, values: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    let lines = values.map(|(name, explanation)| format!("\n- {name}: {explanation}"));
    format!("{about}\n{}", lines.collect::<String>())
}

macro_rules! explained {
    ($type:ident, $($variant:ident => $explanation:literal),+ $(,)?) => {
        impl Explained for $type {
            fn all() -> &'static [Self] {
                Self::ALL
            }

            fn typed(self) -> &'static str {
                self.name()
            }

            fn explanation(self) -> &'static str {
                match self {
                    $(Self::$variant => $explanation),+
                }
            }
        }
    };
}

explained!(
    Format,
    Png => "pictures of pixels",
    Svg => "pictures of lines and letters, which scale",
    Html => "one page to look around in: all maps, no network needed",
    Safetensors => "the numbers, for Python's safetensors",
    Npz => "the numbers, for numpy.load",
    Json => "the numbers as text",
    Csv => "the numbers of views such as scores, as tables",
);

explained!(
    DifferenceMeasure,
    JsBits => "Jensen–Shannon divergence of two rows, 0 to 1 bit",
    JsDistanceBits => "its square root",
    TotalVariation => "how much of a row's attention went elsewhere, 0 to 1",
    MaxAbs => "the greatest difference of a cell",
    Hellinger => "Hellinger distance of two rows, 0 to 1",
);

explained!(
    Granularity,
    Subword => "every token by itself",
    Word => "the pieces of a word as one: columns summed, rows averaged",
);

explained!(
    Sink,
    Keep => "shown like all others",
    Hide => "its row and column left out, whatever token it is",
);

explained!(
    SpecialTokens,
    Keep => "shown like all others",
    Hide => "their rows and columns left out",
    Renormalize => "left out, and what is left of a row scaled back to 1",
);

explained!(
    LinkChoice,
    Best => "of each query the strongest one, special tokens left out",
    All => "the strongest of all, whatever they link",
);

explained!(
    Fusion,
    Mean => "their mean, as Abnar and Zuidema",
    Max => "the maximum of every cell",
    Min => "the minimum of every cell",
);

explained!(
    Scale,
    Head => "from 0 to the maximum of each map",
    Unit => "from 0 to 1, so that all pictures compare",
    Run => "from 0 to the maximum of all selected maps",
);

explained!(
    Progression,
    Linear => "equal steps of colour are equal differences",
    Logarithmic => "equal steps of colour are equal ratios",
);

explained!(
    Colormap,
    Viridis => "dark blue to yellow, even for most eyes",
    Cividis => "blue to yellow, made for colour-blind eyes",
    Magma => "black over red to pale yellow",
    Inferno => "black over orange to yellow",
    Plasma => "blue over red to yellow",
    Mako => "black over blue to pale green",
    Greys => "white to black, for print",
    Blues => "white to dark blue",
);

explained!(
    Backend,
    Fused => "kernels of our own: fast, the same bits on every machine",
    Plain => "candle's own operations, slower, to check the others",
);

explained!(
    Theme,
    Light => "black letters on white",
    Dark => "white letters on black",
);

explained!(
    TerminalView,
    Auto => "the map where one head is selected, else the overview",
    Overview => "the grid of all selected heads",
    Heads => "every selected map, one after the other",
    Scores => "what each head does, as a table",
);

explained!(
    Score,
    Entropy => "how widely it attends, in nats",
    EntropyNormalized => "the same, 1 where it attends to all alike",
    Previous => "attention to the token before",
    Itself => "attention to the token itself",
    Next => "attention to the token behind",
    Classification => "attention to the first special token, as [CLS]",
    Separator => "attention to the last special token, as [SEP]",
    Punct => "attention to . and ,",
    Punctuation => "attention to all punctuation",
    Distance => "mean distance in tokens",
    Confidence => "mean of the greatest attention, special ones left out",
    DuplicateToken => "share to the same token elsewhere",
    PreviousToken => "of a decoder: share to the token before",
    Induction => "of a decoder: share to what came after the token earlier",
    Segment => "of a pair: share within the same text",
    ReceivedMaximum => "the most that one token gets, a mean",
    SinkShare => "1 where that is above 0.3",
    OffsetMinusTwo => "how often the strongest is two before",
    OffsetMinusOne => "how often the strongest is the token before",
    OffsetZero => "how often the strongest is the token itself",
    OffsetPlusOne => "how often the strongest is the token behind",
    OffsetPlusTwo => "how often the strongest is two behind",
);

/// Every format of inputs as it is typed, and what it is.
const INPUT_FORMATS: [(&str, &str); 7] = [
    ("txt", "a text a line"),
    ("jsonl", "a JSON object a line: text, perhaps id and pair"),
    ("json", "an array of such objects, or of texts"),
    ("csv", "a table with a header, separated by commas"),
    ("tsv", "a table with a header, separated by tabs"),
    ("conllu", "a treebank in CoNLL-U, a sentence an input"),
    ("parquet", "a Parquet table: a file, or a folder of them"),
];

/// Takes a format of inputs.
pub(super) fn input_format() -> impl TypedValueParser<Value = InputFormat> {
    let values = INPUT_FORMATS.map(|(name, is)| PossibleValue::new(name).help(is));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<InputFormat>())
}

/// Every view as it is typed, and what it shows.
pub(super) const VIEWS: [(&str, &str); 13] = [
    ("heads", "one picture a head"),
    ("overview", "all selected heads as a grid of small maps"),
    ("mean", "the mean of each layer's heads, and of all"),
    ("max", "the maximum of each layer's heads, and of all"),
    ("from:TOKEN", "what one token attends to, layer by layer"),
    ("to:TOKEN", "what attends to one token, layer by layer"),
    (
        "link:FROM:TO",
        "which heads attend from one token to another",
    ),
    ("rollout", "what attention carries through all layers"),
    ("similarity", "which heads attend alike"),
    ("scores", "what each head does, as numbers"),
    ("lines", "one picture a head, as lines from token to token"),
    ("text", "the input, shaded by the attention received"),
    (
        "text:TOKEN",
        "the input, shaded by what one token attends to",
    ),
];
