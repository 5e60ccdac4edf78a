//! Vocabularies that SentencePiece trained, as transformers 5.23 builds
//! tokenizers of them (`tokenization_xlm_roberta.py`,
//! `tokenization_camembert.py`, `tokenization_albert.py`,
//! `tokenization_deberta_v2.py`, `tokenization_llama.py`,
//! `tokenization_code_llama.py`, `tokenization_gemma.py`, and
//! `build_tokenizer_from_spm_proto` of `convert_slow_tokenizer.py`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokenizers::ModelWrapper;
use tokenizers::models::unigram::Unigram;

use super::entries::{EXTRA, Said};
use super::error::TokenizerError;
use super::labels::Spelling;
use super::parts::{Ends, Parts, ROBERTA, Template};
use super::sentence_piece_model::{PieceKind, PieceModel, SentencePieceModel};
use super::settings::Settings;
use super::vocabulary::Source;

/// What stands for a space.
const MARK: &str = "▁";

/// What is made of a vocabulary beside the vocabulary.
pub(super) struct Text<'files> {
    /// The map that makes letters uniform, in Base64.
    charsmap: Option<String>,
    source: &'files Source<'files>,
}

impl<'files> Text<'files> {
    /// Of a source; `charsmap` is that of `tokenizer.json`.
    pub(super) fn of(source: &'files Source<'files>, charsmap: Option<String>) -> Self {
        let charsmap = match source {
            Source::SentencePiece(model) if model.charsmap.is_empty() => None,
            Source::SentencePiece(model) => Some(STANDARD.encode(&model.charsmap)),
            Source::Json(_) | Source::Lines(_) | Source::Pairs(..) => charsmap,
        };
        Self { charsmap, source }
    }

    fn uniform(&self) -> Value {
        match &self.charsmap {
            Some(map) => json!({"type": "Precompiled", "precompiled_charsmap": map}),
            None => Value::Null,
        }
    }

    /// The pieces with a beginning and an end that take the place of so many.
    fn scored(
        &self,
        beginning: &[(&str, f64)],
        replaced: usize,
        mask: &str,
    ) -> Result<Vec<(String, f64)>, TokenizerError> {
        let scored = self.source.scored()?;
        let Source::SentencePiece(_) = self.source else {
            return Ok(scored);
        };
        let owned = |(token, score): (&str, f64)| (token.to_owned(), score);
        let beginning = beginning.iter().copied().map(owned);
        let pieces = scored.into_iter().skip(replaced);
        Ok(beginning
            .chain(pieces)
            .chain([owned((mask, 0.0))])
            .collect())
    }
}

/// What SentencePiece's file says of tokens that are no parts of texts, or are
/// never split.
pub(super) fn take_tokens(source: &Source<'_>, settings: &mut Settings) {
    let Source::SentencePiece(model) = source else {
        return;
    };
    settings.forget_late();
    if settings.said() == Said::Yes {
        return;
    }
    for piece in &model.pieces {
        match piece.kind {
            PieceKind::Control => settings.add(&piece.text, true),
            PieceKind::UserDefined => settings.add(&piece.text, false),
            PieceKind::Text => {}
        }
    }
}

/// XLM-RoBERTa's: its first four tokens are fairseq's.
pub(super) fn xlm_roberta(
    text: &Text<'_>,
    settings: &mut Settings,
) -> Result<Parts, TokenizerError> {
    settings.default_names(&ROBERTA);
    let [begin, pad, end, unknown, mask] = settings.contents(
        "XLMRobertaTokenizer",
        [
            "bos_token",
            "pad_token",
            "eos_token",
            "unk_token",
            "mask_token",
        ],
    )?;
    let first = [(&*begin, 0.0), (&*pad, 0.0), (&*end, 0.0), (&*unknown, 0.0)];
    let vocabulary = text.scored(&first, 3, &mask)?;
    unigram(
        vocabulary,
        Some(3),
        text.uniform(),
        spaced(settings, "never"),
        BEGIN_TO_END,
    )
}

