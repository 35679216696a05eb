//! The walls between the modules of each crate: who may use whom, and how large a file may grow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of a crate from top to bottom: a room uses its own and those after it. What is in no room is free.
const ROOMS: [(&str, &[&str]); 1] = [(
    "juju-emulator",
    &[
        "client",
        "agent",
        "hook",
        "controller",
        "charm",
        "machine",
        "go",
    ],
)];

/// Beyond that, a file knows too many others.
const MOST_USED: usize = 10;

/// Beyond that, a file is about more than one thing.
const LONGEST: usize = 450;

/// A module's source.
struct Source {
    /// The module's path, such as `hook::ports`; empty for the crate's root.
    module: String,
    file: String,
    text: String,
}

impl Source {
    /// The text without its tests, which stand at the end.
    fn code(&self) -> &str {
        let tests = self.text.find("#[cfg(test)]\nmod ");
        &self.text[..tests.unwrap_or(self.text.len())]
    }
}

/// A use of another module of the crate, at a line of a file.
struct Use {
    line: usize,
    module: String,
}

/// What a source uses of its crate.
#[derive(Default)]
struct Uses {
    modules: Vec<Use>,
    /// The lines with a path that leads to no module: one from `super`, or to what the crate's root hands on.
    unseen: BTreeSet<usize>,
}

/// The modules that a source uses, its tests left out, at the first line that does. A crate's root and a `mod.rs` only
/// say what there is.
fn uses(source: &Source, modules: &BTreeSet<&str>) -> Uses {
    let mut found = Uses::default();
    let code = source.code();
    for (number, line) in code.lines().enumerate() {
        if line.contains("super::") && !line.trim_start().starts_with("//") {
            found.unseen.insert(number + 1);
        }
    }
    // A statement may go over several lines.
    let mut offset = 0;
    while let Some(start) = code[offset..].find("crate::").map(|at| offset + at) {
        offset = start + "crate::".len();
        let line_start = code[..start].rfind('\n').map_or(0, |at| at + 1);
        if code[line_start..start].trim_start().starts_with("//") {
            continue;
        }
        let line = code[..start].matches('\n').count() + 1;
        for path in paths(&code[offset..]) {
            let of_module = |path: &str| {
                let mut path = path;
                loop {
                    if modules.contains(path) {
                        return Some(path.to_owned());
                    }
                    path = path.rsplit_once("::")?.0;
                }
            };
            let Some(module) = of_module(&path) else {
                found.unseen.insert(line);
                continue;
            };
            let is_new = !found.modules.iter().any(|other| other.module == module);
            if module != source.module && is_new {
                found.modules.push(Use { line, module });
            }
        }
    }
    found
}

/// The paths that a text begins with: `a::b` and `a::c::D` of `a::{b, c::D}; …`.
fn paths(text: &str) -> Vec<String> {
    if text.starts_with('{') {
        let nameless = format!("crate::{text}");
        let inner = paths(&nameless).into_iter();
        return inner
            .map(|path| path["crate::".len()..].to_owned())
            .collect();
    }
    let name = text
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(text.len());
    let (first, rest) = text.split_at(name);
    if let Some(rest) = rest.strip_prefix("::") {
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut items = Vec::new();
            let mut start = 0;
            for (at, letter) in group.char_indices() {
                match letter {
                    '{' => depth += 1,
                    ',' if depth == 0 => {
                        items.push(&group[start..at]);
                        start = at + 1;
                    }
                    '}' if depth == 0 => {
                        items.push(&group[start..at]);
                        break;
                    }
                    '}' => depth -= 1,
                    _ => {}
                }
            }
            // Nothing stands after the last comma.
            let items = items
                .into_iter()
                .map(str::trim)
                .filter(|item| !item.is_empty());
            let inner = items.flat_map(paths);
            return inner.map(|path| format!("{first}::{path}")).collect();
        }
        return paths(rest)
            .into_iter()
            .map(|path| format!("{first}::{path}"))
            .collect();
    }
    vec![first.to_owned()]
}

/// Everything that is wrong with the modules of one crate, a sentence for each.
fn faults(rooms: &[&str], sources: &[Source]) -> Vec<String> {
    let modules: BTreeSet<&str> = sources
        .iter()
        .map(|source| source.module.as_str())
        .filter(|module| !module.is_empty())
        .collect();
    let level = |module: &str| {
        let room = module.split("::").next().unwrap_or(module);
        rooms.iter().position(|name| *name == room)
    };
    let mut faults = Vec::new();
    let mut graph: BTreeMap<&str, Vec<Use>> = BTreeMap::new();
    for source in sources {
        let lines = source.text.lines().count();
        if lines > LONGEST {
            faults.push(format!(
                "{}:{lines}: a file has at most {LONGEST} lines",
                source.file
            ));
        }
        if source.module.is_empty() {
            continue;
        }
        let Uses {
            modules: uses,
            unseen,
        } = uses(source, &modules);
        faults.extend(unseen.into_iter().map(|line| {
            format!(
                "{}:{line}: a module is used by its path from `crate`, for the walls to be seen",
                source.file
            )
        }));
        // The index of a room names all that is in it.
        let inside = format!("{}::", source.module);
        let beyond = uses.iter().filter(|used| !used.module.starts_with(&inside));
        let number = beyond.count();
        if number > MOST_USED {
            faults.push(format!(
                "{}:1: a file uses at most {MOST_USED} others of its crate, not {number}",
                source.file
            ));
        }
        for used in &uses {
            if let (Some(own), Some(other)) = (level(&source.module), level(&used.module))
                && other < own
            {
                faults.push(format!(
                    "{}:{}: {} uses {}, which is above it: {}",
                    source.file,
                    used.line,
                    source.module,
                    used.module,
                    rooms.join(" → ")
                ));
            }
        }
        graph.insert(&source.module, uses);
    }
    for source in sources.iter().filter(|source| !source.module.is_empty()) {
        for used in graph.get(source.module.as_str()).into_iter().flatten() {
            if let Some(way) = way_back(&graph, &used.module, &source.module)
                && source.module < used.module
            {
                faults.push(format!(
                    "{}:{}: no module uses itself by way of others: {} → {}",
                    source.file,
                    used.line,
                    source.module,
                    way.join(" → ")
                ));
            }
        }
    }
    faults
}

