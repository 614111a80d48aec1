//! The page tree as its nodes link it: which pages there are, in order, and which nodes state
//! something else. Pure.

use std::collections::HashMap;

use hayro_syntax::{
    object::{
        Array, Dict, MaybeRef, Number, Object, ObjectIdentifier,
        array::ArrayIter,
        dict::keys::{COUNT, KIDS, PAGES},
    },
    xref::XRef,
};

use super::{scan::object_numbers, section::Section, user_unit::user_unit};

/// How many nodes may lie above a page. Real trees have less than ten levels.
const MAX_DEPTH: usize = 64;
/// How many entries of `Kids` arrays are looked at. A tree of shared nodes can name far more pages
/// than it has objects.
const MAX_VISITS: usize = 1_000_000;

/// Where the dictionary of a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum PageAt {
    /// It is an object.
    Object(ObjectIdentifier),
    /// It stands itself in the `Kids` of a node that is an object.
    Kid {
        /// The node.
        node: ObjectIdentifier,
        /// Its place in the array, from 0.
        index: u32,
    },
    /// It stands in a node that is no object either.
    Nested,
}

/// A node whose `Count` or `Kids` are not what libpdfium has to find there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrongNode {
    /// The node's object.
    pub(super) id: ObjectIdentifier,
    /// How many pages lie under it.
    pub(super) count: u64,
    /// The places in its `Kids`, ascending, where there is neither page nor node.
    pub(super) dropped: Vec<u32>,
}

/// What a walk over the tree finds.
#[derive(Debug)]
pub(super) struct PageTree {
    /// Every page, in order. A page that stands twice in the tree is here twice.
    pub(super) pages: Vec<PageAt>,
    /// The units of the pages that state one.
    pub(super) units: HashMap<PageAt, f64>,
    /// The nodes to correct, in the order in which they are met.
    pub(super) wrong: Vec<WrongNode>,
}

/// Reads the page tree of a document whose bytes are `file`. `None` if there is none, or if it
/// cannot be read with certainty.
pub(super) fn read(xref: &XRef, file: &[u8]) -> Option<PageTree> {
    let root = xref.get::<Dict<'_>>(xref.root_id())?.get_ref(PAGES)?.into();
    let dict = xref.get::<Dict<'_>>(root)?;
    if !dict.contains_key(KIDS) {
        let at = PageAt::Object(root);
        let units = user_unit(&dict).map(|unit| (at, unit)).into_iter().collect();
        return Some(PageTree { pages: vec![at], units, wrong: Vec::new() });
    }
    let mut walk = Walk {
        xref,
        file,
        nodes: Vec::new(),
        known: HashMap::new(),
        units: HashMap::new(),
        visits: 0,
        numbers: None,
        is_damaged: None,
    };
    walk.link(root)?;
    let (pages, units) = (walk.pages()?, std::mem::take(&mut walk.units));
    Some(PageTree { pages, units, wrong: walk.wrong() })
}

enum Kid {
    Page(PageAt),
    /// A reference to an object that is nowhere in the file, and its place in `Kids`.
    Missing(PageAt, u32),
    /// By its place in `Walk::nodes`.
    Node(usize),
}

struct Node {
    id: Option<ObjectIdentifier>,
    stated: Option<i64>,
    kids: Vec<Kid>,
    dropped: Vec<u32>,
    pages: u64,
    /// Whether the walk is below it.
    is_open: bool,
}

enum Seen<'a> {
    Nothing,
    Page(PageAt),
    Missing(PageAt),
    /// A node that was met before.
    Known(usize),
    New(Option<ObjectIdentifier>, Dict<'a>),
}

/// A node on the way from the root to where the walk is.
struct Step<'a> {
    node: usize,
    kids: ArrayIter<'a>,
    next: u32,
}

struct Walk<'a> {
    xref: &'a XRef,
    file: &'a [u8],
    nodes: Vec<Node>,
    known: HashMap<ObjectIdentifier, usize>,
    units: HashMap<PageAt, f64>,
    visits: usize,
    /// The numbers of all objects that the file defines in the open; collected when first needed.
    numbers: Option<Vec<u32>>,
    /// Whether the file is damaged; found out when first needed.
    is_damaged: Option<bool>,
}

impl<'a> Walk<'a> {
    /// Visits every node once. An entry that leads back to a node above it is dropped, so that what
    /// is left has an end from whatever side it is entered.
    fn link(&mut self, root: ObjectIdentifier) -> Option<()> {
        let dict = self.xref.get::<Dict<'a>>(root)?;
        let mut path = vec![self.open(Some(root), &dict)?];
        while let Some(step) = path.last_mut() {
            let Some(item) = step.kids.next() else {
                self.close(step.node);
                path.pop();
                continue;
            };
            let (node, index) = (step.node, step.next);
            step.next = step.next.checked_add(1)?;
            self.visits += 1;
            if self.visits > MAX_VISITS {
                return None;
            }
            match self.look_at(item, self.nodes[node].id, index) {
                Seen::Nothing => self.nodes[node].dropped.push(index),
                Seen::Known(known) if self.nodes[known].is_open => self.nodes[node].dropped.push(index),
                Seen::Known(known) => self.nodes[node].kids.push(Kid::Node(known)),
                Seen::Page(at) => self.nodes[node].kids.push(Kid::Page(at)),
                Seen::Missing(at) => self.nodes[node].kids.push(Kid::Missing(at, index)),
                Seen::New(id, dict) => {
                    let below = self.open(id, &dict).filter(|_| path.len() < MAX_DEPTH)?;
                    self.nodes[node].kids.push(Kid::Node(below.node));
                    path.push(below);
                }
            }
        }
        Some(())
    }