/// CamemBERT's: its first five tokens are fairseq's.
pub(super) fn camembert(text: &Text<'_>, settings: &mut Settings) -> Result<Parts, TokenizerError> {
    if let Source::SentencePiece(SentencePieceModel {
        model: PieceModel::Other,
        ..
    }) = text.source
    {
        return Err(TokenizerError::SentencePiece {
            file: "sentencepiece.bpe.model",
            reason: "a CamembertTokenizer needs one of type unigram".to_owned(),
        });
    }
    settings.default_names(&ROBERTA);
    settings.strip_space_before("mask_token");
    if let (Source::Json(_), Said::No) = (text.source, settings.said()) {
        for token in ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"] {
            settings.add(token, true);
        }
    }
    let [pad, unknown, mask] = settings.contents(
        "CamembertTokenizer",
        ["pad_token", "unk_token", "mask_token"],
    )?;
    let first = [
        ("<s>NOTUSED", 0.0),
        (&*pad, 0.0),
        ("</s>NOTUSED", 0.0),
        (&*unknown, 0.0),
        ("<unk>NOTUSED", -100.0),
    ];
    let vocabulary = text.scored(&first, 1, &mask)?;
    let unknown_id = vocabulary.iter().position(|(token, _)| *token == *unknown);
    let unknown_id = Some(unknown_id.unwrap_or_default());
    unigram(
        vocabulary,
        unknown_id,
        text.uniform(),
        spaced(settings, "never"),
        BEGIN_TO_END,
    )
}

/// ALBERT's: small letters without accents.
pub(super) fn albert(text: &Text<'_>, settings: &mut Settings) -> Result<Parts, TokenizerError> {
    settings.default_names(&[
        ("bos_token", "[CLS]"),
        ("eos_token", "[SEP]"),
        ("unk_token", "<unk>"),
        ("sep_token", "[SEP]"),
        ("pad_token", "<pad>"),
        ("cls_token", "[CLS]"),
        ("mask_token", "[MASK]"),
    ]);
    let replace =
        |from: &str| json!({"type": "Replace", "pattern": {"String": from}, "content": "\""});
    let mut steps = vec![replace("``"), replace("''")];
    if !settings.config.keep_accents.unwrap_or(false) {
        steps.extend([json!({"type": "NFKD"}), json!({"type": "StripAccents"})]);
    }
    if settings.config.do_lower_case.unwrap_or(true) {
        steps.push(json!({"type": "Lowercase"}));
    }
    steps.extend(Some(text.uniform()).filter(|step| !step.is_null()));
    let template = Template {
        of_file: true,
        ends: match (text.source, settings.says_marks()) {
            (Source::SentencePiece(_), true) => Ends::told(settings, false),
            (_, _) => Ends::Around {
                first: "cls_token",
                last: "sep_token",
                is_doubled: false,
            },
        },
    };
    let words = spaced(settings, "never");
    unigram(
        text.source.scored()?,
        Some(1),
        in_sequence(steps),
        words,
        template,
    )
}

/// That of DeBERTa, version 2 and 3. It takes no notice of the map that makes
/// letters uniform.
pub(super) fn deberta_v2(
    text: &Text<'_>,
    settings: &mut Settings,
) -> Result<Parts, TokenizerError> {
    settings.default_names(&[
        ("bos_token", "[CLS]"),
        ("eos_token", "[SEP]"),
        ("unk_token", "[UNK]"),
        ("sep_token", "[SEP]"),
        ("pad_token", "[PAD]"),
        ("cls_token", "[CLS]"),
        ("mask_token", "[MASK]"),
    ]);
    let vocabulary = text.source.scored()?;
    let [unknown] = settings.contents("DebertaV2Tokenizer", ["unk_token"])?;
    let mut pieces = vocabulary.iter();
    let unknown_id = pieces.position(|(token, score)| *token == *unknown && *score == 0.0);
    let given = match text.source {
        Source::SentencePiece(model) => model.unknown_id.map(|id| id as usize),
        Source::Json(_) | Source::Lines(_) | Source::Pairs(..) => {
            Some(settings.config.unk_id.unwrap_or(1))
        }
    };
    let mut steps = Vec::new();
    if settings.config.do_lower_case.unwrap_or(false) {
        steps.push(json!({"type": "Lowercase"}));
    }
    steps.extend([
        json!({"type": "Replace", "pattern": {"Regex": r"\s{2,}|[\n\r\t]"}, "content": " "}),
        json!({"type": "NFC"}),
        json!({"type": "Strip", "strip_left": false, "strip_right": true}),
    ]);
    let mut words = Vec::new();
    if settings.config.split_by_punct.unwrap_or(false) {
        words.push(json!({"type": "Punctuation", "behavior": "Isolated"}));
    }
    let before = prepend(settings, "first");
    words.push(metaspace(before, true));
    let template = Template {
        of_file: false,
        ends: Ends::Around {
            first: "cls_token",
            last: "sep_token",
            is_doubled: false,
        },
    };
    let words = json!({"type": "Sequence", "pretokenizers": words});
    let unknown_id = unknown_id.or(given);
    let parts = unigram(vocabulary, unknown_id, in_sequence(steps), words, template)?;
    Ok(Parts {
        tells_segments: true,
        ..parts
    })
}

