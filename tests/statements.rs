//! Statements as people write them, asked by the rules of every run: what is no fault brings no finding, what is
//! one brings one, and no way to write it hides it.

use iamlint::diagnostic::{Diagnostic, Severity};
use iamlint::linter::{Options, Report, lint};
use iamlint::rules::builtin;
use iamlint::source::Sources;
use std::collections::BTreeSet;

const TRUST: &str = "AssumeRolePolicyDocument: {Version: \"2012-10-17\", Statement: {Effect: Allow, Principal: {Service: \
                     codebuild.amazonaws.com}, Action: sts:AssumeRole, Condition: {StringEquals: {aws:SourceAccount: \
                     \"111122223333\"}}}}";

/// A template with a role of builds whose policies are these.
fn role(policies: &str) -> String {
    format!(
        "Conditions:\n  IsProd: !Equals [!Ref AWS::Region, eu-west-1]\n  IsBig: !Equals [!Ref AWS::AccountId, \
         \"111122223333\"]\nResources:\n  BuildRole:\n    Type: AWS::IAM::Role\n    Properties:\n      {TRUST}\n      \
         Policies: {policies}\n"
    )
}

/// The same with one policy that has these statements, in flow style.
fn statements(written: &str) -> String {
    role(&format!("[{{PolicyName: build, PolicyDocument: {{Version: \"2012-10-17\", Statement: {written}}}}}]"))
}

fn report(text: &str) -> (Sources, Report) {
    let mut sources = Sources::new();
    sources.add("ci.yml", text);
    let report = lint(&sources, &builtin::asked_by_default(), &Options::default());
    (sources, report)
}

/// Findings that are more than information: rule and underlined text.
fn findings(text: &str) -> Vec<(String, String)> {
    let (sources, report) = report(text);
    let told = report.diagnostics.iter().filter(|found| found.severity != Severity::Info);
    told.map(|found| (found.rule.clone(), sources.slice(found.primary.span).to_owned())).collect()
}

/// The texts under the labels of findings that are more than information.
fn labelled(text: &str) -> BTreeSet<String> {
    let (sources, report) = report(text);
    let told = report.diagnostics.iter().filter(|found| found.severity != Severity::Info);
    told.flat_map(Diagnostic::all_labels).map(|label| sources.slice(label.span).to_owned()).collect()
}

fn rules(text: &str) -> Vec<String> {
    findings(text).into_iter().map(|(rule, _)| rule).collect()
}

const WITHOUT_RESOURCES: &str = "ecr:GetAuthorizationToken, sts:GetCallerIdentity, s3:ListAllMyBuckets";

#[test]
fn a_star_for_actions_that_take_no_resource_is_no_finding() {
    let text = statements(&format!("[{{Effect: Allow, Action: [{WITHOUT_RESOURCES}], Resource: \"*\"}}]"));
    assert_eq!(findings(&text), []);
}

#[test]
fn an_action_that_takes_a_resource_beside_them_is_one_finding_at_the_action() {
    let text =
        statements(&format!("[{{Effect: Allow, Action: [{WITHOUT_RESOURCES}, s3:PutObject], Resource: \"*\"}}]"));
    let found = findings(&text);
    assert!(matches!(found.as_slice(), [(_, place)] if place == "s3:PutObject"), "{found:?}");
}

#[test]
fn one_statement_without_a_list_is_read_as_a_list_of_one() {
    let statement = "{Effect: Allow, Action: [\"iam:*\", s3:PutObject], Resource: \"*\"}";
    let listed = findings(&statements(&format!("[{statement}]")));
    assert!(!listed.is_empty());
    assert_eq!(findings(&statements(statement)), listed);
}

