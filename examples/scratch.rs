use iamlint::source::Sources;
use iamlint::template::Repository;
use iamlint::linter::*;
use rayon::prelude::*;
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
fn rss(what: &str) {
    let s = std::fs::read_to_string("/proc/self/statm").unwrap();
    let v: Vec<u64> = s.split(' ').filter_map(|x| x.trim().parse().ok()).collect();
    eprintln!("{what}: {} MB", v[1] * 4 / 1024);
}
fn main() {
    let mut files = Vec::new();
    for path in std::env::args().skip(1) {
        files.extend(ignore::WalkBuilder::new(path).build().filter_map(Result::ok).map(|e| e.into_path()).filter(|p| p.is_file()));
    }
    let mut sources = Sources::new();
    for f in files { if let Ok(t) = std::fs::read_to_string(&f) { sources.add(f.to_string_lossy(), t); } }
    rss("read");
    eprintln!("node {} entry {} ", std::mem::size_of::<iamlint::syntax::Node>(), std::mem::size_of::<iamlint::syntax::Entry>());
    eprintln!("kind {} map {} ", std::mem::size_of::<iamlint::syntax::Kind>(), std::mem::size_of::<iamlint::source::OffsetMap>());
    let t = std::time::Instant::now();
    let r = Repository::read(&sources);
    rss("repository"); eprintln!("{:?}", t.elapsed());
    let t = std::time::Instant::now();
    let ids: Vec<_> = sources.iter().map(|(f, _)| f).collect();
    let fr: Vec<_> = ids.par_iter().map(|f| iamlint::model::lower::lower(&r, *f)).collect();
    rss("lowered"); eprintln!("{:?}", t.elapsed());
    let t = std::time::Instant::now();
    let r = r.without_trees();
    let model = iamlint::model::link(&sources, &r, fr);
    rss("linked"); eprintln!("{:?}", t.elapsed());
    let formats: Vec<_> = ids.iter().map(|_| iamlint::template::Format::Other).collect();
    let t = std::time::Instant::now();
    let ctx = iamlint::rules::Context { model: &model, sources: &sources, formats: &formats };
    let (d, _) = iamlint::rules::run(&ctx, iamlint::rules::builtin::rules());
    rss("rules"); eprintln!("{:?} {}", t.elapsed(), d.len());
    let _ = Options::default();
}
