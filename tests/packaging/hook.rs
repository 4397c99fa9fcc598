//! pre-commit itself runs the hook of this repository, with the program that the tests built.

use super::*;
use std::path::PathBuf;

#[test]
fn a_commit_that_touches_one_file_is_refused_for_a_role_in_another() {
    let Some(pre_commit) = pre_commit() else { return };
    let hooks = TempDir::new().expect("a folder");
    fs::copy(".pre-commit-hooks.yaml", hooks.path().join(".pre-commit-hooks.yaml")).expect("a copy");
    let release = commit(hooks.path(), &[".pre-commit-hooks.yaml"]);
    assert!(release.status.success(), "{}", said(&release));
    let revision = git(hooks.path(), &["rev-parse", "HEAD"]);

    let user = User { folder: TempDir::new().expect("a folder"), home: TempDir::new().expect("a folder") };
    let config = format!(
        "repos:\n  - repo: {}\n    rev: {}\n    hooks:\n      - id: iamlint-system\n",
        hooks.path().display(),
        said(&revision).trim()
    );
    user.write(".pre-commit-config.yaml", &config);
    user.write("iam/role.yml", &read("fixtures/cli/role.yml"));
    user.write("ci/project.yml", &read("fixtures/cli/project.yml"));
    user.write("notes.txt", "nothing of AWS\n");
    // What was there before the hook.
    assert!(commit(user.folder.path(), &["iam/role.yml", ".pre-commit-config.yaml"]).status.success());
    let installed = user.run(Command::new(&pre_commit).arg("install"));
    assert!(installed.status.success(), "{}", said(&installed));

    let output = user.commit(&["notes.txt"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("(no files to check)Skipped"), "{}", said(&output));

    let output = user.commit(&["ci/project.yml"]);
    assert!(!output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("[passrole-wildcard]"), "{}", said(&output));
    assert!(said(&output).contains("iam/role.yml:"), "{}", said(&output));

    user.write("iam/role.yml", &read("fixtures/cli/role.yml").replace("\"*\"", "arn:aws:iam::111122223333:role/app"));
    let output = user.commit(&["ci/project.yml", "iam/role.yml"]);
    assert!(!said(&output).contains("[passrole-wildcard]"), "{}", said(&output));
}

/// A repository whose commits go through the hook.
struct User {
    folder: TempDir,
    /// Where pre-commit keeps what it has made.
    home: TempDir,
}

impl User {
    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn commit(&self, paths: &[&str]) -> Output {
        assert!(git(self.folder.path(), &[&["add", "--"], paths].concat()).status.success());
        self.run(&mut committing(self.folder.path()))
    }

    /// With the program of the tests as the one that is installed.
    fn run(&self, command: &mut Command) -> Output {
        let program = cargo_bin("iamlint");
        let mut path = vec![program.parent().expect("a folder").to_path_buf()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        command
            .current_dir(self.folder.path())
            .env("PATH", std::env::join_paths(path).expect("a path"))
            .env("PRE_COMMIT_HOME", self.home.path())
            .output()
            .expect("it runs")
    }
}

/// A commit without any hook, in a repository that is made if there is none.
fn commit(folder: &Path, paths: &[&str]) -> Output {
    git(folder, &["init", "--quiet"]);
    git(folder, &[&["add", "--"], paths].concat());
    committing(folder).output().expect("it runs")
}

fn committing(folder: &Path) -> Command {
    let mut command = Command::new("git");
    let words = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com", "commit", "--message", "change"];
    command.args(words).current_dir(folder);
    command
}

fn git(folder: &Path, words: &[&str]) -> Output {
    Command::new("git").args(words).current_dir(folder).output().expect("it runs")
}

/// pre-commit in an environment of its own, which is kept for the next time; none where it cannot be had.
fn pre_commit() -> Option<PathBuf> {
    let (python, _) = (tool("python3")?, tool("git")?);
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pre-commit");
    let program = environment.join("bin/pre-commit");
    if program.exists() {
        return Some(program);
    }
    let made = Command::new(python).args(["-m", "venv"]).arg(&environment).output().expect("it runs");
    if !made.status.success() {
        println!("skipped: python3 makes no environments here: {}", said(&made));
        return None;
    }
    let installed = Command::new(environment.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--timeout", "10", "--retries", "1"])
        .arg("pre-commit>=4,<5")
        .output()
        .expect("it runs");
    if !installed.status.success() {
        println!("skipped: pre-commit cannot be had from PyPI: {}", said(&installed));
        return None;
    }
    Some(program)
}
