//! Compiles `data/iam/` into the flat tables that `src/iam/catalogue` includes, so that nothing is parsed at run time.
//! A mistake in the data stops the build with the file and the line. The larger of the other tables
//! are deflated, and so are the rule packs, the examples of rules and the checks of other tools, as JSON.

#[path = "src/iam/catalogue/layout.rs"]
mod layout;
#[path = "src/rules/packs.rs"]
mod packs;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::{env, fs};

use layout::{LENGTH_BITS, action, chunk, client, global, key, policy, resource, service, slot};

/// A managed policy costs the inflation of one chunk of about this size.
const CHUNK: usize = 64 * 1024;

/// Tables that few runs look into.
const TABLES: [&str; 8] = [
    "data/needs/commands.tsv",
    "data/needs/handlers.tsv",
    "data/needs/pipeline-actions.tsv",
    "data/needs/programs.tsv",
    "data/needs/waiters.tsv",
    "data/sam/connectors.tsv",
    "data/sam/policy-templates.tsv",
    "data/validation-words.tsv",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/iam/catalogue/layout.rs");
    println!("cargo:rerun-if-changed=data/iam");
    TABLES.iter().for_each(|path| println!("cargo:rerun-if-changed={path}"));
    println!("cargo:rerun-if-changed=data/peers/checks.tsv");
    println!("cargo:rerun-if-changed=rules");
    println!("cargo:rerun-if-changed=fixtures/rules");
    println!("cargo:rerun-if-changed=src/rules/packs.rs");
    // Cargo sets both variables for every build script.
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the package"));
    let data = root.join("data/iam");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the output folder"));

    let mut tables = Tables::default();
    let services = services(&data);
    tables.add_services(&services, &lines(&data.join("rcp-services.tsv")), &data);
    tables.slots = slots(&services);
    tables.add_globals(&data.join("globals.tsv"));
    tables.add_provider_keys(&data.join("oidc-keys.tsv"));
    tables.add_clients(&services, &data.join("sdk-exceptions.tsv"));
    tables.add_policies(&data);
    tables.write(&out);

    for path in TABLES {
        let path = root.join(path);
        write_deflated(&out.join(file_name(&path.with_extension("bin"))), text_of(&path).as_bytes());
    }
    write_deflated(&out.join("packs.bin"), packs(&root.join("rules")).as_bytes());
    write_deflated(&out.join("examples.bin"), examples(&root.join("fixtures/rules")).as_bytes());
    write_deflated(&out.join("peers.bin"), unfound(&root.join("data/peers/checks.tsv")).as_bytes());

    let sources = lines(&data.join("SOURCES.tsv"));
    let date = sources.iter().find_map(|row| row.text.strip_prefix("date\t")).expect("SOURCES.tsv has a date row");
    fs::write(out.join("date.txt"), date).expect("the output folder is writable");
}

fn write_deflated(path: &Path, bytes: &[u8]) {
    let deflated = miniz_oxide::deflate::compress_to_vec(bytes, 9);
    fs::write(path, deflated).expect("the output folder is writable");
}

// Rules.

