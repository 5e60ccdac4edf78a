//! Treebanks in CoNLL-U: sentences with their words, and what each word is to
//! another.
//!
//! A sentence ends at a blank line. Its text is that of `# text`, in which each
//! word is found again, or else the words with spaces between them where
//! `SpaceAfter=No` does not stand; its id is that of `# sent_id`. Words of a
//! contraction (`1-2`) stand in the text where the contraction does. Empty nodes
//! (`8.1`) stand nowhere and are left out. See
//! <https://universaldependencies.org/format.html>.

use std::ops::Range;

use super::lines::Lines;
use super::record::{MAXIMUM_FIELDS, MAXIMUM_LENGTH, Record, RecordError, RecordText};
use super::{InputSource, SourceError};
use crate::analysis::{Annotation, Relation};

/// Columns of a word: ID, FORM, LEMMA, UPOS, XPOS, FEATS, HEAD, DEPREL, DEPS,
/// MISC.
const COLUMNS: usize = 10;

/// The sentences of a file that is being read.
pub(super) struct Sentences {
    lines: Lines,
}

impl Sentences {
    pub(super) fn new(lines: Lines) -> Self {
        Self { lines }
    }

    /// The next sentence; `None` at the end. Comments without a word are none.
    pub(super) fn next(&mut self, source: &InputSource) -> Result<Option<Record>, SourceError> {
        let mut sentence = Sentence::default();
        let mut first = None;
        let mut failure = None;
        let mut length = 0_usize;
        let mut offset = 0;
        while let Some(line) = self.lines.next().map_err(|error| source.io(error))? {
            offset = line.offset;
            let is_blank = line.content().iter().all(u8::is_ascii_whitespace);
            if is_blank && !line.is_too_long {
                match first {
                    Some(_) => break,
                    None => continue,
                }
            }
            length = length.saturating_add(line.bytes.len());
            let read = match RecordError::text(line.content()) {
                _ if line.is_too_long || length > MAXIMUM_LENGTH => {
                    let maximum = MAXIMUM_LENGTH;
                    Err(RecordError::TooLong { maximum })
                }
                Ok(text) => sentence.read(text, line.number),
                Err(error) => Err(error),
            };
            let is_word = !line.content().starts_with(b"#");
            if is_word || read.is_err() {
                first = first.or(Some(line.number));
            }
            // The first fault tells most; the rest of the sentence is passed over.
            failure = failure.or(read.err());
        }
        let Some(line) = first else {
            return Ok(None);
        };
        let id = sentence.id.clone();
        let content = match failure {
            Some(error) => Err(error),
            None => sentence.finish(),
        };
        Ok(Some(Record {
            line,
            offset,
            id,
            content,
        }))
    }
}

/// What stands in the text: a word, or several as one.
struct Surface {
    form: String,
    /// Its words, counted from zero.
    words: Range<usize>,
    has_space: bool,
}

struct Word {
    form: String,
    /// 0 for the root; `None` where nobody says.
    head: Option<usize>,
    relation: String,
    line: u64,
}

#[derive(Default)]
struct Sentence {
    id: Option<String>,
    text: Option<String>,
    surfaces: Vec<Surface>,
    words: Vec<Word>,
}

