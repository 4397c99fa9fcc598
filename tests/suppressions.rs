//! Comments, metadata and entries of the configuration that suppress findings: one meaning, three
//! spellings.

use iamlint::config::Config;
use iamlint::linter::{Options, Report, lint};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use jiff::civil::date;

/// A build whose role may pass and create roles. `@` marks where suppressions are put.
const TEMPLATE: &str = r#"Resources:
  @resource
  BuildRole:
    Type: AWS::IAM::Role
    @metadata
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: codebuild.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: build
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              @statement
              - Sid: Roles
                Effect: Allow
                Action:
                  @action
                  - iam:CreateRole
                  @second
                Resource: "*"
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: !GetAtt BuildRole.Arn
      Source: {Type: NO_SOURCE, BuildSpec: "version: 0.2"}
      Artifacts: {Type: NO_ARTIFACTS}
      Environment: {Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL, Image: "aws/codebuild/standard:7.0"}
"#;

const RULE: &str = "ci-role-creates-principals";

/// The template with some of its marks filled in.
fn template(fills: &[(&str, &str)]) -> String {
    let fill = |line: &str| {
        let Some((indent, mark)) = line.split_once('@') else { return format!("{line}\n") };
        let filled = fills.iter().find(|(name, _)| *name == mark);
        filled.map_or(String::new(), |(_, text)| text.lines().map(|text| format!("{indent}{text}\n")).collect())
    };
    TEMPLATE.lines().map(fill).collect()
}

struct Run {
    sources: Sources,
    report: Report,
}

fn run_with(files: &[(&str, &str)], config: &str, change: impl FnOnce(&mut Options)) -> Run {
    let mut sources = Sources::new();
    let file = sources.add("iamlint.toml", config);
    let config = Config::read(&sources, file, "").unwrap_or_else(|problems| panic!("{problems:?}"));
    let files: Vec<_> = files.iter().map(|(path, text)| sources.add(*path, *text)).collect();
    let mut options = Options {
        config,
        reported: Some(files.into_iter().collect()),
        today: Some(date(2026, 6, 15)),
        ..Options::default()
    };
    change(&mut options);
    let wanted = [RULE, "parse-error", "pipe-to-shell", "image-runs-as-root"];
    let rules: Vec<_> = builtin::rules().iter().filter(|rule| wanted.contains(&rule.id.as_str())).cloned().collect();
    let report = lint(&sources, &rules, &options);
    Run { sources, report }
}

fn run(text: &str) -> Run {
    run_with(&[("ci.yml", text)], "", |_| {})
}

fn run_by(text: &str, config: &str) -> Run {
    run_with(&[("ci.yml", text)], config, |_| {})
}

impl Run {
    /// Rules of all findings, and what is underlined.
    fn found(&self) -> Vec<(&str, &str)> {
        self.report.diagnostics.iter().map(|one| (one.rule.as_str(), self.sources.slice(one.primary.span))).collect()
    }

    fn suppressed(&self) -> Vec<(&str, Option<&str>)> {
        let all = self.report.suppressed.iter();
        all.map(|one| (one.diagnostic.rule.as_str(), one.reason.as_deref())).collect()
    }

    fn hides_all(&self) {
        assert_eq!(self.found(), []);
        assert_eq!(self.suppressed().len(), 1);
    }
}

const COMMENT: &str = "# iamlint: ignore[ci-role-creates-principals] -- roles are bounded";

#[test]
fn without_a_suppression_the_finding_is_there() {
    assert_eq!(run(&template(&[])).found(), [(RULE, "iam:CreateRole")]);
}

#[test]
fn a_comment_covers_the_node_below_it() {
    for place in ["resource", "statement", "action"] {
        let run = run(&template(&[(place, COMMENT)]));
        assert_eq!(run.found(), [], "{place}");
        assert_eq!(run.suppressed(), [(RULE, Some("roles are bounded"))], "{place}");
        assert_eq!(run.sources.slice(run.report.suppressed[0].place), COMMENT);
    }
}

