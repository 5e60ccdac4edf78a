//! What differs between two sides: the numbers, which units stand beside one
//! another, and `attnviz diff` itself.

mod command;
mod folder;
mod hints;
mod measures;
mod models;
mod refused;
mod units;
