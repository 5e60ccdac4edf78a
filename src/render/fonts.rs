//! The fonts of `assets/fonts`, compiled in, and which of them has a letter.

use std::collections::HashMap;
use std::sync::Arc;

use cosmic_text::skrifa::{FontRef, MetadataProvider};
use cosmic_text::{Fallback, FontSystem, fontdb};

/// One font.
struct FontFile {
    /// As the font calls itself.
    family: &'static str,
    bytes: &'static [u8],
}

macro_rules! font {
    ($family:literal, $file:literal) => {
        FontFile {
            family: $family,
            bytes: include_bytes!(concat!("../../assets/fonts/", $file)),
        }
    };
}

/// The family of titles.
const TITLE: FontFile = font!("Attnviz Title", "AttnvizTitle-Bold.ttf");

/// In the order in which they are asked for a letter.
const TEXT: [FontFile; 23] = [
    font!("Noto Sans", "NotoSans-Regular.ttf"),
    font!("Noto Sans Arabic", "NotoSansArabic-Regular.ttf"),
    font!("Noto Sans Hebrew", "NotoSansHebrew-Regular.ttf"),
    font!("Noto Sans Devanagari", "NotoSansDevanagari-Regular.ttf"),
    font!("Noto Sans Bengali", "NotoSansBengali-Regular.ttf"),
    font!("Noto Sans Gujarati", "NotoSansGujarati-Regular.ttf"),
    font!("Noto Sans Gurmukhi", "NotoSansGurmukhi-Regular.ttf"),
    font!("Noto Sans Oriya", "NotoSansOriya-Regular.ttf"),
    font!("Noto Sans Tamil", "NotoSansTamil-Regular.ttf"),
    font!("Noto Sans Telugu", "NotoSansTelugu-Regular.ttf"),
    font!("Noto Sans Kannada", "NotoSansKannada-Regular.ttf"),
    font!("Noto Sans Malayalam", "NotoSansMalayalam-Regular.ttf"),
    font!("Noto Sans Sinhala", "NotoSansSinhala-Regular.ttf"),
    font!("Noto Sans Thai", "NotoSansThai-Regular.ttf"),
    font!("Noto Sans Lao", "NotoSansLao-Regular.ttf"),
    font!("Noto Sans Khmer", "NotoSansKhmer-Regular.ttf"),
    font!("Noto Sans Myanmar", "NotoSansMyanmar-Regular.ttf"),
    font!("Noto Serif Tibetan", "NotoSerifTibetan-Regular.ttf"),
    font!("Noto Sans Ethiopic", "NotoSansEthiopic-Regular.ttf"),
    font!("Attnviz Han", "AttnvizHan-Regular.ttf"),
    font!("DejaVu Sans", "DejaVuSans.ttf"),
    font!("Attnviz Hangul", "AttnvizHangul-Regular.otf"),
    font!("Attnviz Symbols", "AttnvizSymbols-Regular.ttf"),
];

/// The family of titles, by name.
pub(super) const TITLE_FAMILY: &str = TITLE.family;

/// A system with the compiled-in fonts and no others.
pub(super) fn font_system() -> FontSystem {
    let mut database = fontdb::Database::new();
    for font in std::iter::once(&TITLE).chain(&TEXT) {
        database.load_font_source(fontdb::Source::Binary(Arc::new(font.bytes)));
    }
    database.set_sans_serif_family(TEXT[0].family);
    let locale = String::from("en-US");
    FontSystem::new_with_locale_and_db_and_fallback(locale, database, TextOrder)
}

/// Where the font that a letter was given cannot shape its surroundings, the
/// others follow in their order.
struct TextOrder;

impl Fallback for TextOrder {
    fn common_fallback(&self) -> &[&'static str] {
        &FAMILIES
    }

    fn forbidden_fallback(&self) -> &[&'static str] {
        &[]
    }

    fn script_fallback(&self, _: unicode_script::Script, _: &str) -> &[&'static str] {
        &[]
    }
}

const FAMILIES: [&str; TEXT.len()] = {
    let mut families = [""; TEXT.len()];
    let mut index = 0;
    while index < TEXT.len() {
        families[index] = TEXT[index].family;
        index += 1;
    }
    families
};

/// The families that others know too, in their order: those cut down for this
/// crate have names of their own.
pub(super) fn named_families() -> impl Iterator<Item = &'static str> {
    FAMILIES
        .into_iter()
        .filter(|family| !family.starts_with("Attnviz"))
}

/// Which fonts have a glyph for a letter.
pub(super) struct Coverage {
    title: Option<FontRef<'static>>,
    text: Vec<Option<FontRef<'static>>>,
    known: HashMap<char, Option<usize>>,
}

impl Coverage {
    pub(super) fn new() -> Self {
        Self {
            title: FontRef::new(TITLE.bytes).ok(),
            text: TEXT
                .iter()
                .map(|font| FontRef::new(font.bytes).ok())
                .collect(),
            known: HashMap::new(),
        }
    }

    /// The first family that has the letter.
    pub(super) fn family(&mut self, letter: char) -> Option<&'static str> {
        let fonts = &self.text;
        let index = *self
            .known
            .entry(letter)
            .or_insert_with(|| fonts.iter().position(|font| has(font.as_ref(), letter)));
        index.map(|index| TEXT[index].family)
    }

    /// Whether a family has the letter.
    pub(super) fn covers(&self, family: &str, letter: char) -> bool {
        let index = TEXT.iter().position(|font| font.family == family);
        index.is_some_and(|index| has(self.text[index].as_ref(), letter))
    }

    /// Whether the font of titles has the letter.
    pub(super) fn title_covers(&self, letter: char) -> bool {
        has(self.title.as_ref(), letter)
    }
}

fn has(font: Option<&FontRef<'static>>, letter: char) -> bool {
    font.and_then(|font| font.charmap().map(letter))
        .is_some_and(|glyph| glyph.to_u32() != 0)
}
