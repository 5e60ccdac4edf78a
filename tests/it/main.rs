mod bad_input;
mod binary;
mod command_line;
mod figures;
mod hostile_files;
mod hub;
mod loopback_hub;
mod reference;
