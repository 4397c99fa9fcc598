//! Rooms import downward only: a top-level module names itself and those above it in `lib.rs`.

mod walk;

use std::fs;
use walk::{files_below, shown};

#[test]
fn every_room_imports_only_rooms_above_it() {
    let rooms = rooms(&fs::read_to_string("src/lib.rs").expect("src/lib.rs"));
    assert!(rooms.len() > 8, "lib.rs lists its rooms: {rooms:?}");
    let mut wrong = Vec::new();
    for path in files_below("src") {
        let path = shown(&path);
        if path.ends_with(".rs") && path != "src/lib.rs" && path != "src/main.rs" {
            let text = fs::read_to_string(&path).expect("a readable source");
            wrong.extend(violations(&rooms, &path, &text));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_room_is_a_file_or_a_folder() {
    let rooms = rooms(&fs::read_to_string("src/lib.rs").expect("src/lib.rs"));
    for path in files_below("src") {
        let room = room_of(&shown(&path)).to_owned();
        assert!(room == "lib" || room == "main" || rooms.contains(&room), "{room} is not in lib.rs");
    }
}

#[test]
fn an_upward_import_is_found() {
    let rooms = rooms("pub mod source;\npub mod syntax;\nmod model;\n");
    let found = |path: &str, text: &str| violations(&rooms, path, text).len();
    assert_eq!(found("src/syntax/yaml.rs", "use crate::source::Span;\nuse crate::syntax::Node;\n"), 0);
    assert_eq!(found("src/syntax/yaml.rs", "use crate::model::Role;\n"), 1);
    assert_eq!(found("src/syntax/yaml.rs", "use crate::{source::Span, model::{Role, source}};\n"), 1);
    assert_eq!(found("src/syntax/yaml.rs", "fn f() { let a: crate::model::Role; }\n"), 1);
    assert_eq!(found("src/source.rs", "pub(crate) use crate::syntax;\n"), 1);
    assert_eq!(found("src/source.rs", "//! See crate::model.\n/// `crate::model`\n"), 0);
    assert_eq!(found("src/source.rs", "use crate::unheard::Of;\n"), 1);
}

#[test]
fn a_super_that_leaves_its_room_is_found() {
    let rooms = rooms("pub mod source;\npub mod syntax;\n");
    let found = |path: &str, text: &str| violations(&rooms, path, text).len();
    assert_eq!(found("src/syntax/yaml.rs", "use super::Node;\n"), 0);
    assert_eq!(found("src/syntax/yaml.rs", "use super::super::source::Span;\n"), 1);
    assert_eq!(found("src/syntax/mod.rs", "use super::source::Span;\n"), 1);
    assert_eq!(found("src/syntax/deep/er.rs", "use super::super::Node;\n"), 0);
    assert_eq!(found("src/syntax/deep/mod.rs", "use super::super::source;\n"), 1);
    let tests = "#[cfg(test)]\nmod tests {\n    use super::super::Node;\n    use super::super::super::source;\n}\n";
    assert_eq!(found("src/syntax/yaml.rs", tests), 1);
    let both = "mod tests {\n    use super::Node;\n}\nuse super::source;\n";
    assert_eq!(found("src/syntax/mod.rs", both), 1);
}

/// The modules of `lib.rs` in their order, which is the import order.
fn rooms(lib: &str) -> Vec<String> {
    let declared = lib.lines().filter_map(|line| {
        let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
    });
    declared.collect()
}

fn room_of(path: &str) -> &str {
    path.trim_start_matches("src/").split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

fn violations(rooms: &[String], path: &str, text: &str) -> Vec<String> {
    let height = |name: &str| rooms.iter().position(|room| room == name);
    let own = height(room_of(path)).unwrap_or_else(|| panic!("{path} is in no room"));
    let mut found = Vec::new();
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let joined = code.join("\n");
    for (at, _) in joined.match_indices("crate::") {
        let line = joined[..at].lines().count().max(1);
        for name in first_names(&joined[at + "crate::".len()..]) {
            match height(&name) {
                Some(other) if other <= own => {}
                Some(_) => found.push(format!("{path}:{line}: `{}` imports `{name}`, which is below it", rooms[own])),
                None => found.push(format!("{path}:{line}: `crate::{name}` is no room")),
            }
        }
    }
    let mut open: Vec<usize> = Vec::new();
    for (index, line) in code.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if open.last() == Some(&indent) && line.trim() == "}" {
            open.pop();
        }
        let climbed = longest_climb(line);
        if climbed >= depth(path) + open.len() {
            found.push(format!("{path}:{}: `super` leaves the room", index + 1));
        }
        let words = line.trim().trim_start_matches("pub ");
        if words.starts_with("mod ") && words.ends_with('{') {
            open.push(indent);
        }
    }
    found
}

/// How many modules deep a file is: a room's own module is 1.
fn depth(path: &str) -> usize {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').count()
}

/// The most `super::` that stand in a row.
fn longest_climb(line: &str) -> usize {
    let mut longest = 0;
    let mut rest = line;
    while let Some(at) = rest.find("super::") {
        let mut climbed = 0;
        rest = &rest[at..];
        while let Some(behind) = rest.strip_prefix("super::") {
            climbed += 1;
            rest = behind;
        }
        longest = longest.max(climbed);
    }
    longest
}

/// `syntax` of `syntax::Node`, and `source` and `model` of `{source::Span, model::{Role, Policy}}`.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let mut names = Vec::new();
    let mut item = String::new();
    let mut depth = 0;
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(std::mem::take(&mut item).trim())),
            _ => {}
        }
        if c != ',' || depth > 0 {
            item.push(c);
        }
    }
    names.push(name(item.trim()));
    names.retain(|name| !name.is_empty());
    names
}