#[test]
fn a_comment_behind_a_node_covers_what_starts_on_its_line() {
    for line in ["- iam:CreateRole", "Action:", "- Sid: Roles", "BuildRole:"] {
        run(&template(&[]).replace(&format!("{line}\n"), &format!("{line} {COMMENT}\n"))).hides_all();
    }
}

#[test]
fn a_comment_covers_nothing_beside_its_node() {
    let text = template(&[("second", COMMENT)]);
    assert_eq!(run(&text).found(), [(RULE, "iam:CreateRole"), ("unused-suppression", RULE)]);
}

#[test]
fn suppression_of_one_action_does_not_hide_a_second_one_added_later() {
    let second = ("second", "- iam:CreateUser");
    let config = "[[ignore]]\nrule = \"ci-role-creates-principals\"\naction = \"iam:CreateRole\"\n";
    let scoped = "# iamlint: ignore[ci-role-creates-principals] action=iam:CreateRole";
    let metadata = "Metadata: {iamlint: {ignore: [{rule: ci-role-creates-principals, action: iam:CreateRole}]}}";
    for (fills, config) in
        [(("action", COMMENT), ""), (("statement", scoped), ""), (("metadata", metadata), ""), (("", ""), config)]
    {
        run_by(&template(&[fills]), config).hides_all();
        let run = run_by(&template(&[fills, second]), config);
        assert_eq!(run.found(), [(RULE, "iam:CreateRole")], "{fills:?}{config}");
        assert!(run.report.diagnostics[0].message.contains("iam:CreateUser"));
    }
}

#[test]
fn misspelled_suppression_key_is_an_error_with_suggestion() {
    for (place, text, at, help) in [
        ("metadata", "Metadata: {iamlint: {ignores: []}}", "ignores", "did you mean `ignore`?"),
        ("metadata", "Metadata: {iamlint: {ignore: [{rules: x}]}}", "rules", "did you mean `rule`?"),
        (
            "metadata",
            "Metadata: {iamlint: {ignore: [{rule: ci-role-creates-principles}]}}",
            "ci-role-creates-principles",
            "did you mean `ci-role-creates-principals`?",
        ),
        ("statement", "# iamlint: ignroe[ci-role-creates-principals]", "ignroe", "did you mean `ignore`?"),
        ("statement", "# iamlint: ignore[ci-role-creates-principles]", "ci-role-creates-principles", "principals`?"),
        ("statement", "# iamlint: ignore[ci-role-creates-principals] untill=2027-01-01", "untill", "`until`?"),
    ] {
        let run = run(&template(&[(place, text)]));
        assert_eq!(run.found(), [(RULE, "iam:CreateRole"), ("bad-suppression", at)], "{text}");
        let told = &run.report.diagnostics[1];
        assert!(told.help.as_ref().is_some_and(|told| told.contains(help)), "{told:?}");
        assert!(run.report.fails(iamlint::diagnostic::Severity::Medium));
    }
}

#[test]
fn metadata_of_a_resource_or_a_template_says_the_same() {
    let entry = "{iamlint: {ignore: [{rule: ci-role-creates-principals, sid: Roles, reason: why, until: 2026-12-31}]}}";
    let run_of = run(&template(&[("metadata", &format!("Metadata: {entry}"))]));
    assert_eq!((run_of.found(), run_of.suppressed()), (vec![], vec![(RULE, Some("why"))]));
    run(&format!("Metadata: {entry}\n{}", template(&[]))).hides_all();
    let run = run(&template(&[("metadata", &format!("Metadata: {}", entry.replace("Roles", "Other")))]));
    assert_eq!(run.found(), [(RULE, "iam:CreateRole"), ("unused-suppression", RULE)]);
}