/// The modules by way of which `from` uses `to`, both included.
fn way_back<'a>(
    graph: &'a BTreeMap<&str, Vec<Use>>,
    from: &'a str,
    to: &str,
) -> Option<Vec<&'a str>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::from([(from, from)]);
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        for used in graph.get(module).into_iter().flatten() {
            if before.contains_key(used.module.as_str()) {
                continue;
            }
            before.insert(&used.module, module);
            if used.module == to {
                let mut way = vec![used.module.as_str()];
                while way[way.len() - 1] != from {
                    way.push(before[way[way.len() - 1]]);
                }
                way.reverse();
                return Some(way);
            }
            next.push(&used.module);
        }
    }
    None
}

fn sources(root: &Path, directory: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let module = path.strip_prefix(root).unwrap().with_extension("");
            let mut names: Vec<_> = module
                .iter()
                .map(|name| name.to_str().unwrap().to_owned())
                .collect();
            if names
                .last()
                .is_some_and(|name| ["mod", "lib", "main"].contains(&name.as_str()))
            {
                names.pop();
            }
            found.push(Source {
                module: names.join("::"),
                file: path.display().to_string(),
                text: fs::read_to_string(&path).unwrap(),
            });
        }
    }
}

#[test]
fn every_crate_keeps_its_walls() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut crates: Vec<PathBuf> = ["crates", "examples"]
        .iter()
        .flat_map(|directory| fs::read_dir(project.join(directory)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    crates.push(project.to_owned());
    let mut all = Vec::new();
    for path in crates {
        let mut found = Vec::new();
        let root = path.join("src");
        sources(&root, &root, &mut found);
        assert!(!found.is_empty(), "{} has no sources", root.display());
        let name = path.file_name().unwrap();
        let rooms = ROOMS.iter().find(|(of, _)| name == *of);
        all.extend(faults(rooms.map_or(&[], |(_, rooms)| rooms), &found));
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

fn faults_of(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<Source> = files
        .iter()
        .map(|(module, text)| Source {
            module: (*module).to_owned(),
            file: format!("{}.rs", module.replace("::", "/")),
            text: (*text).to_owned(),
        })
        .collect();
    faults(&["client", "go"], &sources)
}

#[test]
fn a_use_from_below_to_above_is_named() {
    let above = "use std::fmt;\n\nuse crate::{\n    client::cli::main,\n};\n";
    assert_eq!(
        faults_of(&[("go::flags", above), ("client::cli", "")]),
        ["go/flags.rs:3: go::flags uses client::cli, which is above it: client → go"]
    );
    let below = "use crate::go::flags;\n";
    assert!(faults_of(&[("go::flags", ""), ("client::cli", below)]).is_empty());
}

#[test]
fn a_cycle_is_named_once() {
    let files = [
        ("a", "use crate::b::B;\n"),
        ("b", "//! See [`crate::a`].\nfn b() { crate::c::c() }\n"),
        ("c", "use crate::{a, d};\n"),
        ("d", "#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n"),
    ];
    assert_eq!(
        faults_of(&files),
        [
            "a.rs:1: no module uses itself by way of others: a → b → c → a",
            "b.rs:2: no module uses itself by way of others: b → c → a → b"
        ]
    );
}

#[test]
fn a_file_that_is_too_long_or_knows_too_many_is_named() {
    let long = "\n".repeat(LONGEST + 1);
    assert_eq!(
        faults_of(&[("a", &long)]),
        ["a.rs:451: a file has at most 450 lines"]
    );
    let names: Vec<String> = (0..=MOST_USED)
        .map(|number| format!("other{number}"))
        .collect();
    let user = format!("use crate::{{{}}};\n", names.join(", "));
    let mut files = vec![("user", user.as_str())];
    files.extend(names.iter().map(|name| (name.as_str(), "")));
    assert_eq!(
        faults_of(&files),
        ["user.rs:1: a file uses at most 10 others of its crate, not 11"]
    );
}

#[test]
fn a_use_that_the_walls_would_not_see_is_named() {
    let hidden = "use super::super::client::cli;\nuse crate::Reexported;\n// crate::Said, super::said\nuse crate::{\n    Grouped,\n};\n";
    let rule = "a module is used by its path from `crate`, for the walls to be seen";
    assert_eq!(
        faults_of(&[("go::flags", hidden), ("client::cli", "")]),
        [
            format!("go/flags.rs:1: {rule}"),
            format!("go/flags.rs:2: {rule}"),
            format!("go/flags.rs:4: {rule}")
        ]
    );
}
