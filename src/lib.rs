//! attnviz: every attention map of a transformer as a picture, from one command.
//!
//! # The pipeline
//!
//! Data goes one way. Each step is a module, each arrow a plain value:
//!
//! ```text
//! "Hello, how are you?"            google-bert/bert-base-uncased, a directory, built in
//!          │                                        │
//!        input                            checkpoint::load            (hub alone: network)
//!          │ Input                                  │ Checkpoint
//!          ├────────────── tokenizer ───────────────┤
//!          │ Prepared {streams of units}         weights
//!          └──────────────── model ─────────────────┘                 (alone: candle)
//!                              │ AttentionTensor [layer, head, query, key]
//!                             run                   + input + streams + provenance, raw
//!                              │ Run
//!                           analysis                words, special tokens, crop; means
//!                              │ Maps
//!                            figure                 what a picture shows, and where: no pixels
//!                              │ Layout
//!                            render                                   (alone: plotters, fonts)
//!                              │ bytes
//!                            store                                    (store::write alone: files)
//!                              │
//!          attnviz-out/hello-how-are-you/{overview.png, heads/…, manifest.json}
//!
//!   attention.safetensors, .npz, .json, or attention from elsewhere
//!          │ store::saved                                   (no model needed)
//!          └─ Run ─→ analysis ─→ …
//! ```
//!
//! [`pipeline`] is the one road from an input to its run and on to its folder;
//! [`batch`] takes it for many inputs, into folders of pictures or into tables of
//! what their heads do, or past rules on them ([`batch::check`]),
//! [`mod@bench`] for the clock, and
//! `attnviz tokens` as far as the units, without weights
//! ([`pipeline::load_tokenizer`]).
//!
//! A model is data, an [`Architecture`](model::Architecture), and one
//! interpreter runs every one of them, by kernels of its own or by candle's
//! operations alone ([`model::Backend`]). A family is a file that turns its
//! `config.json` into that data: to add one, copy `src/model/family/bert.rs` or
//! `llama.rs`, and give it a variant of [`Family`](model::Family), an entry in
//! `tests/fixtures/make_families.py` and a row in README.
//!
//! In code, without the command line:
//!
//! ```no_run
//! use std::path::Path;
//!
//! use attnviz::attention::Selection;
//! use attnviz::checkpoint::{self, CheckpointSource, LoadOptions};
//! use attnviz::input::Input;
//! use attnviz::model::Backend;
//! use attnviz::pipeline::{self, Use};
//! use attnviz::store::OutputOptions;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let source = CheckpointSource::Builtin;
//! let checkpoint = checkpoint::load(&source, &LoadOptions::default(), &mut |_| {})?;
//! let loaded = pipeline::load(&checkpoint, Use::Once, Backend::Fused)?;
//! let input = Input::text("Hello, how are you?");
//! let prepared = pipeline::prepare(&loaded.tokenizer, &input, loaded.limit(None))?;
//! let selection = Selection::all(6, 12);
//! for run in pipeline::runs(&loaded, &[&prepared], &selection)? {
//!     let output = Path::new("attnviz-out");
//!     pipeline::write_run(&run, &OutputOptions::default(), output, &|| ())?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What always holds
//!
//! Each of these is a test:
//!
//! - Attention equals that of Hugging Face transformers (eager, float32) to
//!   2e-5 (`tests/it/reference.rs`, `tests/it/families.rs`), and what leaves the
//!   last layer that of candle-transformers, where it has the family
//!   (`tests/it/third_opinion.rs`).
//! - Every row of an attention map sums to 1 ± 1e-5 (beyond 168 keys, ± 2⁻²⁴ a
//!   key: see [`attention::row_sum_tolerance`]) over the keys that its layer's
//!   mask allows and is 0 elsewhere; an
//!   [`AttentionTensor`](attention::AttentionTensor) cannot hold anything else.
//! - The same input, checkpoint, options and version give byte-identical files:
//!   on every rerun, at every thread count, alone or among other inputs, on
//!   every [set of instructions](model::InstructionSet) and so on every machine
//!   (`tests/it/reproducibility.rs`). No mathematical function of the system
//!   decides a byte (`clippy.toml`), and outputs hold no time stamps, host names
//!   or absolute paths. What [`model::Backend::Plain`] computes is exempt.
//! - Inputs that are encoded together are stacked row under row without
//!   padding; each gets bit for bit what it gets alone.
//! - A file at its final name is whole and on the disk: it is written beside
//!   it, synced and renamed. Nothing is lost: one input and one model own a
//!   folder, a batch's belongs to its inputs and its model, and no command
//!   deletes a file that attnviz did not write (`tests/it/folders/`,
//!   `tests/it/command_line/folders.rs`, `tests/it/batch/ownership.rs`).
//! - Nothing behind a symbolic link below an output folder, a shard or a run is
//!   read as ours, replaced, copied or deleted (`tests/it/command_line/links.rs`).
//! - What a run takes of the memory is known before it is taken
//!   (`tests/it/memory.rs`).
//! - The library never prints and never exits; the binary does both.
//! - No input makes it panic (`tests/it/hostile_files.rs`).
//! - Every public error knows what can be done about it, and one folder puts that
//!   into words (`tests/it/remedies.rs`).
//! - `unsafe` is allowed in one folder, that of the kernels.
//! - A rule on attention holds only where something was looked at: what matches
//!   nothing, has no value or cannot be compared is broken, and a rules file or
//!   baseline that is damaged is an error (`tests/it/check/`).
//! - Saved runs are raw, and those of every schema are read
//!   (`tests/it/saved/schemas.rs`).
//! - A module imports only what stands before it in this order: [`remedy`],
//!   [`names`], [`mod@digest`], [`percent`], [`ranges`], [`mod@excerpt`], [`memory`],
//!   [`input`], [`checkpoint`], [`weights`], [`tokenizer`], [`attention`],
//!   [`model`], [`run`], [`analysis`], [`compare`], [`figure`], [`render`], [`store`],
//!   [`pipeline`], [`batch`], [`mod@bench`], [`cli`]; within a folder no two
//!   files import one another (`tests/it/architecture.rs`).
//!
//! # What limits it
//!
//! `attnviz bench` says how near each stage comes to what the machine can do.
//!
//! *Loading* reads every weight but the word embeddings once, on all cores, at
//! the speed at which the system copies cached files into fresh memory: about
//! 4 GB/s. A single pass ([`model::Model::open`]) does not load: each matrix is
//! read into the same memory when its turn comes. Where neither the hub's
//! cache nor attnviz's own memory of earlier runs knows the hash of a weight file,
//! its SHA-256 takes longer than everything else: it is read
//! beside the other stages, at 1.6 GB/s on one core.
//!
//! *A forward pass of a few tokens* is bound by memory: it streams each weight
//! once. What it does not lose to memory it loses at the ends of a hundred
//! parallel steps.
//!
//! *A forward pass of hundreds of tokens* is bound by multiplications: products,
//! which take most of it, run at more than eight tenths of what the vector
//! registers do. The rest is attention, activations, layer norms and fresh
//! memory for the result.
//!
//! *A picture* is bound by its letters: rows that repeat are filtered and
//! compressed in no time, and what is left are the edges of the numbers in the
//! cells.
//!
//! # Words
//!
//! A *stream* is a sequence that attention runs over; a *unit* is one place of
//! it: a token, a special token. An *attention map* is the matrix of one head of
//! one layer: rows are queries, columns are keys. An *attention tensor* holds
//! all maps of one kind for one input. Units count from zero, hidden and merged
//! ones too: `@3` ([`figure::UnitChoice`]). Layers and heads do likewise, as in
//! Hugging Face's `outputs.attentions[layer][0, head]`; papers often count from
//! one.

#![deny(unsafe_code)]

pub mod remedy;

pub mod names;

pub mod digest;

pub mod percent;

pub mod ranges;

pub mod excerpt;

pub mod memory;

pub mod input;

pub mod checkpoint;

pub mod weights;

pub mod tokenizer;

pub mod attention;

pub mod model;

pub mod run;

pub mod analysis;

pub mod compare;

pub mod figure;

pub mod render;

pub mod store;

pub mod pipeline;

pub mod batch;

pub mod bench;

pub mod cli;
