//! Random policies, judged by the engine and by a small evaluator of single requests that shares no
//! code with it: for every value of the holes, every condition of the template, both readings of
//! `*`, and every request of a small universe, no answer may be wrong.

use super::{Answer, Authority, ResourceAsked};
use crate::diagnostic::Confidence;
use crate::iam::ArnPattern;
use crate::iam::fixture::{authority, bounded, text};
use std::collections::HashSet;
use std::fmt::Write as _;

/// A small generator of pseudo-random numbers, the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// A statement as the evaluator sees it.
#[derive(Clone, Debug)]
struct Plan {
    allow: bool,
    not_action: bool,
    actions: Vec<&'static str>,
    not_resource: bool,
    /// With the value of the condition of the template under which it is there.
    resources: Vec<(Option<bool>, &'static str)>,
    tests: Vec<(&'static str, &'static str, Vec<&'static str>)>,
    when: Option<bool>,
}

const ACTIONS: &[&str] = &[
    "iam:CreateRole",
    "iam:createrole",
    "iam:*",
    "iam:Pass*",
    "*",
    "s3:*",
    "s3:Get*",
    "s3:PutObject",
    "iam:?reateRole",
    "iam:<Verb>Role",
    "s3:ListAllMyBuckets",
];
const RESOURCES: &[&str] = &[
    "*",
    "*",
    "arn:aws:iam::*:role/*",
    "arn:*:iam::*:role/*",
    "arn:aws:iam::*:role/app/*",
    "arn:aws:iam::*:role/app/?",
    "arn:aws:iam::*:role/<Name>",
    "arn:aws:iam::1:role/b",
    "arn:aws:iam::<Account>:role/*",
    "arn:aws:iam::*",
    "arn:aws:iam",
    "arn:aws:s3:::bucket/*",
    "arn:aws:s3:::bucket",
    "arn:aws:s3:::b*",
    "arn:aws:s3:::*/<Name>",
    "arn:aws:s3:::*:key",
    "<Anything>",
    "<Anything>/*",
    "arn:*",
];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIfExists",
    "StringLike",
    "Null",
    "ForAllValues:StringEquals",
    "ForAnyValue:StringLike",
];
const KEYS: &[&str] = &["iam:PassedToService", "aws:PrincipalTag/t"];
const WANTED: &[&str] = &["iam:CreateRole", "iam:PassRole", "s3:GetObject", "s3:PutObject", "s3:ListAllMyBuckets"];

fn plan(random: &mut Random) -> Plan {
    let condition = |random: &mut Random| random.percent(10).then(|| random.percent(50));
    let actions = (0..1 + random.below(2)).map(|_| random.pick(ACTIONS)).collect();
    let resources = (0..1 + random.below(2)).map(|_| (condition(random), random.pick(RESOURCES))).collect();
    let mut tests = Vec::new();
    for key in KEYS {
        if random.percent(20) {
            let operator = random.pick(OPERATORS);
            let values: &[&str] = if operator == "Null" { &["true", "false"] } else { &["x", "y", "x*", "*"] };
            tests.push((*key, operator, (0..1 + random.below(2)).map(|_| random.pick(values)).collect()));
        }
    }
    Plan {
        allow: random.percent(60),
        not_action: random.percent(12),
        actions,
        not_resource: random.percent(12),
        resources,
        tests,
        when: random.percent(15).then(|| random.percent(50)),
    }
}

/// In the notation of the fixtures.
fn json(plan: &Plan) -> String {
    let quoted = |list: &[&str]| list.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ");
    let under = |when: Option<bool>, json: String| match when {
        None => json,
        Some(true) => format!(r#"{{"If": ["C", {json}, {{"NoValue": 0}}]}}"#),
        Some(false) => format!(r#"{{"If": ["C", {{"NoValue": 0}}, {json}]}}"#),
    };
    let resources: Vec<String> =
        plan.resources.iter().map(|(when, text)| under(*when, format!("\"{text}\""))).collect();
    let mut json = format!(
        r#"{{"Effect": "{}", "{}Action": [{}], "{}Resource": [{}]"#,
        if plan.allow { "Allow" } else { "Deny" },
        if plan.not_action { "Not" } else { "" },
        quoted(&plan.actions),
        if plan.not_resource { "Not" } else { "" },
        resources.join(", ")
    );
    if !plan.tests.is_empty() {
        let mut blocks: Vec<(&str, String)> = Vec::new();
        for (key, operator, values) in &plan.tests {
            let test = format!(r#""{key}": [{}]"#, quoted(values));
            match blocks.iter_mut().find(|(name, _)| name == operator) {
                Some((_, tests)) => write!(tests, ", {test}").expect("a string takes all"),
                None => blocks.push((operator, test)),
            }
        }
        let blocks: Vec<String> = blocks.iter().map(|(name, tests)| format!(r#""{name}": {{{tests}}}"#)).collect();
        write!(json, r#", "Condition": {{{}}}"#, blocks.join(", ")).expect("a string takes all");
    }
    json.push('}');
    under(plan.when, json)
}

/// One deployment: what the template leaves open, and how IAM reads `*`.
#[derive(Clone, Copy, Debug)]
struct World {
    condition: bool,
    verb: &'static str,
    name: &'static str,
    account: &'static str,
    anything: &'static str,
    spanning: bool,
}

fn all_worlds() -> Vec<World> {
    let mut all = Vec::new();
    for condition in [true, false] {
        for spanning in [true, false] {
            for (verb, name, account) in
                [("Create", "b", "1"), ("Pass", "app/z", "2"), ("*", "*", "*"), ("x", "q", "1")]
            {
                for anything in ["*", "arn:aws:iam::1:role/b", "arn:aws:s3:::bucket", "arn:aws:iam::1:role/app", "x"] {
                    all.push(World { condition, verb, name, account, anything, spanning });
                }
            }
        }
    }
    all
}

/// The deployments in which the policies, as shown, differ.
fn worlds_of(shown: &str) -> Vec<World> {
    let mut seen = HashSet::new();
    let key = |world: &World| (world.filled(shown), world.condition && shown.contains("\"If\""), world.spanning);
    all_worlds().into_iter().filter(|world| seen.insert(key(world))).collect()
}

impl World {
    fn filled(self, pattern: &str) -> String {
        let filled = pattern.replace("<Verb>", self.verb).replace("<Name>", self.name);
        filled.replace("<Account>", self.account).replace("<Anything>", self.anything)
    }
}

/// The values of the keys in one request.
type Context = [Option<&'static str>; 2];

/// Every context that the policies ask about.
fn contexts(shown: &str) -> Vec<Context> {
    let values = |key: &str| -> &[Option<&'static str>] {
        let all = &[None, Some("x"), Some("xy"), Some("y"), Some("q"), Some("*"), Some("x*")];
        if shown.contains(key) { all } else { &all[..1] }
    };
    let second = || values(KEYS[1]).iter().copied();
    values(KEYS[0]).iter().flat_map(|first| second().map(|second| [*first, second])).collect()
}

fn resources_of(action: &str) -> &'static [&'static str] {
    match action {
        "s3:ListAllMyBuckets" => &["*"],
        "s3:GetObject" | "s3:PutObject" => &[
            "arn:aws:s3:::bucket/b",
            "arn:aws:s3:::bucket/key",
            "arn:aws:s3:::bucket/q",
            "arn:aws:s3:::bucket/:key",
            "arn:aws:s3:::bucket/zz",
            "arn:aws:s3:::buzz/zz",
            "arn:aws:s3:::buzz/b",
            "arn:aws:s3:::zz/app/z",
            "arn:aws:s3:::zz/zz",
            "arn:aws:s3:::zz/zz:key",
            "arn:aws:s3:us-east-1:1:accesspoint/zz/object/zz",
            "arn:aws:s3:us-east-1:1:accesspoint/b/object/b",
        ],
        _ => &[
            "arn:aws:iam::1:role/b",
            "arn:aws:iam::1:role/q",
            "arn:aws:iam::1:role/app/z",
            "arn:aws:iam::1:role/app/zz",
            "arn:aws:iam::1:role/zz",
            "arn:aws:iam::2:role/b",
            "arn:aws:iam::2:role/app/z",
            "arn:aws:iam::2:role/zz",
        ],
    }
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|at| glob(rest, &text[at..])),
        Some((b'?', rest)) => !text.is_empty() && glob(rest, &text[1..]),
        Some((c, rest)) => text.first() == Some(c) && glob(rest, &text[1..]),
    }
}

fn resource_matches(pattern: &str, resource: &str, spanning: bool) -> bool {
    if spanning || pattern == "*" || resource == "*" {
        return glob(pattern.as_bytes(), resource.as_bytes());
    }
    let mut wanted: Vec<&str> = pattern.splitn(6, ':').collect();
    wanted.resize(6, "*");
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    wanted.len() == parts.len() && wanted.iter().zip(parts).all(|(one, part)| glob(one.as_bytes(), part.as_bytes()))
}

fn test_holds(operator: &str, values: &[&str], actual: Option<&str>) -> bool {
    let equal = |actual: &str| values.contains(&actual);
    let like = |actual: &str| values.iter().any(|value| glob(value.as_bytes(), actual.as_bytes()));
    match operator {
        "StringEquals" => actual.is_some_and(equal),
        "StringNotEquals" => !actual.is_some_and(equal),
        "StringEqualsIfExists" | "ForAllValues:StringEquals" => actual.is_none_or(equal),
        "StringLike" | "ForAnyValue:StringLike" => actual.is_some_and(like),
        "Null" => values.iter().any(|value| (*value == "true") == actual.is_none()),
        other => unreachable!("{other}"),
    }
}

/// Whether a statement speaks of an action on a resource.
fn speaks_of(plan: &Plan, action: &str, resource: &str, world: World) -> bool {
    let there = |when: Option<bool>| when.is_none_or(|value| value == world.condition);
    let lower = action.to_ascii_lowercase();
    let matches = |pattern: &&str| glob(world.filled(pattern).to_ascii_lowercase().as_bytes(), lower.as_bytes());
    let inside = |(when, pattern): &(Option<bool>, &str)| {
        there(*when) && resource_matches(&world.filled(pattern), resource, world.spanning)
    };
    there(plan.when)
        && plan.actions.iter().any(matches) != plan.not_action
        && plan.resources.iter().any(inside) != plan.not_resource
}

fn tests_hold(plan: &Plan, context: &Context) -> bool {
    plan.tests.iter().all(|(key, operator, values)| {
        let index = KEYS.iter().position(|known| known == key).expect("the key is known");
        test_holds(operator, values, context[index])
    })
}

/// The policies of one principal, and their text.
struct Case<'p> {
    policy: &'p [Plan],
    boundary: Option<&'p [Plan]>,
    shown: &'p str,
}

impl Case<'_> {
    /// A context in which the request is allowed.
    fn allowed(&self, action: &str, resource: &str, world: World) -> Option<Context> {
        let speaking = |plans: &'_ [Plan]| -> Vec<Plan> {
            plans.iter().filter(|plan| speaks_of(plan, action, resource, world)).cloned().collect()
        };
        let policy = speaking(self.policy);
        if !policy.iter().any(|plan| plan.allow) {
            return None;
        }
        let boundary = self.boundary.map(speaking);
        let passes = |plans: &[Plan], context: &Context| {
            let some = |allow: bool| plans.iter().any(|plan| plan.allow == allow && tests_hold(plan, context));
            some(true) && !some(false)
        };
        let allowed = |context: &Context| {
            passes(&policy, context) && boundary.as_deref().is_none_or(|boundary| passes(boundary, context))
        };
        contexts(self.shown).into_iter().find(allowed)
    }

    /// A request for the action that is allowed.
    fn allowed_somewhere(&self, action: &str, world: World) -> Option<(&'static str, Context)> {
        let on = |resource: &&'static str| self.allowed(action, resource, world).map(|context| (*resource, context));
        resources_of(action).iter().find_map(on)
    }
}

#[derive(Default)]
struct Counts {
    no: usize,
    yes: usize,
    gone: usize,
    sure: usize,
    doubtful: usize,
}

#[test]
fn no_answer_is_wrong_in_any_deployment() {
    let mut random = Random(7);
    let mut counts = Counts::default();
    for _ in 0..150 {
        let policy: Vec<Plan> = (0..1 + random.below(4)).map(|_| plan(&mut random)).collect();
        let boundary: Option<Vec<Plan>> =
            random.percent(30).then(|| (0..1 + random.below(2)).map(|_| plan(&mut random)).collect());
        let statements = |plans: &[Plan]| plans.iter().map(json).collect::<Vec<_>>().join(",\n");
        let subject = match &boundary {
            None => authority(&statements(&policy)),
            Some(boundary) => bounded(&statements(&policy), &statements(boundary)),
        };
        let shown =
            format!("{}\nboundary: {}", statements(&policy), boundary.as_deref().map(statements).unwrap_or_default());
        let worlds = worlds_of(&shown);
        let case = Case { policy: &policy, boundary: boundary.as_deref(), shown: &shown };
        for action in WANTED {
            check(&subject, action, &case, &worlds, &mut counts);
        }
    }
    let all = [counts.no, counts.yes, counts.gone, counts.sure, counts.doubtful];
    assert!(all.iter().all(|count| *count > 50), "{all:?}");
}

fn check(subject: &Authority, action: &str, case: &Case<'_>, worlds: &[World], counts: &mut Counts) {
    let shown = case.shown;
    let answer = subject.can(action, ResourceAsked::Any);
    match &answer {
        Answer::No => {
            counts.no += 1;
            for world in worlds {
                let found = case.allowed_somewhere(action, *world);
                assert!(found.is_none(), "No is wrong: {found:?} {world:?} {action}\n{shown}");
            }
        }
        Answer::Yes(witness) => {
            counts.yes += 1;
            for world in worlds {
                let found = case.allowed(action, &witness.resource, *world);
                assert!(found.is_some(), "Yes is wrong: {witness:?} {world:?} {action}\n{shown}");
            }
        }
        Answer::Unknown(_) => {}
    }
    check_targets(subject, action, case, worlds);
    let grants = subject.grants(&[action]);
    let unread = subject.documents.iter().any(|document| !document.unread.is_empty());
    if grants.is_empty() && !unread {
        counts.gone += 1;
        for world in worlds {
            let found = case.allowed_somewhere(action, *world);
            assert!(found.is_none(), "a grant is missing: {found:?} {world:?} {action}\n{shown}");
        }
    }
    for grant in grants {
        if grant.confidence != Confidence::High {
            counts.doubtful += 1;
            continue;
        }
        counts.sure += 1;
        let holds = |world: &&World| grant.when.iter().all(|when| (when.value == "true") == world.condition);
        for world in worlds.iter().filter(holds) {
            // A hole may turn out to name nothing of the kind; then the grant is one of nothing.
            let hole = grant.resources.iter().any(|resource| resource.text().has_holes());
            assert!(
                hole || case.allowed_somewhere(action, *world).is_some(),
                "the grant is not sure: {world:?} {action}\n{shown}"
            );
        }
    }
}

/// The same for questions about some resources only.
fn check_targets(subject: &Authority, action: &str, case: &Case<'_>, worlds: &[World]) {
    let shown = case.shown;
    for target in ["arn:aws:iam::1:role/b", "arn:aws:iam::*:role/app/*", "arn:aws:s3:::bucket/*", "arn:aws:s3:::zz/zz"]
    {
        let pattern = ArnPattern::new(&text(target), true, Vec::new());
        match subject.can(action, ResourceAsked::Matching(&pattern)) {
            Answer::No => {
                for world in worlds {
                    let asked = |resource: &&&str| resource_matches(target, resource, world.spanning);
                    let found = resources_of(action)
                        .iter()
                        .filter(asked)
                        .find(|resource| case.allowed(action, resource, *world).is_some());
                    assert!(found.is_none(), "No is wrong: {found:?} {target} {world:?} {action}\n{shown}");
                }
            }
            Answer::Yes(witness) => {
                for world in worlds {
                    let resource = world.filled(&witness.resource.replace("${", "<").replace('}', ">"));
                    let found = resource_matches(target, &resource, world.spanning)
                        .then(|| case.allowed(action, &resource, *world))
                        .flatten();
                    assert!(found.is_some(), "Yes is wrong: {witness:?} {target} {world:?} {action}\n{shown}");
                }
            }
            Answer::Unknown(_) => {}
        }
    }
}