#[test]
fn entries_of_the_configuration_fit_by_content() {
    let entry = |limits: &str| format!("[[ignore]]\nrule = \"ci-role-creates-principals\"\n{limits}");
    for limits in [
        "",
        "path = \"*.yml\"",
        "sid = \"Roles\"",
        "resource = \"BuildRole\"",
        "action = [\"IAM:createrole\"]",
        "path = \"ci.yml\"\nsid = \"Roles\"\naction = \"iam:CreateRole\"\nuntil = 2026-12-31\nreason = \"why\"",
    ] {
        run_by(&template(&[]), &entry(limits)).hides_all();
    }
    for limits in ["sid = \"Role\"", "resource = \"Build\"", "action = \"iam:*\"", "path = \"ci.yml\"\nsid = \"Other\""]
    {
        let run = run_by(&template(&[]), &entry(limits));
        let quoted = "\"ci-role-creates-principals\"";
        assert_eq!(run.found(), [(RULE, "iam:CreateRole"), ("unused-suppression", quoted)], "{limits}");
    }
    // Of files that the run does not tell of there is nothing to say.
    assert_eq!(run_by(&template(&[]), &entry("path = \"other/**\"")).found(), [(RULE, "iam:CreateRole")]);
}

#[test]
fn comment_and_metadata_and_configuration_together_are_their_union() {
    let config = "[[ignore]]\nrule = \"ci-role-creates-principals\"\naction = \"iam:CreateRole\"\n";
    let metadata = "Metadata: {iamlint: {ignore: [{rule: ci-role-creates-principals, action: iam:CreateUser}]}}";
    let group = format!("{COMMENT}\n- iam:CreateAccessKey");
    let second = format!("- iam:CreateUser\n{group}");
    let text = template(&[("metadata", metadata), ("second", &second)]);
    let known = run_by(&text, config);
    assert_eq!(known.found(), [], "{text}");
    assert_eq!(run_by(&text, "").found().len(), 1, "one of three is not covered");
}

#[test]
fn lines_that_move_change_no_suppression() {
    let config = "[[ignore]]\nrule = \"ci-role-creates-principals\"\npath = \"ci.yml\"\nsid = \"Roles\"\n";
    run_by(&format!("{}{}", "\n".repeat(100), template(&[])), config).hides_all();
    let moved = run_with(&[("other.yml", &template(&[]))], config, |_| {});
    assert_eq!(moved.found(), [(RULE, "iam:CreateRole")]);
}

#[test]
fn what_is_expired_does_not_count_and_what_ends_soon_is_told() {
    let text = |until: &str| template(&[("statement", &format!("{} until={until}", &COMMENT[..45]))]);
    assert_eq!(run(&text("2026-06-14")).found(), [(RULE, "iam:CreateRole"), ("expired-suppression", "2026-06-14")]);
    assert_eq!(run(&text("2026-06-15")).found(), [("suppression-expires-soon", "2026-06-15")]);
    assert_eq!(run(&text("2026-07-15")).found(), [("suppression-expires-soon", "2026-07-15")]);
    run(&text("2026-07-16")).hides_all();
    let timeless = run_with(&[("ci.yml", &text("2020-01-01"))], "", |options| options.today = None);
    timeless.hides_all();
}

#[test]
fn an_unused_suppression_is_a_finding_unless_its_rule_was_not_asked() {
    let text = template(&[("statement", "# iamlint: ignore[ci-role-creates-principals, pipe-to-shell]")]);
    assert_eq!(run(&text).found(), [("unused-suppression", "pipe-to-shell")]);
    assert_eq!(run(&text.replace("pipe-to-shell", "privileged-mode")).found(), []);
    let off = "[rules]\nci-role-creates-principals = \"off\"\n";
    assert_eq!(run_by(&template(&[("statement", COMMENT)]), off).found(), []);
    let off = "[rules]\nunused-suppression = \"off\"\n";
    assert_eq!(run_by(&text, off).found(), []);
    let part = run_with(&[("ci.yml", &text)], "", |options| options.is_partial = true);
    assert_eq!(part.found(), [], "a file that was not read may have what it is for");
}

