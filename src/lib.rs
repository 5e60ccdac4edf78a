//! attnviz.

pub mod attention;
pub mod checkpoint;
pub mod figure;
pub mod model;
pub mod render;
pub mod run;
pub mod tokenizer;
