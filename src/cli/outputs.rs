//! Where reports go: standard output, files, and the places that GitHub Actions reads.

use super::args::ReportArgs;
use super::{Failure, print, style};
use crate::diagnostic::Severity;
use crate::linter::{Inventory, Report};
use crate::report::{self, Account, Format, Style};
use crate::source::Sources;
use jiff::Timestamp;
use std::fs::{self, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// One report that is asked for: `sarif:reports/iamlint.sarif`; without a path, on standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    format: Format,
    path: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Output, String> {
        let (format, path) = text.split_once(':').map_or((text, None), |(format, path)| (format, Some(path)));
        if path == Some("") {
            return Err(format!("a path is missing behind `{format}:`"));
        }
        Ok(Output { format: format.parse()?, path: path.filter(|path| *path != "-").map(PathBuf::from) })
    }
}

/// What a run writes.
pub struct Outputs {
    stdout: Format,
    files: Vec<(Format, PathBuf)>,
    account: Option<Account>,
    /// Standard output has another text, and the report that would go there goes to standard error.
    is_taken: bool,
}

impl Outputs {
    /// What is asked for; nothing is written yet. Reports in files are besides the one on standard
    /// output: a log that says nothing helps nobody.
    pub fn of(args: &ReportArgs) -> Result<Outputs, Failure> {
        let format = args.format.as_deref().map(Format::from_str).transpose().map_err(Failure::new)?;
        let unplaced = args.report.iter().filter(|output| output.path.is_none()).map(|output| output.format);
        let on_stdout: Vec<Format> = format.into_iter().chain(unplaced).collect();
        if let [first, second, ..] = on_stdout[..] {
            return Err(Failure::with_help(
                format!("two reports are to go to standard output, `{first}` and `{second}`"),
                format!("give one of them a path: `--report {second}:PATH`"),
            ));
        }
        let files: Vec<(Format, PathBuf)> =
            args.report.iter().filter_map(|output| Some((output.format, output.path.clone()?))).collect();
        for (index, (_, path)) in files.iter().enumerate() {
            if files[..index].iter().any(|(_, other)| other == path) {
                return Err(Failure::new(format!("two reports are to go to `{}`", path.display())));
            }
        }
        let stdout = on_stdout.first().copied().unwrap_or_default();
        let wants_account = stdout == Format::Asff || files.iter().any(|(format, _)| *format == Format::Asff);
        let account = if wants_account { Some(account()?) } else { None };
        Ok(Outputs { stdout, files, account, is_taken: false })
    }

    /// Whether standard output belongs to something else.
    pub fn leave_stdout(&mut self, is_taken: bool) {
        self.is_taken = is_taken;
    }

    /// What the reports list besides findings.
    pub fn inventory(&self) -> Inventory {
        let formats = self.files.iter().map(|(format, _)| *format).chain([self.stdout]);
        formats.map(Format::inventory).fold(Inventory::default(), |one, other| Inventory {
            rules: one.rules || other.rules,
            roles: one.roles || other.roles,
        })
    }

    /// The files that will be written: what a run writes, the next one does not read.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(_, path)| path.as_path())
    }

    /// Writes everything. A file that cannot be written does not keep the others from it.
    pub fn write(
        &self,
        report: &Report,
        sources: &Sources,
        args: &ReportArgs,
        fail_on: Option<Severity>,
    ) -> Result<(), Failure> {
        let is_terminal = if self.is_taken { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
        let base = style(args.color, is_terminal);
        let shown = Style { quiet: args.quiet, verbose: args.verbose, account: self.account.clone(), ..base };
        let plain = Style { account: self.account.clone(), verbose: args.verbose, ..Style::default() };
        let mut failures = Vec::new();
        let text = report::render(report, sources, self.stdout, &shown, fail_on);
        if self.is_taken {
            // A reader that goes away is no error here either.
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        } else {
            print(&text);
        }
        for (format, path) in &self.files {
            let text = report::render(report, sources, *format, &plain, fail_on);
            failures.extend(write_file(path, &text).err().map(|error| reason(path, &error)));
        }
        if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
            let render = |format| report::render(report, sources, format, &plain, fail_on);
            if self.stdout != Format::Github {
                // Commands are read from both streams, and this one is nobody's input.
                let mut out = std::io::stderr().lock();
                let _ = out.write_all(render(Format::Github).as_bytes()).and_then(|()| out.flush());
            }
            if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) {
                let path = PathBuf::from(path);
                let written = append(&path, &render(Format::Markdown));
                failures.extend(written.err().map(|error| reason(&path, &error)));
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(Failure::new(failures.join("\n"))) }
    }
}

fn reason(path: &Path, error: &std::io::Error) -> String {
    format!("cannot write the report `{}`: {error}", path.display())
}

fn write_file(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

/// The account that Security Hub is asked in, of the build that this is or as the user says.
fn account() -> Result<Account, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let arn = variable("CODEBUILD_BUILD_ARN").unwrap_or_default();
    let of_build = |index: usize| arn.split(':').nth(index).filter(|part| !part.is_empty()).map(str::to_owned);
    let id = variable("AWS_ACCOUNT_ID").or_else(|| of_build(4));
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).or_else(|| of_build(3));
    let is_account = |id: &String| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    let (Some(id), Some(region)) = (id.filter(is_account), region) else {
        return Err(Failure::with_help(
            "an ASFF report needs the account and the region that it is imported in",
            "set AWS_ACCOUNT_ID, twelve digits, and AWS_REGION; CodeBuild does it by itself",
        ));
    };
    let partition = match region.as_str() {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    Ok(Account { partition: of_build(1).unwrap_or_else(|| partition.to_owned()), region, id, time: time() })
}

/// Now, or the time that reproducible builds go by: <https://reproducible-builds.org/specs/source-date-epoch/>
fn time() -> String {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let given = given.and_then(|seconds| Timestamp::from_second(seconds).ok());
    format!("{:.0}", given.unwrap_or_else(Timestamp::now))
}
