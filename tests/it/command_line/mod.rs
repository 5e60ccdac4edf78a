//! What a user types and what comes of it, through the real binary.

mod bench;
mod completions;
mod files;
mod folders;
mod help;
mod input;
mod interruption;
mod links;
mod messages;
mod mistaken;
mod reruns;
mod show;
mod sink;
mod typed;
mod uniform;