/// Llama's: merges over the whole text, and bytes for what no piece is like.
pub(super) fn llama(source: &Source<'_>, settings: &mut Settings) -> Result<Parts, TokenizerError> {
    settings.default_names(&LLAMA);
    let before = match (settings.config.add_prefix_space, settings.config.legacy) {
        (Some(false), _) => "never",
        (Some(true) | None, Some(true)) => "always",
        (Some(true) | None, Some(false) | None) => "first",
    };
    let template = Template {
        of_file: true,
        ends: Ends::told(settings, false),
    };
    byte_fallback(
        source,
        None,
        Value::Null,
        metaspace(before, false),
        template,
    )
}

/// Code Llama's.
///
/// # Errors
/// When there are names for special tokens beside the class's own: transformers
/// numbers them in an order that the files do not tell.
pub(super) fn code_llama(
    source: &Source<'_>,
    settings: &mut Settings,
) -> Result<Parts, TokenizerError> {
    if settings.gives_names() {
        return Err(TokenizerError::SpecialToken {
            key: EXTRA.to_owned(),
            found: "an object",
        });
    }
    settings.default_names(&LLAMA);
    for (key, token) in [
        ("prefix_token", "▁<PRE>"),
        ("middle_token", "▁<MID>"),
        ("suffix_token", "▁<SUF>"),
        ("eot_token", "▁<EOT>"),
        ("fill_token", "<FILL_ME>"),
    ] {
        settings.default_names(&[(key, token)]);
        if settings.said() != Said::Yes {
            settings.add(token, true);
        }
    }
    let before = match settings.config.add_prefix_space {
        Some(false) => "never",
        Some(true) | None => "first",
    };
    let template = Template {
        of_file: false,
        ends: Ends::told(settings, true),
    };
    let unknown = settings.name("unk_token").map(str::to_owned);
    byte_fallback(
        source,
        unknown,
        Value::Null,
        metaspace(before, false),
        template,
    )
}

/// Gemma's: no space before a text.
pub(super) fn gemma(source: &Source<'_>, settings: &mut Settings) -> Result<Parts, TokenizerError> {
    settings.default_names(&[
        ("unk_token", "<unk>"),
        ("bos_token", "<bos>"),
        ("eos_token", "<eos>"),
        ("pad_token", "<pad>"),
        ("mask_token", "<mask>"),
    ]);
    let words = json!({
        "type": "Split",
        "pattern": {"String": " "},
        "behavior": "MergedWithPrevious",
        "invert": false,
    });
    let template = Template {
        of_file: true,
        ends: Ends::told(settings, false),
    };
    let unknown = settings.name("unk_token").map(str::to_owned);
    byte_fallback(source, unknown, marked(), words, template)
}

