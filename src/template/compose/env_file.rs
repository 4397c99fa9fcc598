//! Files of lines `NAME=value` that a compose file takes in.
//!
//! Source: <https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>

use super::Setting;
use super::interpolate::Variables;
use crate::source::{FileId, OffsetMap, Span, Spanned};
use crate::template::repository::Repository;
use crate::value::{Part, Text};

/// What the file `.env` in the folder of a compose file sets.
pub fn beside(repository: &Repository<'_>, compose: FileId) -> Variables {
    let file = repository.find(repository.folder(compose), ".env").ok();
    let settings = file.map(|file| read(repository.text(file), file)).unwrap_or_default();
    let value = |setting: Setting| Some((setting.name.value, setting.value?.literal()?.to_owned()));
    Variables { values: settings.into_iter().filter_map(value).collect() }
}

/// What a file that is named from a compose file sets; `None` when it is not among the files.
pub fn named(repository: &Repository<'_>, compose: FileId, path: &Text) -> Option<Vec<Setting>> {
    let path = path.with_defaults()?;
    let file = repository.find(repository.folder(compose), &path).ok()?;
    Some(read(repository.text(file), file))
}

fn read(text: &str, file: FileId) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let shown = line.trim();
        if shown.is_empty() || shown.starts_with('#') {
            continue;
        }
        let Some(equals) = line.find('=') else { continue };
        let name = line[..equals].trim();
        let name = name.strip_prefix("export ").map_or(name, str::trim);
        let at = start + line.find(name).unwrap_or(0);
        let name = Spanned::new(name.to_owned(), Span::new(file, at, at + name.len()));
        let value = line[equals + 1..].trim();
        let at = start + equals + 1 + line[equals + 1..].find(value).unwrap_or(0);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, at) = match quote.and_then(|quote| value[1..].split_once(quote)) {
            Some((inside, _)) => (inside, at + 1),
            // A comment behind a value has a blank in front.
            None => (value.split(" #").next().unwrap_or(value).trim_end(), at),
        };
        let span = Span::new(file, at, at + value.len());
        let parts = vec![Part::Known(value.into(), OffsetMap::verbatim(file, at as u32))];
        found.push(Setting { name, value: Some(Text { parts, span }) });
    }
    found
}
