//! Completions and pages of the manual, made of the arguments.

use super::*;

#[test]
fn completions_know_every_flag_of_a_check() {
    let repository = repository(&[]);
    for (shell, start) in [("bash", "_iamlint()"), ("zsh", "#compdef iamlint"), ("fish", "# Print an optspec")] {
        let run = repository.run(&["completions", shell]);
        assert_eq!(run.status, 0, "{}", run.err);
        assert!(run.out.starts_with(start), "{shell}: {}", &run.out[..60]);
        assert!(run.out.contains("fail-on") && run.out.contains("minimize"), "{shell}");
    }
    assert_eq!(repository.run(&["completions", "tcsh"]).status, 2);
}

#[test]
fn each_command_has_a_page_of_the_manual() {
    let repository = repository(&[]);
    let whole = repository.run(&["man"]).out;
    assert!(whole.contains(".TH iamlint 1") && whole.contains("policy"), "{whole}");
    let check = repository.run(&["man", "check"]).out;
    assert!(check.contains(r"\-\-fail\-on"), "{check}");
    let misspelt = repository.run(&["man", "chek"]);
    assert_eq!(misspelt.status, 2);
    assert!(misspelt.err.contains("did you mean `check`?"), "{}", misspelt.err);
}
