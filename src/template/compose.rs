//! A compose file: its services, with variables put in as far as they are known. What a shell that
//! starts it may set otherwise stays a hole with a default.
//!
//! Source: <https://docs.docker.com/reference/compose-file/>

mod env_file;
mod interpolate;

use super::repository::Repository;
use crate::source::{FileId, Span, Spanned};
use crate::value::{Map, Text, Value};
use interpolate::Variables;

/// A service that extends one that extends another, and so on; deeper ones are not followed.
const MAX_EXTENDS: usize = 8;

#[derive(Clone, Debug)]
pub struct Compose {
    pub file: FileId,
    pub services: Vec<Service>,
    /// Parts that are not looked into, and why.
    pub not_read: Vec<(Span, String)>,
}

#[derive(Clone, Debug, Default)]
pub struct Service {
    pub name: String,
    /// The place of the name.
    pub span: Option<Span>,
    pub image: Option<Text>,
    pub build: Option<Build>,
    /// Those of the files that it names first: what it sets itself comes after them.
    pub environment: Vec<Setting>,
    pub command: Vec<Text>,
    pub entrypoint: Vec<Text>,
    /// `privileged: true`, at its value.
    pub privileged: Option<Span>,
    pub network_mode: Option<Text>,
    pub pid: Option<Text>,
    pub user: Option<Text>,
    /// What of the host is mounted, without where to.
    pub mounts: Vec<Text>,
    pub added_capabilities: Vec<Text>,
    pub secrets: Vec<Text>,
    /// It starts only when one of them is asked for.
    pub profiles: Vec<Text>,
}

#[derive(Clone, Debug)]
pub struct Build {
    pub span: Span,
    /// The folder that is sent to the engine, `.` by default.
    pub context: Option<Text>,
    pub dockerfile: Option<Text>,
    pub arguments: Vec<Setting>,
    pub target: Option<Text>,
}

#[derive(Clone, Debug)]
pub struct Setting {
    pub name: Spanned<String>,
    /// `None` where it is taken from the shell.
    pub value: Option<Text>,
}

impl Compose {
    pub fn read(repository: &Repository<'_>, file: FileId) -> Compose {
        let mut found = Compose { file, services: Vec::new(), not_read: Vec::new() };
        let Some(root) = repository.get(file).parsed.root().map(Value::plain) else { return found };
        let reader = Reader { repository, file, variables: env_file::beside(repository, file) };
        for (name, value) in root.get("services").and_then(Value::as_map).map_or(&[][..], |map| &map.entries) {
            let Some(map) = value.as_map() else { continue };
            let service = reader.service(name, map, &root, 0, &mut found.not_read);
            found.services.push(service);
        }
        for part in root.get("include").map(Value::items).unwrap_or_default() {
            found.not_read.push((part.1.span(), "a compose file that is included is read by itself alone".into()));
        }
        found
    }
}

struct Reader<'r, 's> {
    repository: &'r Repository<'s>,
    file: FileId,
    variables: Variables,
}

impl Reader<'_, '_> {
    fn service(
        &self,
        name: &Spanned<String>,
        map: &Map,
        root: &Value,
        depth: usize,
        not_read: &mut Vec<(Span, String)>,
    ) -> Service {
        let text = |key: &str| map.get(key).and_then(Value::as_text).map(|text| self.variables.put_in(text));
        let texts = |key: &str| self.texts(map.get(key));
        let mut environment = Vec::new();
        for path in self.env_files(map) {
            match env_file::named(self.repository, self.file, &path) {
                Some(settings) => environment.extend(settings),
                None => not_read.push((path.span, format!("the file `{}` is not among those read", path.display()))),
            }
        }
        environment.extend(self.settings(map.get("environment")));
        let privileged = map.get("privileged").filter(|value| value.as_bool() == Some(true));
        let service = Service {
            name: name.value.clone(),
            span: Some(name.span),
            image: text("image"),
            build: map.get("build").and_then(|value| self.build(value)),
            environment,
            command: texts("command"),
            entrypoint: texts("entrypoint"),
            privileged: privileged.map(Value::span),
            network_mode: text("network_mode"),
            pid: text("pid"),
            user: text("user"),
            mounts: self.mounts(map.get("volumes")),
            added_capabilities: texts("cap_add"),
            secrets: texts("secrets"),
            profiles: texts("profiles"),
        };
        match map.get("extends").and_then(|value| self.extended(value, root, depth, not_read)) {
            Some(base) => service.over(base),
            None => service,
        }
    }

