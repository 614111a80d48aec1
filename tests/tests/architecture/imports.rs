//! Which file of a crate uses which, through re-exports to the file that defines a name.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    names::{self, Names, Segments},
    sources::texts,
};

/// The modules of one crate.
#[derive(Debug)]
pub(crate) struct Imports {
    modules: BTreeMap<Segments, Names>,
    files: BTreeMap<Segments, String>,
}

impl Imports {
    /// Reads a crate from its `src` folder. Files of tests are left out.
    pub(crate) fn of(folder: &str) -> Self {
        let (mut modules, mut files) = (BTreeMap::new(), BTreeMap::new());
        for (file, text) in texts(&[folder]) {
            let Some(module) = module_of(folder, &file) else { continue };
            for (module, names) in names::read(&file, &module, &text) {
                files.insert(module.clone(), file.clone());
                modules.insert(module, names);
            }
        }
        Self { modules, files }
    }

    /// Returns every full path that a file names: `crate::…` for the crate's own, and `std::…` or another
    /// crate's name for the others.
    pub(crate) fn used_by(&self, file: &str) -> BTreeSet<String> {
        let modules = self.files.iter().filter(|(_, name)| *name == file).map(|(module, _)| module);
        let used = modules.flat_map(|module| {
            let names = &self.modules[module];
            let paths = names.imports.values().chain(&names.paths);
            paths.map(|path| self.resolved(module, path).join("::")).collect::<Vec<_>>()
        });
        used.collect()
    }

    /// Says whether anything in a file is asynchronous.
    pub(crate) fn is_async(&self, file: &str) -> bool {
        self.files.iter().any(|(module, name)| name == file && self.modules[module].is_async)
    }

    /// Lists the sets of files that use each other, directly or through others. A `mod.rs` and `lib.rs` may use
    /// the files below them: that alone closes no circle.
    pub(crate) fn circles(&self) -> Vec<BTreeSet<String>> {
        let uses = self.uses();
        let reach: BTreeMap<&str, BTreeSet<&str>> =
            uses.keys().map(|file| (file.as_str(), reachable(file, &uses))).collect();
        let circle = |file: &&str| -> BTreeSet<String> {
            let others = reach[*file].iter().filter(|other| reach[**other].contains(*file));
            others.map(|other| (*other).to_owned()).collect()
        };
        let circles: BTreeSet<_> = reach.keys().map(circle).collect();
        circles.into_iter().filter(|circle| circle.len() > 1).collect()
    }

    fn uses(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, names) in &self.modules {
            let file = &self.files[module];
            let used = uses.entry(file.clone()).or_default();
            let own = names.imports.iter().filter(|(name, _)| !names.reexports.contains(*name));
            for path in own.map(|(_, path)| path).chain(&names.paths) {
                let home = self.home(&self.resolved(module, path));
                let is_below = home.is_some_and(|home| home.starts_with(module));
                used.extend(
                    home.filter(|_| !is_below).map(|home| self.files[home].clone()).filter(|home| home != file),
                );
            }
        }
        uses
    }

    /// Returns the module that a full path of this crate leads into.
    fn home(&self, path: &[String]) -> Option<&Segments> {
        let prefixes = (1..=path.len()).rev().map(|length| &path[..length]);
        prefixes.filter_map(|prefix| self.modules.get_key_value(prefix)).map(|(module, _)| module).next()
    }

    fn resolved(&self, module: &[String], path: &[String]) -> Segments {
        let mut from = module.to_vec();
        let mut rest = path;
        match rest.first().map(String::as_str) {
            Some("crate") => from.truncate(1),
            Some("self") => {}
            Some("super") => {
                while rest.first().is_some_and(|name| name == "super") {
                    from.pop();
                    rest = &rest[1..];
                }
                return self.follow(from, rest, 0);
            }
            // A name of this module, or that of another crate.
            Some(name) if self.knows(module, name) => return self.follow(from, rest, 0),
            _ if rest.len() > 1 => return rest.to_vec(),
            _ => return [module, rest].concat(),
        }
        self.follow(from, &rest[1..], 0)
    }

    fn knows(&self, module: &[String], name: &str) -> bool {
        let names = self.modules.get(module);
        names.is_some_and(|names| names.children.contains(name) || names.imports.contains_key(name))
    }

    /// Goes from module to module, and through imports to what they stand for.
    fn follow(&self, mut module: Segments, mut rest: &[String], depth: usize) -> Segments {
        while let ([name, after @ ..], Some(names)) = (rest, self.modules.get(&module)) {
            if names.children.contains(name) {
                module.push(name.clone());
                rest = after;
                continue;
            }
            let Some(target) = names.imports.get(name).filter(|target| target.as_slice() != rest && depth < 16) else {
                break;
            };
            let target = [target.as_slice(), after].concat();
            return match target[0].as_str() {
                "crate" => self.follow(vec!["crate".to_owned()], &target[1..], depth + 1),
                "self" => self.follow(module, &target[1..], depth + 1),
                "super" => {
                    let ups = target.iter().take_while(|name| *name == "super").count();
                    module.truncate(module.len().saturating_sub(ups));
                    self.follow(module, &target[ups..], depth + 1)
                }
                first if first != name && self.knows(&module, first) || names.children.contains(first) => {
                    self.follow(module, &target, depth + 1)
                }
                _ => target,
            };
        }
        module.extend(rest.iter().cloned());
        module
    }
}

fn reachable<'a>(file: &'a str, uses: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a str> {
    let (mut open, mut found) = (vec![file], BTreeSet::new());
    while let Some(next) = open.pop() {
        open.extend(uses[next].iter().map(String::as_str).filter(|used| found.insert(*used)));
    }
    found
}

/// Returns the module that a file is, from `crate` on; `None` for the tests of a module.
fn module_of(folder: &str, file: &str) -> Option<Segments> {
    let below = file.strip_prefix(folder)?.trim_start_matches('/').strip_suffix(".rs")?;
    let mut names: Vec<&str> = below.split('/').collect();
    match names.last() {
        Some(&"tests" | &"main") => return None,
        Some(&"mod" | &"lib") => {
            names.pop();
        }
        _ => {}
    }
    Some(["crate"].into_iter().chain(names).map(str::to_owned).collect())
}
