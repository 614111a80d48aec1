//! Reads with `syn` what a file's shipped code names: its imports, every other path, and whether anything in
//! it is asynchronous. Comments, string literals and `#[cfg(test)]` items are left out.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    Attribute, ExprAsync, ExprAwait, ExprClosure, ImplItemFn, Item, ItemMod, ItemUse, Macro, Signature, UseTree,
    visit::{self, Visit},
};

/// The names of a path, such as `std`, `fs`, `read`.
pub(crate) type Segments = Vec<String>;

/// What one module names. A file has one module, and one for each `mod name { … }` in it.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The modules that it declares, whether in this file or another one.
    pub(crate) children: BTreeSet<String>,
    /// The names that its imports make, and what each stands for.
    pub(crate) imports: BTreeMap<String, Segments>,
    /// Those of its imports that others may use.
    pub(crate) reexports: BTreeSet<String>,
    /// Every other path with at least two names, and the prefixes of glob imports.
    pub(crate) paths: BTreeSet<Segments>,
    /// Whether it has an `async fn`, an `async` block or an `.await`.
    pub(crate) is_async: bool,
}

/// Reads a file that is this module of its crate; returns its modules by their paths.
pub(crate) fn read(file: &str, module: &[String], text: &str) -> BTreeMap<Segments, Names> {
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut reader = Reader { module: module.to_vec(), modules: BTreeMap::new() };
    reader.names();
    reader.visit_file(&parsed);
    reader.modules
}

struct Reader {
    module: Segments,
    modules: BTreeMap<Segments, Names>,
}

impl Reader {
    fn names(&mut self) -> &mut Names {
        self.modules.entry(self.module.clone()).or_default()
    }

    fn import(&mut self, tree: &UseTree, before: &[String], is_public: bool) {
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &[before, &[path.ident.to_string()]].concat(), is_public),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before, is_public)),
            UseTree::Glob(_) => {
                self.names().paths.insert(before.to_vec());
            }
            UseTree::Name(name) if name.ident == "self" => {
                let last = before.last().expect("`self` stands in a group").clone();
                self.import_as(last, before.to_vec(), is_public);
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.import_as(name.clone(), [before, &[name]].concat(), is_public);
            }
            UseTree::Rename(rename) => {
                let path = [before, &[rename.ident.to_string()]].concat();
                self.import_as(rename.rename.to_string(), path, is_public);
            }
        }
    }

    fn import_as(&mut self, name: String, path: Segments, is_public: bool) {
        let names = self.names();
        if name == "_" {
            names.paths.insert(path);
            return;
        }
        if is_public {
            names.reexports.insert(name.clone());
        }
        names.imports.insert(name, path);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = item.ident.to_string();
        self.names().children.insert(name.clone());
        if item.content.is_some() {
            self.module.push(name);
            self.names();
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_public = !matches!(item.vis, syn::Visibility::Inherited);
        self.import(&item.tree, &[], is_public);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.names().paths.insert(segments);
        visit::visit_path(self, path);
    }

    /// The arguments of a macro are tokens, not syntax.
    fn visit_macro(&mut self, item: &'ast Macro) {
        let (paths, is_async) = read_tokens(&item.tokens.to_string());
        let names = self.names();
        names.paths.extend(paths);
        names.is_async |= is_async;
        visit::visit_macro(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast Signature) {
        self.names().is_async |= signature.asyncness.is_some();
        visit::visit_signature(self, signature);
    }

    fn visit_expr_await(&mut self, item: &'ast ExprAwait) {
        self.names().is_async = true;
        visit::visit_expr_await(self, item);
    }

    fn visit_expr_async(&mut self, item: &'ast ExprAsync) {
        self.names().is_async = true;
        visit::visit_expr_async(self, item);
    }

    fn visit_expr_closure(&mut self, item: &'ast ExprClosure) {
        self.names().is_async |= item.asyncness.is_some();
        visit::visit_expr_closure(self, item);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test")
    })
}

/// Finds the paths among tokens as they are printed, and whether anything is asynchronous.
fn read_tokens(tokens: &str) -> (BTreeSet<Segments>, bool) {
    let text = without_strings(tokens);
    let text: String = text.split("::").map(str::trim).collect::<Vec<_>>().join("::");
    let words = text.split(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | ':')));
    let paths = words.filter(|word| word.contains("::")).map(|word| {
        let segments = word.split("::").map(|segment| segment.trim_matches(':').to_owned());
        segments.filter(|segment| !segment.is_empty()).collect()
    });
    let is_async =
        text.split(|character: char| !character.is_alphanumeric()).any(|word| matches!(word, "async" | "await"));
    (paths.collect(), is_async)
}

fn without_strings(text: &str) -> String {
    let (mut kept, mut is_inside, mut is_escaped) = (String::new(), false, false);
    for character in text.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_inside => is_escaped = true,
            '"' => is_inside = !is_inside,
            _ if is_inside => {}
            other => kept.push(other),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Names {
        read("here", &["crate".to_owned()], text).remove(["crate".to_owned()].as_slice()).expect("the file itself")
    }

    fn path(text: &str) -> Segments {
        text.split("::").map(str::to_owned).collect()
    }

    #[test]
    fn imports_are_taken_apart() {
        let names = names("use std::{fs::{self, File}, io as input}; pub use super::a::B; use c::*;");
        let expected = [("B", "super::a::B"), ("File", "std::fs::File"), ("fs", "std::fs"), ("input", "std::io")];
        assert_eq!(names.imports, expected.map(|(name, to)| (name.to_owned(), path(to))).into());
        assert_eq!(names.reexports, BTreeSet::from(["B".to_owned()]));
        assert!(names.paths.contains(&path("c")));
    }

    #[test]
    fn comments_strings_and_tests_name_nothing() {
        let names = names(
            "//! std::fs\n/// a.await\nfn a() { let _ = \"std::net\"; panic!(\"std::env::args {}\", 1) }\n\
             #[cfg(test)] mod tests { use std::process; async fn b() {} }",
        );
        assert!(!names.is_async);
        assert!(names.paths.iter().all(|path| path[0] != "std"), "{:?}", names.paths);
        assert!(names.imports.is_empty());
    }

    #[test]
    fn code_and_macros_name_what_they_use() {
        let names = names("fn a() { std::fs::read(p); assert!(std::env::args().next().is_none()); b!(c.await) }");
        assert!(names.is_async);
        assert!(names.paths.contains(&path("std::fs::read")) && names.paths.contains(&path("std::env::args")));
    }
}
