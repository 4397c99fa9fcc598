//! Folders of repositories, as the programs that count over them read them.

use iamlint::source::Sources;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The repositories below the folders that are named on the command line, one after the other: nothing in
/// one is about the others.
pub fn repositories() -> io::Result<impl Iterator<Item = io::Result<Sources>>> {
    let folders = env::args_os().skip(1).map(|folder| entries(Path::new(&folder)));
    let paths = folders.collect::<io::Result<Vec<_>>>()?.into_iter().flatten();
    Ok(paths.map(|path| {
        let mut sources = Sources::new();
        read(&path, &path, &mut sources)?;
        Ok(sources)
    }))
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// Every file that is text; what it is, its content says.
fn read(path: &Path, root: &Path, sources: &mut Sources) -> io::Result<()> {
    if path.is_dir() {
        return entries(path)?.iter().try_for_each(|entry| read(entry, root, sources));
    }
    if let Ok(text) = fs::read_to_string(path) {
        let folder = if root.is_dir() { root } else { root.parent().unwrap_or(root) };
        sources.add(path.strip_prefix(folder).unwrap_or(path).to_string_lossy(), text);
    }
    Ok(())
}
