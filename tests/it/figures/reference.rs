//! Pictures that were looked at once, and must stay as they are.
//!
//! They are in `tests/pictures`. When one differs by more than one level in a
//! channel, a strip `expected | difference | actual` is written to
//! `pictures` in Cargo's temporary folder (`target/tmp`). If the new picture is the better one:
//!
//! ```sh
//! ATTNVIZ_ACCEPT=1 cargo test --release reference_pictures
//! ```
//!
//! and look at what `git diff` says has changed before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

use attnviz::analysis::{
    Crop, Direction, Granularity, MapId, Reduction, ReshapeOptions, SpecialTokens, reduce,
};
use attnviz::figure::{
    Colormap, Figure, FigureOptions, Palette, Progression, Scale, Theme, head_difference, overview,
    single_map, unit_profile,
};
use attnviz::render::TextShaper;
use attnviz::run::Run;

use super::{Decoded, FIRST, encode, run};
use crate::runs::reshaped;

/// What a picture shows.
enum Subject {
    Head,
    Joined(Reduction, MapId),
    Overview,
    Token(Direction, usize),
    /// Beside another of which these units are something else.
    Difference(&'static [usize]),
}

const SENTENCE: [&str; 9] = [
    "[CLS]", "the", "animal", "was", "too", "tire", "##some", ".", "[SEP]",
];
const SCRIPTS: [&str; 9] = [
    "[CLS]",
    "東京",
    "สวัสดี",
    "مرحبا",
    "한국어",
    "नमस्ते",
    "naïve",
    "\u{10ffff}",
    "[SEP]",
];

fn subjects() -> Vec<(&'static str, Run, Subject, ReshapeOptions, FigureOptions)> {
    let plain = FigureOptions::default;
    let whole = ReshapeOptions::default;
    let sentence = || run(&SENTENCE, 1, 3, 4);
    let long: Vec<&str> = SENTENCE.iter().copied().cycle().take(150).collect();
    let head = || Subject::Head;
    let palette = |colormap, inverted, theme| FigureOptions {
        palette: Palette {
            colormap,
            inverted,
            theme,
            ..Palette::default()
        },
        ..plain()
    };
    let logarithmic = FigureOptions {
        progression: Progression::Logarithmic,
        scale: Some(Scale::Unit),
        minimum: Some(0.02),
        maximum: Some(0.15),
        ..palette(Colormap::Mako, false, Theme::Light)
    };
    let words = ReshapeOptions {
        granularity: Granularity::Word,
        special_tokens: SpecialTokens::Renormalize,
        ..ReshapeOptions::default()
    };
    let crop = ReshapeOptions {
        crop: Some(Crop { first: 2, last: 5 }),
        ..whole()
    };
    let links = FigureOptions {
        top_links: 8,
        ..plain()
    };
    vec![
        ("head", sentence(), head(), whole(), plain()),
        (
            "head-pair",
            run(&SENTENCE, 2, 1, 1),
            head(),
            whole(),
            plain(),
        ),
        (
            "head-scripts",
            run(&SCRIPTS, 1, 1, 1),
            head(),
            whole(),
            plain(),
        ),
        (
            "head-one-token",
            run(&["[MASK]"], 1, 1, 1),
            head(),
            whole(),
            plain(),
        ),
        (
            "head-150-tokens",
            run(&long, 1, 1, 1),
            head(),
            whole(),
            plain(),
        ),
        ("head-links", sentence(), head(), whole(), links),
        ("head-crop", sentence(), head(), crop, plain()),
        (
            "head-dark",
            sentence(),
            head(),
            whole(),
            palette(Colormap::Magma, false, Theme::Dark),
        ),
        (
            "head-inverted",
            sentence(),
            head(),
            whole(),
            palette(Colormap::Greys, true, Theme::Light),
        ),
        ("overview", sentence(), Subject::Overview, whole(), plain()),
        (
            "overview-logarithmic",
            sentence(),
            Subject::Overview,
            whole(),
            logarithmic,
        ),
        (
            "mean-words",
            sentence(),
            Subject::Joined(Reduction::Mean, MapId::Layer(1)),
            words,
            plain(),
        ),
        (
            "maximum",
            sentence(),
            Subject::Joined(Reduction::Max, MapId::All),
            whole(),
            plain(),
        ),
        (
            "token-from",
            sentence(),
            Subject::Token(Direction::From, 2),
            whole(),
            plain(),
        ),
        (
            "token-to",
            run(&SENTENCE, 2, 3, 4),
            Subject::Token(Direction::To, 0),
            whole(),
            palette(Colormap::Cividis, false, Theme::Dark),
        ),
        (
            "difference",
            sentence(),
            Subject::Difference(&[5]),
            whole(),
            plain(),
        ),
        (
            "difference-dark",
            run(&SENTENCE, 2, 1, 1),
            Subject::Difference(&[]),
            whole(),
            palette(Colormap::Viridis, false, Theme::Dark),
        ),
    ]
}

#[test]
fn reference_pictures_stay_as_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures");
    let accept = std::env::var_os("ATTNVIZ_ACCEPT").is_some();
    let mut shaper = TextShaper::new();
    let mut different = Vec::new();
    for (name, run, subject, reshape, options) in subjects() {
        let maps = reshaped(&run, &reshape).unwrap();
        let joined;
        let mut other;
        let figure: Figure<'_> = match subject {
            Subject::Head => single_map(&run, &maps, MapId::Head(FIRST), &options),
            Subject::Joined(reduction, id) => {
                joined = reduce(&maps, reduction);
                single_map(&run, &joined, id, &options)
            }
            Subject::Overview => overview(&run, &maps, &options),
            Subject::Token(direction, position) => {
                unit_profile(&run, &maps, direction, position, &options)
            }
            Subject::Difference(differing) => {
                other = reshaped(&run, &ReshapeOptions::default())
                    .unwrap()
                    .into_owned();
                let values = other.values.to_mut().iter_mut().enumerate();
                values.for_each(|(cell, value)| *value *= 0.2 + (cell * 7 % 13) as f32 / 8.0);
                for &place in differing {
                    other.rows.units[place].label = "wide".to_owned();
                    other.columns.units[place].label = "wide".to_owned();
                }
                let names = ["bert-base-uncased", "./my-bert"];
                let captions = vec!["the animal was too tiresome.".to_owned()];
                head_difference(names, &maps, &other, FIRST, differing, captions, &options)
            }
        }
        .unwrap();
        let actual = encode(&figure, &mut shaper).unwrap();
        let path = folder.join(format!("{name}.png"));
        if accept {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &actual.bytes).unwrap();
        }
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (expected, actual) = (Decoded::of(&bytes), Decoded::of(&actual.bytes));
        if !expected.is_like(&actual) {
            different.push(strip(name, &expected, &actual));
        }
    }
    assert!(
        different.is_empty(),
        "look at {different:?}; if the new pictures are better, run again with ATTNVIZ_ACCEPT=1"
    );
}