/// That of no class of its own.
pub(super) fn plain(
    text: &Text<'_>,
    model: &SentencePieceModel,
    settings: &mut Settings,
) -> Result<Parts, TokenizerError> {
    for (key, piece, id) in [
        ("bos_token", &model.begin_piece, model.begin_id),
        ("eos_token", &model.end_piece, model.end_id),
        ("unk_token", &model.unknown_piece, model.unknown_id),
    ] {
        if id.is_some() {
            settings.default_names(&[(key, piece)]);
        }
    }
    let mut steps = vec![text.uniform(), marked()];
    steps.retain(|step| !step.is_null());
    let normalizer = in_sequence(steps);
    let template = Template {
        of_file: false,
        ends: Ends::told(settings, false),
    };
    match model.model {
        PieceModel::Unigram => {
            let pieces = text.source.scored()?;
            let unknown = model.unknown_id.map(|id| id as usize);
            let pieces = unigram_model(pieces, unknown, model.byte_fallback)?;
            Ok(Parts {
                unknown_id: model.unknown_id,
                ..sentence_pieces(pieces.into(), normalizer, Value::Null, template)
            })
        }
        PieceModel::Other => {
            let unknown = Some(model.unknown_piece.clone());
            let mut pairs = text.source.byte_pairs()?;
            pairs.fuse_unk = true;
            pairs.byte_fallback = model.byte_fallback;
            pairs.unk_token = unknown;
            Ok(sentence_pieces(
                pairs.into(),
                normalizer,
                Value::Null,
                template,
            ))
        }
    }
}

/// Special tokens of Llama's kin.
const LLAMA: [(&str, &str); 3] = [
    ("unk_token", "<unk>"),
    ("bos_token", "<s>"),
    ("eos_token", "</s>"),
];

const BEGIN_TO_END: Template = Template {
    of_file: false,
    ends: Ends::Around {
        first: "bos_token",
        last: "eos_token",
        is_doubled: true,
    },
};

fn in_sequence(steps: Vec<Value>) -> Value {
    json!({"type": "Sequence", "normalizers": steps})
}

/// Spaces as marks.
fn marked() -> Value {
    json!({"type": "Replace", "pattern": {"String": " "}, "content": MARK})
}

/// Where a mark is put before a text that has none: `always` (before each part
/// between added tokens), or what the class does where it is told not to.
fn prepend(settings: &Settings, otherwise: &'static str) -> &'static str {
    match settings.config.add_prefix_space {
        Some(false) => otherwise,
        Some(true) | None => "always",
    }
}

fn metaspace(prepend_scheme: &str, parts_words: bool) -> Value {
    json!({
        "type": "Metaspace",
        "replacement": MARK,
        "prepend_scheme": prepend_scheme,
        "split": parts_words,
    })
}

/// Words between spaces, each with a mark.
fn spaced(settings: &Settings, otherwise: &'static str) -> Value {
    let before = prepend(settings, otherwise);
    json!({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace(before, true)]})
}

fn unigram_model(
    vocabulary: Vec<(String, f64)>,
    unknown_id: Option<usize>,
    byte_fallback: bool,
) -> Result<Unigram, TokenizerError> {
    let model = Unigram::from(vocabulary, unknown_id, byte_fallback);
    model.map_err(|error| TokenizerError::Json(error.to_string()))
}

fn unigram(
    vocabulary: Vec<(String, f64)>,
    unknown_id: Option<usize>,
    normalizer: Value,
    pre_tokenizer: Value,
    template: Template,
) -> Result<Parts, TokenizerError> {
    let model = unigram_model(vocabulary, unknown_id, false)?;
    Ok(Parts {
        unknown_id: unknown_id.and_then(|id| u32::try_from(id).ok()),
        ..sentence_pieces(model.into(), normalizer, pre_tokenizer, template)
    })
}

fn byte_fallback(
    source: &Source<'_>,
    unknown: Option<String>,
    normalizer: Value,
    pre_tokenizer: Value,
    template: Template,
) -> Result<Parts, TokenizerError> {
    let mut model = source.byte_pairs()?;
    model.fuse_unk = true;
    model.byte_fallback = true;
    model.unk_token = unknown;
    Ok(sentence_pieces(
        model.into(),
        normalizer,
        pre_tokenizer,
        template,
    ))
}

fn sentence_pieces(
    model: ModelWrapper,
    normalizer: Value,
    pre_tokenizer: Value,
    template: Template,
) -> Parts {
    let spelling = Spelling::SentencePiece;
    Parts::new(model, normalizer, pre_tokenizer, template, spelling)
}
