//! Files of an image that every program in it may change.

use crate::diagnostic::Severity;
use crate::model::command::Word;
use crate::model::image::Image;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "world-writable",
    summary: "files of an image that every program in it may change",
    params: &[],
    facts: &["mode"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.images.iter().filter_map(of_image).collect())
}

/// One finding for an image: the first place, the others named.
fn of_image(image: &Image) -> Option<Finding> {
    let commands = image.commands.iter().filter(|command| command.program() == "chmod");
    let modes = commands.filter_map(|command| command.arguments().iter().find(|word| !is_option(word)));
    let mut open = modes.filter(|word| lets_others_write(&word.text));
    let first = open.next()?;
    let mut found = Finding::new(first.span, "chmod").fact("mode", first.written());
    for other in open.take(3) {
        found = found.related(other.span, "here too");
    }
    // An image that goes nowhere is one to build or test in.
    Some(if image.is_pushed { found } else { found.severity(Severity::Info) })
}

/// `-R`, and not `-w`, which is a mode.
fn is_option(word: &Word) -> bool {
    word.text.starts_with("--") || matches!(word.text.as_str(), "-R" | "-v" | "-f" | "-c" | "-Rf" | "-vR")
}

/// `777`, `0666`, `a+rwx`, `o=w`. With the sticky bit, as `/tmp` has it, everybody changes their own files alone.
fn lets_others_write(mode: &str) -> bool {
    if mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte)) && mode.len() >= 3 {
        let digit = |at: usize| mode.bytes().rev().nth(at).map_or(0, |byte| byte - b'0');
        return digit(0) & 2 != 0 && digit(3) & 1 == 0;
    }
    mode.split(',').any(|part| {
        let Some(at) = part.find(['+', '=']) else { return false };
        let (who, what) = (&part[..at], &part[at + 1..]);
        who.contains(['a', 'o']) && what.contains('w') && !what.contains('t')
    })
}

#[cfg(test)]
mod tests {
    use super::lets_others_write;

    #[test]
    fn modes_that_let_others_write() {
        assert!(["777", "0777", "666", "a+w", "ugo+rwx", "u+x,o+w", "o=rw", "2777"].into_iter().all(lets_others_write));
        let closed = ["755", "1777", "0775", "+x", "u+w", "g+w", "a+x", "o-w", "+w", "$MODE", "a+rwxt"];
        assert!(!closed.into_iter().any(lets_others_write));
    }
}
