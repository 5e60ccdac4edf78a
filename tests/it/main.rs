mod bad_input;
mod binary;
mod command_line;
mod figures;
mod hub;
mod loopback_hub;
mod reference;
