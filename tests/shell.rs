//! Shell scripts as another reader sees them: the same simple commands, with the same words at the
//! same places. With `IAMLINT_CORPUS`, the commands of its buildspecs too.

mod walk;

use iamlint::source::Sources;
use iamlint::syntax::shell::{self, Kind};
use iamlint::template::buildspec::Buildspec;
use iamlint::value::Value;
use rable::{Node, NodeKind};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

const SCRIPTS: &[&str] = &[
    "echo a 'b c' \"d $E\" f\\ g && make -j4 || exit 1; true",
    "A=1 B=\"$C\" run --x=\"${Y:-z}\" 2>&1 >log </dev/null | tee -a out &",
    "export V=$(git describe --tags `date +%F`) && docker build -t app:$V --build-arg X=\"$(cat x)\" .",
    "if [ -z \"$A\" ]; then echo no; elif [[ $B == c* && -f d ]]; then e; else f; fi",
    "for f in a b c; do test -f $f && rm \"$f\"; done; while read -r l; do echo \"$l\"; done < file",
    "case \"$X\" in\n  a|b) run a ;;\n  *) run \"$X\"; exit 1 ;;\nesac\nafter",
    "f() {\n  local x=$1\n  g \"$x\"\n}\nfunction h { i; }\nf 1",
    "cat > policy.json <<EOF\n{\"Resource\": \"$ARN\"}\nEOF\naws iam create-policy --policy-document file://policy.json",
    "cat <<-'END' | sort\n\tb $(not run)\n\ta\n\tEND\nnext",
    "(cd a && ./b) && { c; d; } > e",
    "x=$((1 + 2)); (( x > 2 )) && y; arr=(1 2 3); z \"${arr[@]}\" ${#x} ${x%.*} ${x/a/b}",
    "diff <(sort a) <(sort b) # why\nsleep 1; ! grep -q x y",
    "aws s3 sync . s3://$BUCKET/ \\\n  --delete \\\n  --exclude '*.map'\necho done",
    "curl -s https://a/b?c=d\\&e | jq -r '.[] | select(.x == \"y\")' | xargs -I{} sh -c 'echo {}'",
    "until curl -fs localhost; do sleep 1; done; echo $'a\\tb' $\"c\" ${HOME}/d ~/e",
    "sed -i \"s/VERSION/${CODEBUILD_RESOLVED_SOURCE_VERSION:0:8}/\" k8s/*.yml",
];

#[test]
fn two_readers_see_the_same_commands() {
    let mut scripts: Vec<String> = SCRIPTS.iter().map(|script| (*script).to_owned()).collect();
    scripts.extend(corpus());
    let (mut compared, mut failures) = (0, Vec::new());
    for script in &scripts {
        let Ok(nodes) = rable::parse(script, true) else { continue };
        let mut theirs = BTreeSet::new();
        nodes.iter().for_each(|node| visit(node, script, &mut theirs));
        let ours = ours(script);
        compared += theirs.len();
        if theirs != ours {
            let missing: Vec<_> = theirs.difference(&ours).collect();
            let extra: Vec<_> = ours.difference(&theirs).collect();
            failures.push(format!("{script}\n  missing {missing:?}\n  extra {extra:?}"));
        }
    }
    println!("{compared} commands of {} scripts compared", scripts.len());
    assert!(compared > 60 && failures.is_empty(), "{}\n{} scripts differ", failures.join("\n"), failures.len());
}

/// The words of each command that stands in no other: the text of each, at its place.
type Commands = BTreeSet<Vec<(usize, String)>>;

fn ours(text: &str) -> Commands {
    let script = shell::parse(text);
    let mut inner: Vec<Range<usize>> = Vec::new();
    for command in &script.commands {
        inner.extend(command.words.iter().map(|word| word.range.clone()));
        inner.extend(command.assignments.iter().map(|one| one.range.clone()));
        inner.extend(command.redirections.iter().filter_map(|one| one.body.as_ref()).map(|body| body.range.clone()));
        inner.extend(command.redirections.iter().map(|one| one.target.range.clone()));
    }
    let is_outer = |range: &Range<usize>| {
        !inner
            .iter()
            .any(|word| word.start <= range.start && range.end <= word.end && word != range && !range.is_empty())
    };
    let simple = script.commands.iter().filter(|command| command.kind == Kind::Simple && is_outer(&command.range));
    simple
        .map(|command| {
            let assignments = command.assignments.iter().map(|one| one.range.clone());
            let words = command.words.iter().map(|word| word.range.clone());
            assignments.chain(words).map(|range| (range.start, text[range].to_owned())).collect()
        })
        .filter(|words: &Vec<_>| !words.is_empty())
        .collect()
}

fn visit(node: &Node, text: &str, found: &mut Commands) {
    let each = |nodes: &[&Node], found: &mut Commands| nodes.iter().for_each(|node| visit(node, text, found));
    match &node.kind {
        NodeKind::Command { assignments, words, .. } => {
            let place = |node: &Node| {
                let start = text.char_indices().nth(node.span.start).map_or(text.len(), |(at, _)| at);
                (start, node.source_text(text).to_owned())
            };
            let words: Vec<_> = assignments.iter().chain(words).map(place).collect();
            if !words.is_empty() {
                found.insert(words);
            }
        }
        NodeKind::Pipeline { commands, .. } => commands.iter().for_each(|node| visit(node, text, found)),
        NodeKind::List { items } => items.iter().for_each(|item| visit(&item.command, text, found)),
        NodeKind::If { condition, then_body, else_body, .. } => {
            each(&[condition, then_body], found);
            else_body.iter().for_each(|body| visit(body, text, found));
        }
        NodeKind::While { condition, body, .. } | NodeKind::Until { condition, body, .. } => {
            each(&[condition, body], found);
        }
        NodeKind::For { body, .. }
        | NodeKind::ForArith { body, .. }
        | NodeKind::Select { body, .. }
        | NodeKind::Function { body, .. }
        | NodeKind::Subshell { body, .. }
        | NodeKind::BraceGroup { body, .. } => visit(body, text, found),
        NodeKind::Case { patterns, .. } => {
            patterns.iter().filter_map(|pattern| pattern.body.as_ref()).for_each(|body| visit(body, text, found));
        }
        NodeKind::Negation { pipeline } => visit(pipeline, text, found),
        _ => {}
    }
}

/// The commands of all buildspecs of the corpus.
fn corpus() -> Vec<String> {
    let Some(folder) = std::env::var_os("IAMLINT_CORPUS").map(PathBuf::from) else { return Vec::new() };
    let mut found = Vec::new();
    for path in walk::files_below(folder.join("buildspec")) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let mut sources = Sources::new();
        let file = sources.add(walk::shown(&path), text);
        let parsed = iamlint::syntax::parse(&sources.get(file).text, file);
        let buildspec = parsed.root().and_then(|root| Buildspec::read(&Value::plain(root)));
        found.extend(buildspec.iter().flat_map(Buildspec::commands).map(|text| text.display().into_owned()));
    }
    found.sort();
    found.dedup();
    found
}
