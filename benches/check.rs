use divan as _;
fn main() {}
