//! attnviz: every attention map of a BERT as a picture, from one command.
//!
//! # The pipeline
//!
//! Data goes one way. Each step is a module, each arrow a plain value:
//!
//! ```text
//! "Hello, how are you?"            google-bert/bert-base-uncased, a directory, built in
//!          │                                        │
//!          │                              checkpoint::load            (hub.rs alone: network)
//!          │                                        │ Checkpoint
//!          ├────────────── tokenizer ───────────────┤
//!          │ TokenizedInput                         │
//!          └──────────────── model ─────────────────┘                 (alone: candle)
//!                              │ AttentionTensor [layer, head, query, key]
//!                             run                   + tokens + provenance
//!                              │ Run
//!                            figure                 what a picture shows, and where: no pixels
//!                              │ Layout
//!                            render                                   (alone: plotters, fonts)
//!                              │ bytes
//!                            output                                   (alone: creates files)
//!                              │
//!          attnviz-out/hello-how-are-you/{overview.png, heads/…, manifest.json}
//!
//!   attention.safetensors, attention.npz, or attention from elsewhere
//!          │ output::saved                                  (no model needed)
//!          └─ Run ─→ figure ─→ …
//! ```
//!
//! In code, without the command line:
//!
//! ```no_run
//! use attnviz::attention::Selection;
//! use attnviz::checkpoint::{self, CheckpointSource, LoadOptions};
//! use attnviz::model::{HiddenStates, Model};
//! use attnviz::run::Run;
//! use attnviz::tokenizer::{TokenLimit, Tokenizer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let source = CheckpointSource::Builtin;
//! let checkpoint = checkpoint::load(&source, &LoadOptions::default(), &mut |_| {})?;
//! let tokenizer = Tokenizer::from_checkpoint(&checkpoint)?;
//! let model = Model::load(&checkpoint)?;
//! let maximum = model.config().maximum_token_count();
//! let limit = TokenLimit { maximum, truncate: None };
//! let input = tokenizer.tokenize("Hello, how are you?", None, limit)?;
//! let output = model.forward(&[&input], HiddenStates::Drop)?.remove(0);
//! let [layer_count, head_count, _, _] = output.attention.shape();
//! let run = Run {
//!     model: checkpoint.provenance(),
//!     input,
//!     selection: Selection::all(layer_count, head_count),
//!     attention: output.attention,
//! };
//! # let _ = run;
//! # Ok(())
//! # }
//! ```
//!
//! # What always holds
//!
//! Each of these is a test:
//!
//! - Attention equals that of Hugging Face transformers (eager, float32) to
//!   2e-5 (`tests/it/reference.rs`).
//! - Every row of an attention map sums to 1 ± 1e-5; an
//!   [`AttentionTensor`](attention::AttentionTensor) cannot hold anything else.
//! - The same input, checkpoint, options and version give byte-identical files:
//!   on every rerun, at every thread count, alone or among other inputs.
//!   Outputs hold no time stamps, host names or absolute paths.
//! - Inputs that are encoded together are stacked row under row without
//!   padding; each gets bit for bit what it gets alone.
//! - A file at its final name is whole: it is written beside it and renamed.
//! - The library never prints and never exits; the binary does both.
//! - No input makes it panic (`tests/it/hostile_files.rs`).
//! - A module imports only what stands before it in this order: [`names`],
//!   [`checkpoint`], [`tokenizer`], [`attention`], [`model`], [`run`],
//!   [`analysis`], [`figure`], [`render`], [`output`], [`batch`],
//!   [`mod@bench`], [`cli`] (`tests/it/architecture.rs`).
//!
//! # What limits it
//!
//! `attnviz bench` says how near each stage comes to what the machine can do.
//!
//! *Loading* reads every weight but the word embeddings once, on all cores, at
//! the speed at which the system copies cached files into fresh memory: about
//! 4 GB/s. A single pass ([`model::Model::open`]) does not load: each task reads
//! its weights into the cache and multiplies them there, at 8 GB/s. Where no
//! cache knows the hash of a weight file, its SHA-256 takes longer than
//! everything else: it is read beside the other stages, at 1.6 GB/s on one core.
//!
//! *A forward pass of a few tokens* is bound by memory: it streams each weight
//! once, at two thirds of the speed at which memory can only be read. The rest
//! is the splitting of weights for the matrix unit and the ends of a hundred
//! parallel steps.
//!
//! *A forward pass of hundreds of tokens* is bound by multiplications, six of
//! `bfloat16` for one of `f32`. Products run at 60 % of what the unit does on
//! tiles in the first-level cache; the rest is waiting for tiles. They take
//! three quarters of the pass; a tenth is attention, the rest is activations,
//! layer norms and fresh memory for the result. On a CPU without such a unit,
//! products run at more than eight tenths of what its vector registers do.
//!
//! *A picture* is bound by its letters: rows that repeat are filtered and
//! compressed in no time, and what is left are the edges of the numbers in the
//! cells.
//!
//! # Words
//!
//! An *attention map* is the matrix of one head of one layer: rows are queries,
//! columns are keys. An *attention tensor* holds all maps of one input. Layers
//! and heads count from zero, as in Hugging Face's
//! `outputs.attentions[layer][0, head]`; papers often count from one.

pub mod names;

pub mod checkpoint;

pub mod tokenizer;

pub mod attention;

pub mod model;

pub mod run;

pub mod analysis;

pub mod figure;

pub mod render;

pub mod output;

pub mod batch;

pub mod bench;

pub mod cli;