#[test]
fn reasons_and_dates_can_be_asked_for() {
    let bare = template(&[("statement", &COMMENT[..45])]);
    let told = run_by(&bare, "[suppressions]\nrequire-reason = true\n");
    assert_eq!(told.found(), [("bad-suppression", &COMMENT[..45])]);
    run_by(&template(&[("statement", COMMENT)]), "[suppressions]\nrequire-reason = true\n").hides_all();
    let days = "[suppressions]\nmax-days = 180\n";
    assert_eq!(run_by(&bare, days).found(), [("bad-suppression", &COMMENT[..45])]);
    let until = |date: &str| template(&[("statement", &format!("{} until={date}", &COMMENT[..45]))]);
    assert_eq!(run_by(&until("2026-12-13"), days).found(), [("bad-suppression", "2026-12-13")]);
    run_by(&until("2026-12-12"), days).hides_all();
}

#[test]
fn a_locked_configuration_counts_alone() {
    let lock = "lock = true\n";
    let run = run_by(&template(&[("statement", COMMENT)]), lock);
    assert_eq!(run.found(), [(RULE, "iam:CreateRole"), ("locked-suppression", COMMENT)]);
    run_by(&template(&[]), &format!("{lock}[[ignore]]\nrule = \"ci-role-creates-principals\"\n")).hides_all();
}

#[test]
fn auditors_see_everything() {
    let config = "[[ignore]]\nrule = \"ci-role-creates-principals\"\n";
    let text = template(&[("statement", COMMENT), ("action", "# iamlint: ignroe[x]")]);
    let run = run_with(&[("ci.yml", &text)], config, |options| options.no_ignores = true);
    assert_eq!(run.found(), [(RULE, "iam:CreateRole")]);
}

#[test]
fn another_rule_of_the_same_cause_is_still_told() {
    let mut sources = Sources::new();
    sources.add("ci.yml", template(&[("statement", COMMENT)]));
    let report = lint(&sources, builtin::rules(), &Options::default());
    let rules: Vec<&str> = report.diagnostics.iter().map(|one| one.rule.as_str()).collect();
    assert!(rules.contains(&"write-on-every-resource") && !rules.contains(&RULE), "{rules:?}");
}

