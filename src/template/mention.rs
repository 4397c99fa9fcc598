//! Which other files a text names, so that they are read too. It is enough to look: what a name
//! means is for the front ends, and a name too many costs a file that nobody asks for.

use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// As many folders of one text are looked into for the files that it names.
const MAX_FOLDERS: usize = 16;

/// What stands before a path or at its end, and tools that read a file of their own. Literals alone,
/// so that the search is one fast pass over the text.
#[expect(clippy::expect_used, reason = "the pattern is a constant; every run uses it")]
static SIGN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) (?<before> file\( | TemplateURL | aws:asset:path | Location | DefinitionUri | env_file | BuildSpec
               | -backend-config[\x20=] )
             | (?<end> \.sh | \.bash )
             | (?<run> bash\x20 | \x20\./ )
             | (?<folder> \bcd\x20 | -C\x20 | -chdir= | --prefix[\x20=] | --cwd\x20 )
             | (?<tool> make | npm | npx | yarn | pnpm | compose ) [\s-]",
    )
    .expect("constant pattern")
});

/// Paths as they are written, sorted; relative to the file, to the folder of the project that it
/// belongs to, or to the root: whoever reads them decides. `*` stands for a variable in a path.
pub fn mentioned(text: &str) -> Vec<Cow<'_, str>> {
    let mut found: Vec<Cow<'_, str>> = Vec::new();
    let mut folders: Vec<Cow<'_, str>> = Vec::new();
    for sign in SIGN.captures_iter(text) {
        if let Some(before) = sign.name("before") {
            let rest = text[before.end()..].trim_start_matches([' ', ':', '=', '"', '\'', '[', '\n', '-']);
            found.push(path_at(rest));
        } else if let Some(run) = sign.name("run") {
            let is_path = run.as_str().ends_with("./");
            found.push(path_at(&text[run.end() - if is_path { 2 } else { 0 }..]));
        } else if let Some(folder) = sign.name("folder") {
            folders.push(path_at(text[folder.end()..].trim_start_matches(['"', '\''])));
        } else if let Some(end) = sign.name("end") {
            let start = text[..end.start()]
                .rfind(|letter| !is_of_path(letter))
                .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
            found.push(text[start..end.end()].into());
        } else {
            let names = read_by(sign.name("tool").map_or("", |tool| tool.as_str()));
            found.extend(names.iter().map(|name| Cow::from(*name)));
        }
    }
    folders.sort_unstable();
    folders.dedup();
    folders.retain(|folder| !folder.is_empty());
    found.retain(|path| path.contains(is_of_path));
    found.sort_unstable();
    found.dedup();
    // What is named after `cd app` lies below `app`.
    let below = |folder: &Cow<'_, str>| found.iter().map(|path| format!("{folder}/{path}")).collect::<Vec<_>>();
    let mut paths: Vec<Cow<'_, str>> = folders.iter().take(MAX_FOLDERS).flat_map(below).map(Cow::Owned).collect();
    paths.extend(found);
    paths.sort_unstable();
    paths
}

/// The path that a text starts with: `config/${opt:stage, 'dev'}.yml` is `config/*.yml`.
fn path_at(text: &str) -> Cow<'_, str> {
    let end = |text: &str| text.find(|letter| !is_of_path(letter)).unwrap_or(text.len());
    let mut at = end(text);
    let mut path = Cow::from(&text[..at]);
    while let Some(inside) = text[at..].strip_prefix("${") {
        let mut depth = 1;
        let close = inside.find(|letter: char| {
            depth += i32::from(letter == '{') - i32::from(letter == '}');
            depth == 0 || letter == '\n'
        });
        let Some(close) = close.filter(|close| inside[*close..].starts_with('}')) else { break };
        at += 2 + close + 1;
        let more = end(&text[at..]);
        path += "*";
        path += &text[at..at + more];
        at += more;
    }
    path
}

fn is_of_path(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '.' | '/' | '_' | '-')
}

/// The file that tells what a tool runs.
fn read_by(tool: &str) -> &'static [&'static str] {
    match tool {
        "make" => &["Makefile", "makefile", "GNUmakefile"],
        "npm" | "npx" | "yarn" | "pnpm" => &["package.json"],
        "compose" => &[".env"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::mentioned;

    #[test]
    fn files_are_named_by_variables_scripts_properties_and_tools() {
        assert_eq!(mentioned("resources:\n  - ${file(./infra/roles.yml):Roles}"), ["./infra/roles.yml"]);
        assert_eq!(mentioned("${file(env/${opt:stage, '${self:a}'}.yml)}"), ["env/*.yml"]);
        assert_eq!(mentioned("${file(${opt:a})} ${file(env/${opt:stage"), ["env/"]);
        assert_eq!(mentioned("- ./bin/deploy.sh prod && bash lib.sh"), ["./bin/deploy.sh", "lib.sh"]);
        assert_eq!(mentioned("- bash ci/login && ./run"), ["./run", "ci/login"]);
        assert_eq!(mentioned("- cd app && npm run x"), ["app/package.json", "package.json"]);
        assert_eq!(
            mentioned("- make -C lib\n")[2..5],
            ["lib/GNUmakefile", "lib/Makefile", "lib/makefile"].map(String::from)[..]
        );
        assert_eq!(mentioned("env_file:\n  - a.env\n"), ["a.env"]);
        assert_eq!(mentioned("TemplateURL: ./nested.yaml\n"), ["./nested.yaml"]);
        assert_eq!(mentioned("\"aws:asset:path\": \"Ci.nested.json\""), ["Ci.nested.json"]);
        assert_eq!(mentioned("\"aws:asset:path\": \"Ci.nested.json\""), ["Ci.nested.json"]);
        assert_eq!(mentioned("\"Location\": \"api.yaml\""), ["api.yaml"]);
        assert_eq!(mentioned("- npm run deploy"), ["package.json"]);
        assert_eq!(mentioned("- terraform init -backend-config=\"env/$STAGE.tfbackend\""), ["env/"]);
        assert_eq!(mentioned("- terraform init -backend-config=env/prod.tfbackend"), ["env/prod.tfbackend"]);
        assert_eq!(mentioned("- terraform -chdir=infra init -backend-config ../a.hcl"), ["../a.hcl", "infra/../a.hcl"]);
        assert_eq!(mentioned("- npx cdk deploy"), ["package.json"]);
        assert_eq!(mentioned("Sid: file"), Vec::<String>::new());
    }
}