    /// The service that another one extends, of this file or of one that is named.
    fn extended(
        &self,
        value: &Value,
        root: &Value,
        depth: usize,
        not_read: &mut Vec<(Span, String)>,
    ) -> Option<Service> {
        let name = value.as_text().or_else(|| value.get("service")?.as_text())?.literal()?;
        if depth >= MAX_EXTENDS {
            not_read.push((value.span(), "services extend each other too deeply".into()));
            return None;
        }
        let Some(path) = value.get("file").and_then(Value::as_text) else {
            let (key, map) = service_in(root, name)?;
            return Some(self.service(key, map, root, depth + 1, not_read));
        };
        let folder = self.repository.folder(self.file);
        let file = path.literal().and_then(|path| self.repository.find(folder, path).ok());
        let Some((file, root)) = file.and_then(|file| Some((file, self.repository.get(file).parsed.root()?))) else {
            not_read.push((path.span, format!("the file `{}` is not among those read", path.display())));
            return None;
        };
        let root = Value::plain(root);
        let (key, map) = service_in(&root, name)?;
        let other = Reader { repository: self.repository, file, variables: self.variables.clone() };
        Some(other.service(key, map, &root, depth + 1, not_read))
    }

    fn texts(&self, value: Option<&Value>) -> Vec<Text> {
        let items = value.map(Value::items).unwrap_or_default();
        let name = |item: &Value| item.as_text().or_else(|| item.get("source")?.as_text()).cloned();
        items.into_iter().filter_map(|(_, item)| name(item)).map(|text| self.variables.put_in(&text)).collect()
    }

    /// `env_file: path`, a list of paths, or of `{path: …}`.
    fn env_files(&self, map: &Map) -> Vec<Text> {
        let items = map.get("env_file").map(Value::items).unwrap_or_default();
        let path = |item: &Value| item.as_text().or_else(|| item.get("path")?.as_text()).cloned();
        items.into_iter().filter_map(|(_, item)| path(item)).map(|text| self.variables.put_in(&text)).collect()
    }

    /// `{NAME: value}`, or a list of `NAME=value`.
    fn settings(&self, value: Option<&Value>) -> Vec<Setting> {
        match value {
            Some(Value::Map(map)) => {
                let setting = |(name, value): &(Spanned<String>, Value)| Setting {
                    name: name.clone(),
                    value: value.as_text().map(|text| self.variables.put_in(text)),
                };
                map.entries.iter().map(setting).collect()
            }
            Some(value) => {
                let items = value.items();
                items.iter().filter_map(|(_, item)| Some(self.setting(item.as_text()?))).collect()
            }
            None => Vec::new(),
        }
    }

    fn setting(&self, text: &Text) -> Setting {
        let (name, value) = interpolate::split_at_equals(text);
        Setting { name, value: value.map(|value| self.variables.put_in(&value)) }
    }

    fn build(&self, value: &Value) -> Option<Build> {
        if let Some(context) = value.as_text() {
            let context = Some(self.variables.put_in(context));
            return Some(Build { span: value.span(), context, dockerfile: None, arguments: Vec::new(), target: None });
        }
        let map = value.as_map()?;
        let text = |key: &str| map.get(key).and_then(Value::as_text).map(|text| self.variables.put_in(text));
        Some(Build {
            span: map.span,
            context: text("context"),
            dockerfile: text("dockerfile"),
            arguments: self.settings(map.get("args")),
            target: text("target"),
        })
    }

    /// `./src:/app:ro`, or `{type: bind, source: ./src, target: /app}`.
    fn mounts(&self, value: Option<&Value>) -> Vec<Text> {
        let items = value.map(Value::items).unwrap_or_default();
        let source = |item: &Value| match item.as_text() {
            Some(text) => Some(interpolate::before_colon(&self.variables.put_in(text))),
            None => item.get("source")?.as_text().map(|text| self.variables.put_in(text)),
        };
        items.into_iter().filter_map(|(_, item)| source(item)).collect()
    }
}

impl Service {
    /// This service on top of the one that it extends.
    fn over(self, base: Service) -> Service {
        let either = |own: Vec<Text>, base: Vec<Text>| if own.is_empty() { base } else { own };
        Service {
            name: self.name,
            span: self.span,
            image: self.image.or(base.image),
            build: self.build.or(base.build),
            environment: [base.environment, self.environment].concat(),
            command: either(self.command, base.command),
            entrypoint: either(self.entrypoint, base.entrypoint),
            privileged: self.privileged.or(base.privileged),
            network_mode: self.network_mode.or(base.network_mode),
            pid: self.pid.or(base.pid),
            user: self.user.or(base.user),
            mounts: [base.mounts, self.mounts].concat(),
            added_capabilities: [base.added_capabilities, self.added_capabilities].concat(),
            secrets: [base.secrets, self.secrets].concat(),
            profiles: either(self.profiles, base.profiles),
        }
    }
}

fn service_in<'v>(root: &'v Value, name: &str) -> Option<(&'v Spanned<String>, &'v Map)> {
    let (key, value) = root.get("services")?.as_map()?.entry(name)?;
    Some((key, value.as_map()?))
}

#[cfg(test)]
mod tests;