#[test]
fn both_branches_of_a_condition_are_judged_wherever_it_stands() {
    let allow = |action: &str| format!("{{Effect: Allow, Action: {action}, Resource: \"*\"}}");
    let (one, other) = ("iam:CreateUser", "iam:CreateRole");
    let policy = |action: &str| {
        format!("{{PolicyName: p, PolicyDocument: {{Version: \"2012-10-17\", Statement: [{}]}}}}", allow(action))
    };
    let as_properties = format!(
        "Conditions:\n  IsProd: !Equals [!Ref AWS::Region, eu-west-1]\nResources:\n  BuildRole:\n    Type: \
         AWS::IAM::Role\n    Properties: !If [IsProd, {{{TRUST}, Policies: [{}]}}, {{{TRUST}, Policies: [{}]}}]\n",
        policy(one),
        policy(other)
    );
    for (place, text) in [
        ("a statement", statements(&format!("[!If [IsProd, {}, {}]]", allow(one), allow(other)))),
        ("all statements", statements(&format!("!If [IsProd, [{}], [{}]]", allow(one), allow(other)))),
        ("an action", statements(&format!("[{}]", allow(&format!("!If [IsProd, {one}, {other}]"))))),
        ("an item of actions", statements(&format!("[{}]", allow(&format!("[!If [IsProd, {one}, {other}]]"))))),
        ("a policy", role(&format!("[!If [IsProd, {}, {}]]", policy(one), policy(other)))),
        ("policies", role(&format!("!If [IsProd, [{}], [{}]]", policy(one), policy(other)))),
        ("properties", as_properties),
    ] {
        let found = labelled(&text);
        for action in [one, other] {
            assert!(found.contains(action), "{place}: nothing of {action} in {found:?}");
        }
    }
    let effect = statements(&format!(
        "[{{Effect: !If [IsProd, Allow, Deny], Action: {one}, Resource: \"*\"}}, {{Effect: !If [IsProd, Deny, Allow], \
         Action: {other}, Resource: \"*\"}}]"
    ));
    let found = labelled(&effect);
    for action in [one, other] {
        assert!(found.contains(action), "an effect: nothing of {action} in {found:?}");
    }
}

#[test]
fn a_deny_with_wildcards_grants_nothing() {
    let deny = "{Effect: Deny, Action: \"*\", Resource: \"*\", Condition: {StringNotEquals: {aws:RequestedRegion: eu-west-1}}}";
    assert_eq!(rules(&statements(&format!("[{deny}]"))), [""; 0]);
    assert_eq!(rules(&statements("[{Effect: Deny, NotAction: \"s3:*\", Resource: \"*\"}]")), [""; 0]);
    assert!(!rules(&statements("[{Effect: Allow, Action: \"*\", Resource: \"*\"}]")).is_empty());
}

#[test]
fn a_misspelled_action_is_told_in_one_line_with_what_is_meant_and_no_list() {
    let text = statements("[{Effect: Allow, Action: s3:GetObjekt, Resource: \"arn:aws:s3:::shop/*\"}]");
    let (_, report) = report(&text);
    let about = |found: &&Diagnostic| {
        found.all_labels().any(|label| label.text.contains("GetObjekt")) || found.message.contains("GetObjekt")
    };
    let told: Vec<&Diagnostic> = report.diagnostics.iter().filter(about).collect();
    let [found] = told.as_slice() else { panic!("{told:?}") };
    let all: String = std::iter::once(&found.message).chain(&found.help).chain(&found.notes).cloned().collect();
    assert!(all.contains("`s3:GetObject`") && !all.contains('\n'), "{all}");
    assert!(all.matches("s3:").count() <= 3, "{all}");
}

#[test]
fn a_missing_colon_of_an_arn_is_the_only_thing_that_is_told() {
    let told = |resource: &str| {
        let text = statements(&format!("[{{Effect: Allow, Action: s3:GetObject, Resource: !Sub \"{resource}\"}}]"));
        let (_, report) = report(&text);
        let told = report.diagnostics.into_iter().map(|found| (found.rule, found.help.unwrap_or_default()));
        told.collect::<Vec<_>>()
    };
    let help = "write `arn:${AWS::Partition}:`, with the colons";
    assert_eq!(told("arn${AWS::Partition}s3:::shop/*"), [("statement-grammar".to_owned(), help.to_owned())]);
    assert_eq!(told("arn:${AWS::Partition}:s3:::shop/*"), []);
}

#[test]
fn an_action_that_takes_only_the_star_gets_a_statement_of_its_own_where_it_has_none() {
    let help = |actions: &str| {
        let resource = "\"arn:aws:ecr:eu-west-1:111122223333:repository/shop\"";
        let (_, report) =
            report(&statements(&format!("[{{Effect: Allow, Action: [{actions}], Resource: {resource}}}]")));
        let found = report.diagnostics.into_iter().find(|found| found.rule == "action-resource-mismatch");
        found.and_then(|found| found.help)
    };
    let own = "put it in a statement of its own with `Resource: \"*\"`";
    assert_eq!(help("ecr:GetAuthorizationToken").as_deref(), Some("write `Resource: \"*\"` here"));
    assert_eq!(help("ecr:GetAuthorizationToken, ecr:PutImage").as_deref(), Some(own));
    assert_eq!(help("ecr:GetAuthorizationToken, s3:GetObject").as_deref(), Some(own));
    assert_eq!(help("ecr:PutImage"), None);
}

