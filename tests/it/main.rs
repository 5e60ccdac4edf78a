// What is tested must not call the system's mathematical functions; what it is
// tested against may.
#![allow(clippy::disallowed_methods)]

mod analysis;
mod architecture;
mod bad_input;
mod batch;
mod batch_page;
mod binary;
mod command_line;
mod corpus;
mod decoder_configs;
mod digests;
mod encoder_configs;
mod encoders;
mod families;
mod figures;
mod folders;
mod gallery;
mod hostile_files;
mod hostile_parquet;
mod hub;
mod kernels;
mod labels;
mod link;
mod loopback_hub;
mod map_memory;
mod memory;
mod readme;
mod real_checkpoints;
mod reference;
mod relations;
mod remedies;
mod remembered;
mod reproducibility;
mod rollout;
mod runs;
mod saved;

mod scores;
mod scores_stream;
mod settings_files;
mod shared;
mod similarity;
mod single_pass;
mod spark;
mod svg;
mod third_opinion;
mod tls_front;
mod tokenizer;
mod tokenizer_bombs;
mod tokenizer_cases;
mod tokenizer_files;
mod tokenizer_places;
mod units;
mod vocabularies;
mod weights;