/// Writes `expected | difference | actual` side by side.
fn strip(name: &str, expected: &Decoded, actual: &Decoded) -> PathBuf {
    let height = |picture: &Decoded| picture.pixels.len() / 3 / picture.width.max(1);
    let (width, rows) = (
        expected.width.max(actual.width),
        height(expected).max(height(actual)),
    );
    let pixel = |picture: &Decoded, x: usize, y: usize| -> [u8; 3] {
        let start = (y * picture.width + x) * 3;
        match x < picture.width {
            true => picture
                .pixels
                .get(start..start + 3)
                .map_or([128; 3], |pixel| [pixel[0], pixel[1], pixel[2]]),
            false => [128; 3],
        }
    };
    let mut pixels = Vec::with_capacity(width * rows * 9);
    for y in 0..rows {
        for x in 0..width {
            pixels.extend(pixel(expected, x, y));
        }
        for x in 0..width {
            let (left, right) = (pixel(expected, x, y), pixel(actual, x, y));
            // What differs at all must be seen.
            pixels.extend([0, 1, 2].map(|channel: usize| {
                let difference = left[channel].abs_diff(right[channel]);
                if difference == 0 {
                    0
                } else {
                    difference.max(64)
                }
            }));
        }
        for x in 0..width {
            pixels.extend(pixel(actual, x, y));
        }
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.png"));
    let file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    let mut encoder = png::Encoder::new(file, width as u32 * 3, rows as u32);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    path
}

#[test]
fn a_strip_shows_where_two_pictures_differ() {
    let picture = |level: u8, width: usize| Decoded {
        pixels: vec![level; width * 2 * 3],
        width,
    };
    assert!(picture(7, 3).is_like(&picture(8, 3)));
    assert!(!picture(7, 3).is_like(&picture(9, 3)));
    assert!(!picture(7, 3).is_like(&picture(7, 4)));
    let path = strip("test-of-the-strip", &picture(0, 3), &picture(200, 4));
    let strip = Decoded::of(&fs::read(path).unwrap());
    assert_eq!(strip.width, 12);
    assert_eq!(
        (strip.at(0, 0), strip.at(4, 0), strip.at(8, 0)),
        ([0; 3], [200; 3], [200; 3])
    );
}
