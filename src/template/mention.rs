//! Which other files a text names, so that they are read too. It is enough to look: what a name
//! means is for the front ends, and a name too many costs a file that nobody asks for.

use regex::Regex;
use std::sync::LazyLock;

/// `${file(./roles.yml):Path}` of the Serverless Framework, scripts, and files named by a property
/// that holds a path.
#[expect(clippy::expect_used, reason = "the pattern is a constant; every run uses it")]
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        \bfile\( \s* (?<file>[^)\s$]+)
      | (?<script>[\w./-]+\.(?:sh|bash))\b
      | (?: TemplateURL | aws:asset:path | Location | DefinitionUri | DefinitionS3Location | env_file | BuildSpec ) ["']? \s* : \s* ["']?
        (?<value>[\w./-]+)
      | \b (?<tool>make|npm|yarn|pnpm|compose) \b"#,
    )
    .expect("constant pattern")
});

/// Paths as they are written, in the order they are met; relative to the file, to the folder of the
/// project that it belongs to, or to the root, whoever reads them decides.
pub fn mentioned(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for captures in NAMED.captures_iter(text) {
        let named = ["file", "script", "value"].iter().find_map(|name| captures.name(name));
        match named {
            Some(path) => found.push(path.as_str().trim_matches(['"', '\''])),
            None => found.extend(read_by(captures.name("tool").map_or("", |tool| tool.as_str()))),
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The file that tells what a tool runs.
fn read_by(tool: &str) -> &'static [&'static str] {
    match tool {
        "make" => &["Makefile", "makefile", "GNUmakefile"],
        "npm" | "yarn" | "pnpm" => &["package.json"],
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
        assert_eq!(mentioned("- ./bin/deploy.sh prod && bash lib.sh"), ["./bin/deploy.sh", "lib.sh"]);
        assert_eq!(mentioned("TemplateURL: ./nested.yaml\n"), ["./nested.yaml"]);
        assert_eq!(mentioned("\"aws:asset:path\": \"Ci.nested.json\""), ["Ci.nested.json"]);
        assert_eq!(mentioned("\"Location\": \"api.yaml\""), ["api.yaml"]);
        assert_eq!(mentioned("- npm run deploy"), ["package.json"]);
        assert_eq!(mentioned("Sid: file"), Vec::<&str>::new());
    }
}
