//! What the programs that renew data share: they take a folder of unpacked packages with the archives beside them,
//! and every problem names its path.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// What stops a refresh: the path or record, and what is wrong with it.
pub type Problem = Box<dyn std::error::Error>;

/// Refreshes from the folder that the first argument names, and says what came of it.
pub fn run(program: &str, refresh: impl FnOnce(&Path) -> Result<String, Problem>) -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: cargo run --example {program} -- <folder of unpacked packages>");
        return ExitCode::from(2);
    };
    match refresh(Path::new(&folder)) {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{program}: {problem}");
            ExitCode::FAILURE
        }
    }
}

pub fn text(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

pub fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Problem> {
    serde_json::from_str(&text(path)?).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// The archive of a package and the version in its name, which stands between `start` and `end`.
pub fn archive(packages: &Path, start: &str, end: &str) -> Result<(PathBuf, String), Problem> {
    let mut found = Vec::new();
    for entry in fs::read_dir(packages)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(version) = name.strip_prefix(start).and_then(|rest| rest.strip_suffix(end)) {
            found.push((entry.path(), version.to_owned()));
        }
    }
    match found.pop() {
        Some(only) if found.is_empty() => Ok(only),
        _ => Err(format!("{}: expected one archive {start}*{end}", packages.display()).into()),
    }
}

pub fn digest(path: &Path) -> Result<String, Problem> {
    Ok(Sha256::digest(fs::read(path)?).iter().map(|byte| format!("{byte:02x}")).collect())
}