#[test]
fn twenty_conditions_with_twenty_branches_are_cut_short_and_that_is_said() {
    let conditions: String = (0..20).map(|n| format!("  C{n}: !Equals [!Ref AWS::Region, eu-west-{n}]\n")).collect();
    let branches: String =
        (0..20).map(|n| format!("!If [C{n}, \"arn:aws:s3:::a{n}/*\", \"arn:aws:s3:::b{n}/*\"], ")).collect();
    let joined: String = (0..20).map(|n| format!("!If [C{n}, a, b], ")).collect();
    let text = statements(&format!(
        "[{{Effect: Allow, Action: s3:GetObject, Resource: [{branches}]}}, {{Effect: Allow, Action: iam:PassRole, \
         Resource: !Join [\"-\", [\"arn:aws:iam::111122223333:role/x\", {joined}]]}}]"
    ))
    .replace("Conditions:\n", &format!("Conditions:\n{conditions}"));
    let (_, report) = report(&text);
    let said = report.summary.not_analysed.iter().map(|item| item.reason.as_str());
    let doubts = report.diagnostics.iter().flat_map(|found| &found.doubts).map(|doubt| doubt.text.as_str());
    let said: Vec<&str> = said.chain(doubts).collect();
    assert!(said.iter().any(|text| text.contains("many variants")), "{said:?} {:?}", report.diagnostics);
}

/// A template with a role of builds that has these grants, and an administrator's role for a service.
fn beside_an_administrator(grants: &str, service: &str) -> String {
    let trust = format!("{{Effect: Allow, Principal: {{Service: {service}.amazonaws.com}}, Action: sts:AssumeRole}}");
    let target = format!(
        "  Target:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns: \
         [arn:aws:iam::aws:policy/AdministratorAccess]\n      AssumeRolePolicyDocument: {{Version: \"2012-10-17\", \
         Statement: {trust}}}\n"
    );
    statements(grants) + &target
}

fn messages(text: &str, rule: &str) -> Vec<String> {
    let (_, report) = report(text);
    report.diagnostics.into_iter().filter(|found| found.rule == rule).map(|found| found.message).collect()
}

#[test]
fn each_way_to_start_something_with_a_passed_role_is_told() {
    let lines = include_str!("../data/escalation-paths.tsv").lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let (service, calls) = line.split_once('\t').expect("a service and calls");
        let calls: Vec<&str> = calls.split('\t').collect();
        let told = |calls: &str| {
            let grants = format!(
                "[{{Effect: Allow, Action: iam:PassRole, Resource: !GetAtt Target.Arn}}, {{Effect: Allow, Action: \
                 [{calls}], Resource: \"*\"}}]"
            );
            messages(&beside_an_administrator(&grants, service), "pass-role-and-run")
        };
        let found = told(&calls.join(", "));
        assert!(found.len() == 1 && calls.iter().all(|call| found[0].contains(call)), "{line}: {found:?}");
        // One call of several is not enough, unless it is a way of its own.
        if let [first, .., _] = calls.as_slice() {
            assert_eq!(told(first), Vec::<String>::new(), "{line}");
        }
    }
}

#[test]
fn each_thing_that_runs_with_a_role_is_told_to_whoever_may_say_what_it_runs() {
    let lines = include_str!("../data/existing-roles.tsv").lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let [kind, role, _, name, calls @ ..] = cells.as_slice() else { panic!("{line}") };
        let value = if *kind == "AWS::EC2::Instance" { "!Ref Profile" } else { "!GetAtt Target.Arn" };
        let (role, closing) = (role.replace('.', ": {"), "}".repeat(role.matches('.').count()));
        let name = if *name == "-" { String::new() } else { format!(", {name}: shop") };
        let told = |calls: &[&str]| {
            let grants = format!("[{{Effect: Allow, Action: [{}], Resource: \"*\"}}]", calls.join(", "));
            let text = beside_an_administrator(&grants, "codebuild")
                + "  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Target]}}\n"
                + &format!("  Carrier: {{Type: {kind}, Properties: {{{role}: {value}{closing}{name}}}}}\n");
            messages(&text, "runs-code-with-another-role")
        };
        let found = told(calls);
        assert!(found.len() == 1 && found[0].contains("`Carrier`"), "{line}: {found:?}");
        if calls.len() > 1 {
            assert_eq!(told(&calls[1..]), Vec::<String>::new(), "{line}");
        }
    }
}