/// The packs as a list.
fn packs(folder: &Path) -> String {
    let pack = |name: &&str| -> serde_json::Value {
        let path = folder.join(format!("{name}.yml"));
        serde_yaml::from_str(&text_of(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    serde_json::Value::from_iter(packs::NAMES.iter().map(pack)).to_string()
}

/// By rule the files of its first bad and of its first good example, each with its name.
fn examples(folder: &Path) -> String {
    let of_rule =
        |rule: PathBuf| (file_name(&rule), serde_json::json!([example(&rule, "bad"), example(&rule, "good")]));
    serde_json::Value::from_iter(entries(folder).into_iter().map(of_rule)).to_string()
}

/// The checks of other tools that no rule finds: tool, id, what it asks, scope and reason.
fn unfound(path: &Path) -> String {
    let rows = lines(path);
    let checks = rows.iter().filter(|row| !row.text.starts_with('#')).map(Row::cells::<5>);
    let checks = checks.filter(|[.., reason]| !reason.is_empty());
    serde_json::Value::from_iter(checks.map(|cells| cells.to_vec())).to_string()
}

/// One file, or a folder of files that show something together.
fn example(rule: &Path, kind: &str) -> Vec<(String, String)> {
    let single = ["yml", "json", "Dockerfile"].map(|ending| rule.join(format!("{kind}.{ending}")));
    match single.into_iter().find(|path| path.is_file()) {
        Some(path) => vec![(file_name(&path), text_of(&path))],
        None => files_below(&rule.join(kind)),
    }
}

/// Files of a folder, and of those in it, by their names; none where there is no folder.
fn files_below(folder: &Path) -> Vec<(String, String)> {
    let paths = if folder.is_dir() { entries(folder) } else { Vec::new() };
    let of_path = |path: &PathBuf| match path.is_dir() {
        true => files_below(path),
        false => vec![(file_name(path), text_of(path))],
    };
    paths.iter().flat_map(of_path).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder is readable").path()).collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

// Reading.

/// One line of a data file, with its place for messages.
struct Row {
    place: String,
    text: String,
}

impl Row {
    fn cells<const N: usize>(&self) -> [&str; N] {
        let cells: Vec<&str> = self.text.split('\t').collect();
        <[&str; N]>::try_from(cells).unwrap_or_else(|_| self.fail(&format!("expected {N} cells")))
    }

    /// The number of a name among those a table knows.
    fn number(&self, names: &[&str], name: &str) -> u32 {
        let index = names.iter().position(|known| *known == name);
        word(index.unwrap_or_else(|| self.fail(&format!("{name} is none of {names:?}"))))
    }

    fn level(&self, letter: &str) -> u32 {
        let index = action::LEVEL_LETTERS.iter().position(|known| letter.as_bytes() == [*known]);
        word(index.unwrap_or_else(|| self.fail(&format!("unknown level {letter}"))))
    }

    fn fail(&self, problem: &str) -> ! {
        panic!("{}: {problem}", self.place)
    }
}

fn lines(path: &Path) -> Vec<Row> {
    let text = text_of(path);
    let row = |(index, line): (usize, &str)| Row {
        place: format!("{}:{}", path.display(), index + 1),
        text: line.to_owned(),
    };
    text.lines().enumerate().map(row).collect()
}

/// One `services/<prefix>.tsv`, split by the kind of row.
struct Service {
    prefix: String,
    name: String,
    keys: Vec<Row>,
    resources: Vec<Row>,
    sets: HashMap<String, Vec<String>>,
    actions: Vec<Row>,
}

fn services(data: &Path) -> Vec<Service> {
    let paths = entries(&data.join("services"));
    let mut services: Vec<Service> = paths.iter().map(|path| read_service(path)).collect();
    services.sort_by(|a, b| a.prefix.cmp(&b.prefix));
    services
}

fn read_service(path: &Path) -> Service {
    let mut rows = lines(path).into_iter();
    let head = rows.next().unwrap_or_else(|| panic!("{}: empty", path.display()));
    let [_, prefix, name] = head.cells();
    let mut service = Service {
        prefix: prefix.to_owned(),
        name: name.to_owned(),
        keys: Vec::new(),
        resources: Vec::new(),
        sets: HashMap::new(),
        actions: Vec::new(),
    };
    for row in rows {
        match row.text.split('\t').next() {
            Some("key") => service.keys.push(row),
            Some("res") => service.resources.push(row),
            Some("act") => service.actions.push(row),
            Some("set") => {
                let [_, name, keys] = row.cells();
                service.sets.insert(name.to_owned(), keys.split(',').map(str::to_owned).collect());
            }
            _ => row.fail("unknown kind of row"),
        }
    }
    service
}

/// The items of a cell that is `-` or a comma-separated list.
fn items(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(',').filter(move |_| cell != "-")
}

// Writing.

#[derive(Default)]
struct Tables {
    strings: Strings,
    lists: Lists,
    sets: Lists,
    services: Vec<u32>,
    actions: Vec<u32>,
    slots: Vec<u8>,
    resources: Vec<u32>,
    keys: Vec<u32>,
    globals: Vec<u32>,
    clients: Vec<u32>,
    policies: Vec<u32>,
    chunks: Vec<u32>,
    documents: Vec<u8>,
}

impl Tables {
    fn add_services(&mut self, services: &[Service], rcp: &[Row], data: &Path) {
        let rcp: BTreeSet<&str> = rcp.iter().map(|row| row.text.as_str()).collect();
        let overlay = overlay(data);
        let numbers = action_numbers(services);
        for (index, service) in services.iter().enumerate() {
            let flags = if rcp.contains(service.prefix.as_str()) { service::RCP } else { 0 };
            let mut entry = [0; service::WIDTH];
            entry[service::PREFIX] = self.strings.add(&service.prefix);
            entry[service::NAME] = self.strings.add(&service.name);
            entry[service::FLAGS] = flags;
            self.push_service(entry);
            self.add_service(word(index), service, &overlay, &numbers);
        }
        self.push_service([0; service::WIDTH]);
    }

    fn push_service(&mut self, mut row: [u32; service::WIDTH]) {
        row[service::FIRST_ACTION] = word(self.actions.len() / action::WIDTH);
        row[service::FIRST_RESOURCE] = word(self.resources.len() / resource::WIDTH);
        row[service::FIRST_KEY] = word(self.keys.len() / key::WIDTH);
        self.services.extend(row);
    }

    fn add_service(
        &mut self,
        number: u32,
        service: &Service,
        overlay: &HashMap<String, u32>,
        numbers: &HashMap<String, u32>,
    ) {
        let mut keys = HashMap::new();
        for row in &service.keys {
            let [_, name, kind] = row.cells();
            keys.insert(name, word(self.keys.len() / key::WIDTH));
            self.push_key(row, name, kind);
        }
        let set = |row: &Row, cell: &str| -> BTreeSet<u32> {
            if cell == "-" {
                return BTreeSet::new();
            }
            let names = service.sets.get(cell).unwrap_or_else(|| row.fail(&format!("no set {cell}")));
            let key = |name: &String| *keys.get(name.as_str()).unwrap_or_else(|| row.fail(&format!("no key {name}")));
            names.iter().map(key).collect()
        };

        let mut resources = HashMap::new();
        for row in &service.resources {
            let [_, name, arns, keys] = row.cells();
            let arns: Vec<u32> = arns.split(' ').map(|arn| self.strings.add(arn)).collect();
            let keys = set(row, keys);
            let mut entry = [0; resource::WIDTH];
            entry[resource::SERVICE] = number;
            entry[resource::NAME] = self.strings.add(name);
            entry[resource::ARNS] = self.lists.add(arns);
            entry[resource::KEYS] = self.sets.add(keys.iter().copied());
            resources.insert(name, (word(self.resources.len() / resource::WIDTH), keys));
            self.resources.extend(entry);
        }

        for row in &service.actions {
            let [_, name, level, taken, own, dependents] = row.cells();
            let own = set(row, own);
            let mut all = own.clone();
            let mut pairs = Vec::new();
            for cell in items(taken) {
                let (cell, keys) = cell.split_once('@').unwrap_or((cell, "-"));
                let (cell, required) = cell.strip_suffix('*').map_or((cell, 0), |cell| (cell, action::REQUIRED));
                let Some((resource, of_resource)) = resources.get(cell) else {
                    row.fail(&format!("no resource type {cell}"))
                };
                let keys = set(row, keys);
                all.extend(&keys);
                all.extend(of_resource);
                pairs.extend([resource | required, self.sets.add(keys)]);
            }
            let dependent = |full: &str| {
                *numbers.get(&full.to_ascii_lowercase()).unwrap_or_else(|| row.fail(&format!("no action {full}")))
            };
            let dependents: Vec<u32> = items(dependents).map(dependent).collect();
            let level = row.level(level);
            let full = format!("{}:{}", service.prefix, name).to_ascii_lowercase();
            let overlay = overlay.get(&full).copied().unwrap_or(level);
            let mut entry = [0; action::WIDTH];
            entry[action::NAME] = self.strings.add(name);
            let halves = [
                (action::SERVICE, number),
                (action::LEVELS, level | overlay << 8),
                (action::RESOURCES, self.sets.add(pairs)),
                (action::KEYS, self.sets.add(own)),
                (action::ALL_KEYS, self.sets.add(all)),
                (action::DEPENDENTS, self.sets.add(dependents)),
            ];
            for (column, value) in halves {
                let value = u16::try_from(value).unwrap_or_else(|_| row.fail("a cell of an action holds 16 bits"));
                entry[column / 2] |= u32::from(value) << (column % 2 * 16);
            }
            self.actions.extend(entry);
        }
    }

    fn add_globals(&mut self, path: &Path) {
        for row in lines(path) {
            let [name, kind, category, presence, projection] = row.cells();
            self.push_key(&row, name, kind);
            let mut entry = [0; global::WIDTH];
            entry[global::CATEGORY] = row.number(global::CATEGORIES, category);
            entry[global::PRESENCE] = row.number(global::PRESENCES, presence);
            entry[global::PROJECTION] = row.number(global::PROJECTIONS, projection);
            self.globals.extend(entry);
        }
    }

    fn add_provider_keys(&mut self, path: &Path) {
        for row in lines(path) {
            let [_, name, kind] = row.cells();
            self.push_key(&row, name, kind);
        }
    }

    fn add_clients(&mut self, services: &[Service], path: &Path) {
        let prefixes: HashMap<&str, u32> =
            services.iter().enumerate().map(|(index, service)| (service.prefix.as_str(), word(index))).collect();
        let numbers = action_numbers(services);
        let rows = lines(path);
        let mut operations: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut of_client: BTreeMap<&str, &str> = BTreeMap::new();
        let mut aliases = Vec::new();
        for row in &rows {
            match row.text.split('\t').collect::<Vec<_>>()[..] {
                ["alias", name, client] => aliases.push((name, client)),
                ["service", client, prefix] => {
                    of_client.insert(client, prefix);
                }
                ["op", client, operation, actions] => {
                    let actions: Vec<u32> = items(actions)
                        .map(|action| {
                            let full = action.trim_end_matches('?');
                            let depends = if full == action { 0 } else { client::DEPENDS };
                            let number = numbers.get(&full.to_ascii_lowercase());
                            number.unwrap_or_else(|| row.fail(&format!("no action {full}"))) | depends
                        })
                        .collect();
                    let pair = [self.strings.add(&operation.to_ascii_lowercase()), self.lists.add(actions)];
                    operations.entry(client).or_default().extend(pair);
                    of_client.entry(client).or_insert(client);
                }
                _ => row.fail("unknown kind of row"),
            }
        }
        let of_alias = |&(name, client)| (name, (client, *of_client.get(client).unwrap_or(&client)));
        let mut clients: BTreeMap<&str, (&str, &str)> = aliases.iter().map(of_alias).collect();
        clients.extend(of_client.iter().map(|(client, prefix)| (*client, (*client, *prefix))));
        for (name, (client, prefix)) in clients {
            let mut entry = [0; client::WIDTH];
            entry[client::NAME] = self.strings.add(name);
            entry[client::SERVICE] =
                *prefixes.get(prefix).unwrap_or_else(|| panic!("{}: no service {prefix}", path.display()));
            entry[client::OPERATIONS] = self.lists.add(operations.get(client).cloned().unwrap_or_default());
            self.clients.extend(entry);
        }
    }

    fn push_key(&mut self, row: &Row, name: &str, kind: &str) {
        let mut entry = [0; key::WIDTH];
        entry[key::NAME] = self.strings.add(name);
        entry[key::KIND] = row.number(key::KINDS, kind);
        self.keys.extend(entry);
    }

    fn add_policies(&mut self, data: &Path) {
        let mut pending = String::new();
        for row in lines(&data.join("managed.tsv")) {
            let [name, arn, version, date, replaces] = row.cells();
            if arn.rsplit('/').next() != Some(name) {
                row.fail("the ARN does not end in the name");
            }
            // A line end stands between members and items only; a JSON text has none inside.
            let document: String =
                lines(&data.join(format!("managed/{name}.json"))).into_iter().map(|line| line.text).collect();
            let mut entry = [0; policy::WIDTH];
            let Some(path) = arn.strip_prefix("arn:aws:iam::aws:policy/") else {
                row.fail("the ARN is none of a policy of AWS");
            };
            entry[policy::PATH] = self.strings.add(path);
            entry[policy::VERSION] = self.strings.add(version);
            entry[policy::DATE] = self.strings.add(date);
            let replaces: Vec<u32> = items(replaces).map(|name| self.strings.add(name)).collect();
            entry[policy::REPLACES] = self.lists.add(replaces);
            entry[policy::CHUNK] = word(self.chunks.len() / chunk::WIDTH);
            entry[policy::START] = word(pending.len());
            entry[policy::LENGTH] = word(document.len());
            self.policies.extend(entry);
            pending.push_str(&document);
            if pending.len() >= CHUNK {
                self.add_chunk(&mut pending);
            }
        }
        self.add_chunk(&mut pending);
    }

    fn add_chunk(&mut self, pending: &mut String) {
        let deflated = miniz_oxide::deflate::compress_to_vec(pending.as_bytes(), 9);
        let mut entry = [0; chunk::WIDTH];
        entry[chunk::START] = word(self.documents.len());
        entry[chunk::LENGTH] = word(deflated.len());
        entry[chunk::INFLATED] = word(pending.len());
        self.chunks.extend(entry);
        self.documents.extend(deflated);
        pending.clear();
    }

    fn write(&self, out: &Path) {
        let write = |name: &str, bytes: &[u8]| fs::write(out.join(name), bytes).expect("the output folder is writable");
        let rows = |name: &str, rows: &[u32]| {
            let bytes: Vec<u8> = rows.iter().flat_map(|word| word.to_le_bytes()).collect();
            write(name, &bytes);
        };
        write("slots.bin", &self.slots);
        write("strings.txt", self.strings.text.as_bytes());
        write("documents.bin", &self.documents);
        rows("lists.bin", &self.lists.words);
        let half =
            |word: &u32| u16::try_from(*word).expect("an item of a set, and its place, hold 16 bits").to_le_bytes();
        write("sets.bin", &self.sets.words.iter().flat_map(half).collect::<Vec<u8>>());
        rows("services.bin", &self.services);
        rows("actions.bin", &self.actions);
        rows("resources.bin", &self.resources);
        rows("keys.bin", &self.keys);
        rows("globals.bin", &self.globals);
        rows("clients.bin", &self.clients);
        rows("policies.bin", &self.policies);
        rows("chunks.bin", &self.chunks);
    }
}

/// The number of every action, by lower-case full name.
fn action_numbers(services: &[Service]) -> HashMap<String, u32> {
    let full = |(prefix, name)| format!("{prefix}:{name}").to_ascii_lowercase();
    action_names(services).map(full).enumerate().map(|(index, name)| (name, word(index))).collect()
}

/// Prefix and name of every action, in the order of their numbers.
fn action_names(services: &[Service]) -> impl Iterator<Item = (&str, &str)> + Clone {
    services.iter().flat_map(|service| {
        service.actions.iter().map(|row| {
            let [_, name, ..]: [&str; 6] = row.cells();
            (service.prefix.as_str(), name)
        })
    })
}

/// The slots of all actions, a fifth of them free at least, so that the ways to names are short.
fn slots(services: &[Service]) -> Vec<u8> {
    let names = action_names(services);
    let count = (names.clone().count() * 5 / 4).next_power_of_two();
    let mut slots = vec![0u16; count];
    for (number, (prefix, name)) in (1..).zip(names) {
        let mut at = slot::hash(prefix, name) as usize % count;
        while slots[at] != 0 {
            at = (at + 1) % count;
        }
        slots[at] = number;
    }
    slots.into_iter().flat_map(u16::to_le_bytes).collect()
}

/// Levels by lower-case full name.
fn overlay(data: &Path) -> HashMap<String, u32> {
    let rows = lines(&data.join("levels-overlay.tsv"));
    let entry = |row: &Row| {
        let [full, _, level] = row.cells();
        (full.to_ascii_lowercase(), row.level(level))
    };
    rows.iter().map(entry).collect()
}

/// Every string once.
#[derive(Default)]
struct Strings {
    text: String,
    known: HashMap<String, u32>,
}

impl Strings {
    fn add(&mut self, text: &str) -> u32 {
        if let Some(place) = self.known.get(text) {
            return *place;
        }
        let (at, length) = (word(self.text.len()), word(text.len()));
        assert!(length >> LENGTH_BITS == 0 && at >> (32 - LENGTH_BITS) == 0, "no room for the string {text}");
        let place = at << LENGTH_BITS | length;
        self.text.push_str(text);
        self.known.insert(text.to_owned(), place);
        place
    }
}

/// Every list once; the empty one stands first.
struct Lists {
    words: Vec<u32>,
    known: BTreeMap<Vec<u32>, u32>,
}

impl Default for Lists {
    fn default() -> Self {
        Self { words: vec![0], known: BTreeMap::from([(Vec::new(), 0)]) }
    }
}

impl Lists {
    fn add(&mut self, items: impl IntoIterator<Item = u32>) -> u32 {
        let items: Vec<u32> = items.into_iter().collect();
        if let Some(offset) = self.known.get(&items) {
            return *offset;
        }
        let offset = word(self.words.len());
        self.words.push(word(items.len()));
        self.words.extend(&items);
        self.known.insert(items, offset);
        offset
    }
}

fn word(number: usize) -> u32 {
    u32::try_from(number).expect("the tables stay far below 4 GiB")
}
