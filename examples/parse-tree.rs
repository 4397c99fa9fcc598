//! Reads and parses every template below the paths that are given, until the trees of all are there,
//! and nothing more: what a check of the same files is measured against. `cargo run --release --example parse-tree -- PATHS`

use iamlint::source::Sources;
use iamlint::syntax;
use ignore::WalkBuilder;
use rayon::prelude::*;
use std::path::PathBuf;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXTENSIONS: [&str; 6] = ["yml", "yaml", "json", "template", "cfn", "part"];

fn main() {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in std::env::args().skip(1) {
        let walked = WalkBuilder::new(path).build().filter_map(Result::ok).map(ignore::DirEntry::into_path);
        files.extend(
            walked.filter(|path| path.extension().is_some_and(|it| EXTENSIONS.iter().any(|known| it == *known))),
        );
    }
    let texts: Vec<(PathBuf, String)> =
        files.into_par_iter().filter_map(|path| std::fs::read_to_string(&path).ok().map(|text| (path, text))).collect();
    let mut sources = Sources::new();
    for (path, text) in texts {
        sources.add(path.to_string_lossy(), text);
    }
    let all: Vec<_> = sources.iter().collect();
    let trees: Vec<syntax::Parsed> =
        all.into_par_iter().map(|(file, source)| syntax::parse(&source.text, file)).collect();
    println!("{} documents", trees.iter().map(|parsed| parsed.documents.len()).sum::<usize>());
    // As a check does, which ends with the process.
    std::mem::forget(trees);
}
