//! Reading unpacked packages and writing data files; every problem names its path.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::unpacked::Problem;
pub use crate::unpacked::{json, text};

pub fn yaml<T: DeserializeOwned>(path: &Path) -> Result<T, Problem> {
    serde_yaml::from_str(&text(path)?).map_err(|error| format!("{}: {error}", path.display()).into())
}

pub fn write(path: &Path, text: &str) -> Result<(), Problem> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Makes the folder hold exactly these files, so that what a source no longer has disappears here too.
pub fn replace_folder(folder: &Path, files: BTreeMap<String, String>) -> Result<(), Problem> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !files.contains_key(entry.file_name().to_string_lossy().as_ref()) {
            fs::remove_file(entry.path())?;
        }
    }
    for (name, text) in &files {
        write(&folder.join(name), text)?;
    }
    Ok(())
}

/// The folder of tables that are written by hand.
pub struct Kept(pub PathBuf);

impl Kept {
    /// The rows of a table, as cells.
    pub fn rows(&self, name: &str) -> Result<Vec<Vec<String>>, Problem> {
        let text = text(&self.0.join(name))?;
        Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    }

    /// The rows of a table of `N` columns.
    pub fn table<const N: usize>(&self, name: &str) -> Result<Vec<[String; N]>, Problem> {
        let fit = |row: Vec<String>| row.try_into().map_err(|row| format!("{name}: {row:?} has not {N} cells").into());
        self.rows(name)?.into_iter().map(fit).collect()
    }
}

/// A cell must not break the row or the list it stands in.
pub fn cell<'a>(text: &'a str, forbidden: &str) -> Result<&'a str, Problem> {
    let breaks = |c: char| c.is_control() || forbidden.contains(c);
    if text.is_empty() || text.trim() != text || text.contains(breaks) {
        return Err(format!("{text:?} cannot be written as a cell (forbidden: {forbidden:?})").into());
    }
    Ok(text)
}
