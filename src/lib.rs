//! attnviz.

pub mod attention;
pub mod checkpoint;
pub mod cli;
pub mod figure;
pub mod model;
pub mod output;
pub mod render;
pub mod run;
pub mod tokenizer;
