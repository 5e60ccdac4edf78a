#[test]
fn t() {}
mod figures;
