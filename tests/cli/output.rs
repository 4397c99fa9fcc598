//! What is printed: places, secrets, colour, the same bytes every time.

use super::*;

#[test]
fn all_formats_tell_the_same_places() {
    let repository = repository(&[
        ("ci.yml", CREATES_ROLES),
        ("spec.yml", SECRET),
        ("crlf.yml", &ROLE.replace('\n', "\r\n")),
        ("ci/project.yml", PROJECT),
    ]);
    let report = repository.run(&["--format", "json"]).json();
    let findings = report["findings"].as_array().expect("findings");
    assert!(findings.len() > 3);
    let texts = ["short", "rich", "pretty"].map(|format| (format, repository.run(&["--format", format]).out));
    for finding in findings {
        let first = &finding["locations"][0];
        let place = format!(
            "{}:{}:{}",
            first["path"].as_str().expect("a path"),
            first["start"]["line"],
            first["start"]["column"]
        );
        for (format, text) in &texts {
            assert!(text.contains(&place), "{format} has no {place}:\n{text}");
        }
    }
    assert_eq!(texts[0].1.lines().filter(|line| line.contains("]: ")).count(), findings.len());
}

#[test]
fn the_json_report_has_what_the_documentation_says() {
    let report =
        repository(&[("ci.yml", CREATES_ROLES), ("jinja.yml", TEXT_TEMPLATE)]).run(&["--format", "json"]).json();
    assert_eq!(report["schema"], "iamlint/1");
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    let pages = fs::read_to_string("docs/json.md").expect("docs/json.md");
    let documented = |value: &Value| {
        for key in value.as_object().expect("an object").keys() {
            assert!(pages.contains(&format!("`{key}`")) || pages.contains(&format!("`{key}[]`")), "{key}");
        }
    };
    documented(&report);
    documented(&report["summary"]);
    documented(&report["findings"][0]);
    documented(&report["findings"][0]["locations"][0]);
    documented(&report["findings"][0]["locations"][0]["start"]);
    documented(&report["summary"]["not_analysed"][0]);
    assert_eq!(report["summary"]["failing"], 1);
}

#[test]
fn secrets_are_masked_in_every_format_and_in_explain() {
    let repository = repository(&[("spec.yml", SECRET)]);
    let key = SECRET.split("AWS_ACCESS_KEY_ID: ").nth(1).and_then(|rest| rest.lines().next()).expect("a key");
    let secret = SECRET.split("AWS_SECRET_ACCESS_KEY: ").nth(1).and_then(|rest| rest.lines().next()).expect("one");
    let mut outputs: Vec<(String, Run)> = FORMATS
        .iter()
        .flat_map(|format| {
            [("-q", *format), ("-v", *format)].map(|(how, format)| {
                (format!("{format} {how}"), repository.run(&["--format", format, how, "--color", "always"]))
            })
        })
        .collect();
    for finding in repository.run(&["--format", "json"]).json()["findings"].as_array().expect("findings") {
        let id = finding["id"].as_str().expect("an id");
        outputs.push((format!("explain {id}"), repository.run(&["explain", id])));
    }
    outputs.push(("explain spec.yml:4".into(), repository.run(&["explain", "spec.yml:4"])));
    outputs.push(("explain rule".into(), repository.run(&["explain", "aws-access-key-literal"])));
    assert!(outputs.len() > 10);
    for (what, run) in outputs {
        assert!(run.out.contains("aws-access-key-literal"), "{what}: {}{}", run.out, run.err);
        for part in [key, secret, &secret[..12], &key[10..]] {
            assert!(!run.out.contains(part), "{what} shows {part}: {}", run.out);
        }
    }
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let repository = repository(&[("ci.yml", CREATES_ROLES)]);
    let is_coloured = |words: &[&str], set: &[(&str, &str)]| {
        let mut command = repository.command(words);
        set.iter().for_each(|(name, value)| {
            command.env(name, value);
        });
        let out = command.output().expect("it runs").stdout;
        out.contains(&0x1b)
    };
    assert!(!is_coloured(&[], &[]));
    assert!(is_coloured(&["--color", "always"], &[]));
    assert!(is_coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(is_coloured(&[], &[("FORCE_COLOR", "1")]));
    assert!(is_coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&[], &[("FORCE_COLOR", "0")]));
    assert!(!is_coloured(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    assert!(is_coloured(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "")]));
    assert!(!is_coloured(&["--color", "never"], &[("FORCE_COLOR", "1")]));
    for format in &FORMATS[3..] {
        assert!(!is_coloured(&["--format", format, "--color", "always"], &[]), "{format}");
    }
    assert!(is_coloured(&["explain", "passrole-wildcard"], &[("FORCE_COLOR", "1")]));
}

#[test]
fn a_quiet_run_tells_findings_alone_and_a_verbose_one_all_that_was_not_read() {
    let templates: Vec<String> = (0..9).map(|n| format!("d{n}/jinja.yml")).collect();
    let mut files: Vec<(&str, &str)> = templates.iter().map(|path| (path.as_str(), TEXT_TEMPLATE)).collect();
    files.push(("clean.yml", CLEAN));
    let repository = repository(&files);
    assert_eq!(repository.run(&["-q"]).out, "");
    let usual = repository.run(&[]).out;
    assert!(usual.contains("not analysed: 9 files") && usual.contains("and 4 more (-v lists them)"), "{usual}");
    assert!(!usual.contains("d8/jinja.yml"), "{usual}");
    assert!(repository.run(&["-v"]).out.contains("d8/jinja.yml"));
    repository.write("ci.yml", CREATES_ROLES);
    assert!(!repository.run(&[]).out.contains("see: https://"));
    assert!(repository.run(&["-v"]).out.contains("see: https://"));
}

#[test]
fn a_run_gives_the_same_bytes_with_any_number_of_threads() {
    let repository = several_folders();
    let files: Vec<_> = files_below(Path::new("fixtures/syntax"));
    for (index, path) in files.iter().enumerate() {
        let name = format!("s{index}-{}", path.rsplit('/').next().expect("a name"));
        fs::copy(path, repository.path().join(name)).expect("a copy");
    }
    for format in FORMATS {
        let bytes = |threads: &str| {
            let mut command = repository.command(&["--format", format, "-v"]);
            command.env("RAYON_NUM_THREADS", threads).output().expect("it runs").stdout
        };
        let one = bytes("1");
        assert!(!one.is_empty());
        assert_eq!(one, bytes("2"), "{format}");
        assert_eq!(one, bytes("7"), "{format}");
    }
}

#[test]
fn the_version_names_the_day_of_the_data() {
    let repository = repository(&[]);
    let version = repository.run(&["--version"]).out;
    assert!(version.starts_with(concat!("iamlint ", env!("CARGO_PKG_VERSION"), " (IAM data of 20")), "{version}");
    assert!(repository.run(&["data"]).out.starts_with("IAM data of 20"));
}