#[test]
fn comments_of_json_count() {
    let text = r#"{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {
      "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
      "Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
        // iamlint: ignore[ci-role-creates-principals] -- bounded
        {"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "arn:aws:iam::111122223333:role/a"}]}}]}}}}"#;
    run_with(&[("ci.json", text)], "", |_| {}).hides_all();
}

#[test]
fn comments_of_commands_and_instructions_count() {
    let spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - |\n        echo start\n        # iamlint: ignore[pipe-to-shell] -- vendored\n        curl -s \\\n          https://example.com/install.sh | sh\n        echo end\n";
    let known = run_with(&[("buildspec.yml", spec)], "", |_| {});
    assert_eq!((known.found(), known.suppressed()), (vec![], vec![("pipe-to-shell", Some("vendored"))]));
    let docker = "FROM public.ecr.aws/amazonlinux/amazonlinux:2023.1\n# iamlint: ignore[pipe-to-shell] -- vendored\nRUN yum -y update && \\\n    curl -s https://example.com/install.sh | sh\nUSER 1000\n";
    let known = run_with(&[("Dockerfile", docker)], "", |_| {});
    assert_eq!((known.found(), known.suppressed()), (vec![], vec![("pipe-to-shell", Some("vendored"))]));
    let echoed = spec.replace("echo start", "echo '# iamlint: ignore[pipe-to-shel]'");
    assert_eq!(run_with(&[("buildspec.yml", &echoed)], "", |_| {}).found(), [], "that is no comment");
}

#[test]
fn a_suppression_on_a_resource_reaches_what_is_generated_from_it() {
    let text = "Transform: AWS::Serverless-2016-10-31\nResources:\n  # iamlint: ignore[write-on-every-resource] -- why\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: .\n      Handler: a.b\n      Runtime: python3.13\n      Policies:\n        - Version: \"2012-10-17\"\n          Statement: [{Effect: Allow, Action: \"dynamodb:*\", Resource: \"*\"}]\n";
    let mut sources = Sources::new();
    sources.add("sam.yml", text);
    let count = |no_ignores: bool| {
        let options = Options { no_ignores, ..Options::default() };
        let report = lint(&sources, builtin::rules(), &options);
        report.diagnostics.iter().filter(|one| one.rule != "write-on-every-resource").count()
            + 100 * report.diagnostics.iter().filter(|one| one.rule == "write-on-every-resource").count()
    };
    assert!(count(false) < 100, "{}", count(false));
}

#[test]
fn suppressions_of_other_tools_count_where_they_are_honoured() {
    let fills = [
        ("checkov", "metadata", "Metadata: {checkov: {skip: [{id: CKV_AWS_109, comment: why}]}}", Some("why")),
        ("checkov", "action", "# checkov:skip=CKV_AWS_109:why", Some("why")),
        (
            "cfn_nag",
            "metadata",
            "Metadata: {cfn_nag: {rules_to_suppress: [{id: ckv_aws_109, reason: why}]}}",
            Some("why"),
        ),
        (
            "cdk_nag",
            "metadata",
            "Metadata: {cdk_nag: {rules_to_suppress: [{id: CKV_AWS_109, applies_to: [\"Action::iam:CreateRole\"]}]}}",
            None,
        ),
        ("cfn-lint", "metadata", "Metadata: {cfn-lint: {config: {ignore_checks: [E1, CKV_AWS_109]}}}", None),
    ];
    for (tool, place, text, reason) in fills {
        let text = template(&[(place, text)]);
        let known = run_by(&text, &format!("[suppressions]\nhonour = [\"{tool}\"]\nrequire-reason = true\n"));
        assert_eq!((known.found(), known.suppressed()), (vec![], vec![(RULE, reason)]), "{text}");
        assert_eq!(known.report.suppressed[0].spelling.name(), tool);
        assert_eq!(run_by(&text, "").found(), [(RULE, "iam:CreateRole")], "{tool} is not honoured");
    }
    let wildcards =
        template(&[("metadata", "Metadata: {cdk_nag: {rules_to_suppress: [{id: AwsSolutions-IAM5, reason: why}]}}")]);
    let mut sources = Sources::new();
    sources.add("role.yml", wildcards);
    let file = sources.add("iamlint.toml", "[suppressions]\nhonour = [\"cdk_nag\"]\n");
    let config = Config::read(&sources, file, "").expect("a configuration");
    let report = lint(&sources, builtin::rules(), &Options { config, ..Options::default() });
    assert!(report.suppressed.iter().any(|one| one.diagnostic.rule == "write-on-every-resource"), "{report:?}");
    let honour = "[suppressions]\nhonour = [\"checkov\", \"cdk_nag\"]\n";
    for (place, text) in [
        ("metadata", "Metadata: {checkov: {skip: [{id: CKV_AWS_1}]}}"),
        ("metadata", "Metadata: {cdk_nag: {rules_to_suppress: [{id: CKV_AWS_109, applies_to: [\"Resource::*\"]}]}}"),
        ("metadata", "Metadata: {cdk_nag: {rules_to_suppress: [{id: CKV_AWS_109, applies_to: [\"Action::s3:*\"]}]}}"),
    ] {
        assert_eq!(run_by(&template(&[(place, text)]), honour).found(), [(RULE, "iam:CreateRole")], "{text}");
    }
    let other = template(&[]) + "      # checkov:skip=CKV_AWS_109:of the project\n";
    assert_eq!(run_by(&other, honour).found(), [(RULE, "iam:CreateRole")], "another resource");
}
