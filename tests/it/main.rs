mod architecture;
mod figures;
mod hub;
mod loopback_hub;
mod reference;