    /// Enters a node. `None` if its `Kids` cannot be read: then nothing about the tree is certain.
    fn open(&mut self, id: Option<ObjectIdentifier>, dict: &Dict<'a>) -> Option<Step<'a>> {
        let kids = dict.get::<Array<'a>>(KIDS)?.raw_iter();
        let node = self.nodes.len();
        if let Some(id) = id {
            self.known.insert(id, node);
        }
        let stated = dict.get::<Number>(COUNT).map(|count| count.as_i64());
        self.nodes.push(Node { id, stated, kids: Vec::new(), dropped: Vec::new(), pages: 0, is_open: true });
        Some(Step { node, kids, next: 0 })
    }

    fn close(&mut self, node: usize) {
        let (mut pages, mut missing) = (0_u64, 0);
        for kid in &self.nodes[node].kids {
            match kid {
                Kid::Page(_) => pages = pages.saturating_add(1),
                Kid::Missing(..) => missing += 1,
                Kid::Node(below) => pages = pages.saturating_add(self.nodes[*below].pages),
            }
        }
        let stated = self.nodes[node].stated.and_then(|count| u64::try_from(count).ok());
        // A file that is cut off has lost the pages that it still counts. In a whole one a reference
        // to nothing means nothing.
        if missing > 0 && stated == pages.checked_add(missing) && self.is_damaged() {
            pages += missing;
        } else if missing > 0 {
            let Node { kids, dropped, .. } = &mut self.nodes[node];
            dropped.extend(
                kids.iter().filter_map(|kid| if let Kid::Missing(_, index) = kid { Some(*index) } else { None }),
            );
            dropped.sort_unstable();
            kids.retain(|kid| !matches!(kid, Kid::Missing(..)));
        }
        self.nodes[node].pages = pages;
        self.nodes[node].is_open = false;
    }

    fn is_damaged(&mut self) -> bool {
        let file = self.file;
        *self.is_damaged.get_or_insert_with(|| matches!(Section::of(file), Section::Damaged { .. }))
    }

    fn look_at(&mut self, item: MaybeRef<Object<'a>>, parent: Option<ObjectIdentifier>, index: u32) -> Seen<'a> {
        let reference = match item {
            MaybeRef::NotRef(Object::Dict(dict)) if dict.contains_key(KIDS) => return Seen::New(None, dict),
            MaybeRef::NotRef(Object::Dict(dict)) => {
                let at = parent.map(|node| PageAt::Kid { node, index });
                return at.map_or(Seen::Page(PageAt::Nested), |at| self.page(at, &dict));
            }
            MaybeRef::NotRef(_) => return Seen::Nothing,
            MaybeRef::Ref(reference) => ObjectIdentifier::from(reference),
        };
        if let Some(&known) = self.known.get(&reference) {
            return Seen::Known(known);
        }
        match self.xref.get::<Dict<'a>>(reference) {
            Some(dict) if dict.contains_key(KIDS) => Seen::New(Some(reference), dict),
            Some(dict) => self.page(PageAt::Object(reference), &dict),
            None if self.xref.get::<Object<'a>>(reference).is_some() => Seen::Nothing,
            // libpdfium reads some damaged objects that this reader cannot, and asks for no generation.
            None if self.is_defined(reference) => Seen::Page(PageAt::Object(reference)),
            None => Seen::Missing(PageAt::Object(reference)),
        }
    }

    fn page(&mut self, at: PageAt, dict: &Dict<'a>) -> Seen<'a> {
        self.units.extend(user_unit(dict).map(|unit| (at, unit)));
        Seen::Page(at)
    }

    fn is_defined(&mut self, id: ObjectIdentifier) -> bool {
        let file = self.file;
        let numbers = self.numbers.get_or_insert_with(|| object_numbers(file));
        numbers.binary_search(&id.obj_number).is_ok()
    }

    /// Lists the pages in order. `None` if there are too many.
    fn pages(&self) -> Option<Vec<PageAt>> {
        let count = usize::try_from(self.nodes.first()?.pages).ok().filter(|count| *count <= MAX_VISITS)?;
        let mut pages = Vec::with_capacity(count);
        let mut path = vec![(0, 0)];
        let mut visits = 0;
        while let Some((node, next)) = path.last_mut() {
            let Some(kid) = self.nodes[*node].kids.get(*next) else {
                path.pop();
                continue;
            };
            *next += 1;
            visits += 1;
            if visits > MAX_VISITS {
                return None;
            }
            match kid {
                Kid::Page(at) | Kid::Missing(at, _) => pages.push(*at),
                Kid::Node(below) if self.nodes[*below].pages == 0 => {}
                Kid::Node(_) if path.len() >= MAX_DEPTH => return None,
                Kid::Node(below) => path.push((*below, 0)),
            }
        }
        Some(pages)
    }

    /// Lists the nodes to correct. One that is no object of its own stays as it is: libpdfium asks
    /// only the root for its count.
    fn wrong(self) -> Vec<WrongNode> {
        let is_wrong = |node: &Node| node.stated.and_then(|count| u64::try_from(count).ok()) != Some(node.pages);
        self.nodes
            .into_iter()
            .filter(|node| is_wrong(node) || !node.dropped.is_empty())
            .filter_map(|node| Some(WrongNode { id: node.id?, count: node.pages, dropped: node.dropped }))
            .collect()
    }
}
