//! Writes AWS's managed policies into a folder, one file each, to try the program on:
//! `cargo run --release --example managed-policies -- FOLDER`.

use iamlint::iam::catalogue;
use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("which folder shall they be written into?"))?;
    fs::create_dir_all(&folder)?;
    for policy in catalogue::managed_policies() {
        fs::write(folder.join(format!("{}.json", policy.name())), policy.document())?;
    }
    println!("{} policies", catalogue::managed_policies().len());
    Ok(())
}
