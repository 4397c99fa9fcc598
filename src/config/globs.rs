//! Patterns of files, relative to a folder. `*` crosses `/`, and a folder means all that is in it.

use globset::{Glob, GlobSet, GlobSetBuilder};

/// A set of patterns, relative to `folder`; the text of an error is a whole sentence.
pub fn globs<'p>(folder: &str, patterns: impl IntoIterator<Item = &'p str>) -> Result<GlobSet, String> {
    let mut builder = GlobSetBuilder::new();
    let prefix = if folder.is_empty() { String::new() } else { format!("{}/", globset::escape(folder)) };
    for pattern in patterns {
        let whole = format!("{prefix}{pattern}");
        let glob =
            Glob::new(&whole).map_err(|error| format!("`{pattern}` is no pattern of files: {}", error.kind()))?;
        builder.add(glob);
        if let Ok(below) = Glob::new(&format!("{}/**", whole.trim_end_matches('/'))) {
            builder.add(below);
        }
    }
    builder.build().map_err(|error| format!("the patterns of files are too large: {error}"))
}
