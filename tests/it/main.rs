mod hub;
mod loopback_hub;