impl Sentence {
    fn read(&mut self, line: &str, number: u64) -> Result<(), RecordError> {
        if let Some(comment) = line.strip_prefix('#') {
            if let Some((name, value)) = comment.split_once('=') {
                match name.trim() {
                    "text" => self.text = Some(value.trim().to_owned()),
                    "sent_id" => self.id = Some(value.trim().to_owned()),
                    _ => {}
                }
            }
            return Ok(());
        }
        let wrong = |expected: &'static str, found: &str| RecordError::NotConllu {
            line: number,
            expected,
            found: found.chars().take(40).collect(),
        };
        let columns: Vec<&str> = line.split('\t').collect();
        let &[id, form, _, _, _, _, head, relation, _, misc] = columns.as_slice() else {
            debug_assert_ne!(columns.len(), COLUMNS);
            let found = format!("{} of them", columns.len());
            return Err(wrong("ten columns between tabs", &found));
        };
        if self.words.len() == MAXIMUM_FIELDS {
            let maximum = MAXIMUM_FIELDS;
            return Err(RecordError::TooManyFields { maximum });
        }
        let has_space = !misc.split('|').any(|feature| feature == "SpaceAfter=No");
        let surface = |words| Surface {
            form: form.to_owned(),
            words,
            has_space,
        };
        let next = self.words.len();
        if id.contains('.') {
            return Ok(());
        }
        if let Some((first, last)) = id.split_once('-') {
            let range = (first.parse::<usize>(), last.parse::<usize>());
            return match range {
                (Ok(first), Ok(last))
                    if first == next + 1 && first < last && last - first < MAXIMUM_FIELDS =>
                {
                    self.surfaces.push(surface(next..last));
                    Ok(())
                }
                _ => Err(wrong("a range of words that begins with the next one", id)),
            };
        }
        if id.parse() != Ok(next + 1) {
            return Err(wrong("words numbered from 1 without a gap", id));
        }
        let is_within = self
            .surfaces
            .last()
            .is_some_and(|surface| surface.words.contains(&next));
        if !is_within {
            self.surfaces.push(surface(next..next + 1));
        }
        let head = match head {
            "_" => None,
            head => {
                let number = head.parse();
                Some(number.map_err(|_| wrong("the number of a word as HEAD", head))?)
            }
        };
        self.words.push(Word {
            form: form.to_owned(),
            head,
            relation: relation.to_owned(),
            line: number,
        });
        Ok(())
    }

    fn finish(self) -> Result<RecordText, RecordError> {
        let count = self.words.len();
        let (text, places) = match self.text {
            Some(text) => {
                let places = found_again(&self.surfaces, &text, self.words.first())?;
                (text, places)
            }
            None => joined(&self.surfaces),
        };
        let mut words = vec![0..0; count];
        for (surface, place) in self.surfaces.iter().zip(places) {
            let forms = self.words.get(surface.words.clone()).unwrap_or_default();
            let mut start = place.start;
            // "don't" is "do" and "n't"; "zum" is not "zu" and "dem".
            let is_sum = forms
                .iter()
                .map(|word| word.form.as_str())
                .collect::<String>()
                == surface.form;
            for (word, range) in forms.iter().zip(words.iter_mut().skip(surface.words.start)) {
                *range = match is_sum {
                    true => start..start + word.form.len(),
                    false => place.clone(),
                };
                start = range.end;
            }
        }
        let mut relations = Vec::new();
        for (from, word) in self.words.into_iter().enumerate() {
            let to = match word.head {
                None => continue,
                Some(0) => None,
                Some(head) if head <= count => Some(head - 1),
                Some(head) => {
                    return Err(RecordError::NotConllu {
                        line: word.line,
                        expected: "a HEAD that is a word of the sentence",
                        found: head.to_string(),
                    });
                }
            };
            relations.push(Relation {
                name: word.relation,
                from,
                to,
            });
        }
        Ok(RecordText {
            id: self.id.filter(|id| !id.is_empty()),
            text,
            annotation: Some(Annotation {
                words,
                is_complete: true,
                relations,
            }),
            ..RecordText::default()
        })
    }
}

/// Where in the text each surface stands.
fn found_again(
    surfaces: &[Surface],
    text: &str,
    first: Option<&Word>,
) -> Result<Vec<Range<usize>>, RecordError> {
    let mut position = 0;
    let mut places = Vec::with_capacity(surfaces.len());
    for surface in surfaces {
        let rest = text.get(position..).unwrap_or_default();
        let behind = rest.trim_start();
        if !behind.starts_with(&surface.form) {
            return Err(RecordError::NotConllu {
                line: first.map_or(0, |word| word.line),
                expected: "the words of \"# text\" in their order",
                found: surface.form.chars().take(40).collect(),
            });
        }
        let start = position + rest.len() - behind.len();
        position = start + surface.form.len();
        places.push(start..position);
    }
    Ok(places)
}

/// The text that the surfaces make, and where in it each stands.
fn joined(surfaces: &[Surface]) -> (String, Vec<Range<usize>>) {
    let mut text = String::new();
    let mut places = Vec::with_capacity(surfaces.len());
    for (place, surface) in surfaces.iter().enumerate() {
        let start = text.len();
        text.push_str(&surface.form);
        places.push(start..text.len());
        if surface.has_space && place + 1 < surfaces.len() {
            text.push(' ');
        }
    }
    (text, places)
}
