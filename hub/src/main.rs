//! The program `domovoi`.

fn main() {}
