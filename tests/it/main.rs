mod analysis;
mod architecture;
mod binary;
mod figures;
mod hub;
mod loopback_hub;
mod readme;
mod reference;
