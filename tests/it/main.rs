mod architecture;
mod batch_page;
mod binary;
mod figures;
mod hub;
mod loopback_hub;
mod readme;
mod reference;
