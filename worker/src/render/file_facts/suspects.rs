//! Which pages can have something hidden at all, by their resources: the content of all others is not read. Pure.

use std::collections::{HashMap, HashSet};

use hayro_syntax::{
    object::{Dict, ObjectIdentifier, Stream},
    xref::XRef,
};

use super::{inherited::ResourcesAt, layers::View, values::Entry};

/// How deep forms are looked into; deeper ones may hide something.
const MAX_DEPTH: usize = 32;
/// How many resources are looked at for a page; one with more may hide something.
const MAX_LOOKS: u32 = 200_000;
/// How many objects are remembered from page to page.
const MAX_KNOWN: usize = 1_000_000;

/// What an object is used as. A hostile file may use one as several things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    Resources,
    /// The properties that marks name.
    Properties,
    /// The forms and pictures that are named.
    Objects,
    /// A form or picture.
    Object,
}

/// An object as something.
type Use = (Role, ObjectIdentifier);

/// What is known of objects that pages share.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    known: HashMap<Use, bool>,
    /// Nodes of the page tree whose own resources hide nothing.
    clean_nodes: HashSet<ObjectIdentifier>,
}

impl Suspects {
    /// Tells whether it is known that nothing is hidden that is painted with these resources.
    pub(super) fn are_clean(&self, at: ResourcesAt) -> bool {
        match at {
            ResourcesAt::Object(id) => self.known.get(&(Role::Resources, id)) == Some(&false),
            ResourcesAt::Node(id) => self.clean_nodes.contains(&id),
            ResourcesAt::Page => false,
        }
    }

    /// Tells whether something that is painted with these resources may lie in a layer that is off.
    pub(super) fn may_hide<'a>(
        &mut self,
        xref: &'a XRef,
        view: &View<'_, 'a>,
        resources: &Entry<'a>,
        at: ResourcesAt,
    ) -> bool {
        let mut search = Search { suspects: self, xref, view, open: HashSet::new(), looks: MAX_LOOKS };
        let answer = search.resources(resources, 0);
        let open = search.open;
        if view.is_exhausted() {
            // Some answers were guesses.
            *self = Self::default();
            return true;
        }
        if answer == Answer::Circular {
            // Nothing in the circle hides anything, and neither does the circle.
            self.remember(open.into_iter().map(|used| (used, false)));
        }
        match (answer, at) {
            (Answer::Clean | Answer::Circular, ResourcesAt::Node(id)) if self.clean_nodes.len() < MAX_KNOWN => {
                self.clean_nodes.insert(id);
            }
            _ => {}
        }
        answer == Answer::Hides
    }

    fn remember(&mut self, found: impl Iterator<Item = (Use, bool)>) {
        for (used, hides) in found {
            if self.known.len() < MAX_KNOWN {
                self.known.insert(used, hides);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Hides,
    /// Nothing is hidden.
    Clean,
    /// Nothing is hidden but for what is still being looked at further up.
    Circular,
}

impl Answer {
    const fn of(hides: bool) -> Self {
        if hides { Self::Hides } else { Self::Clean }
    }

    /// The answer for two parts together.
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Hides, _) | (_, Self::Hides) => Self::Hides,
            (Self::Circular, _) | (_, Self::Circular) => Self::Circular,
            (Self::Clean, Self::Clean) => Self::Clean,
        }
    }
}

struct Search<'s, 'v, 'a> {
    suspects: &'s mut Suspects,
    xref: &'a XRef,
    view: &'s View<'v, 'a>,
    /// Objects that were begun and are not settled.
    open: HashSet<Use>,
    looks: u32,
}

impl<'a> Search<'_, '_, 'a> {
    fn resources(&mut self, resources: &Entry<'a>, depth: usize) -> Answer {
        self.once(Role::Resources, resources.id, |search| {
            let names =
                Entry::of(&resources.dict, "Properties").map_or(Answer::Clean, |names| search.properties(&names));
            if names == Answer::Hides {
                return names;
            }
            let objects = Entry::of(&resources.dict, "XObject");
            names.and(objects.map_or(Answer::Clean, |objects| search.objects(&objects, depth)))
        })
    }

    /// Asks for an object, unless it was asked before.
    fn once(&mut self, role: Role, id: Option<ObjectIdentifier>, ask: impl FnOnce(&mut Self) -> Answer) -> Answer {
        let Some(used) = id.map(|id| (role, id)) else { return ask(self) };
        if let Some(&hides) = self.suspects.known.get(&used) {
            return Answer::of(hides);
        }
        if !self.open.insert(used) {
            return Answer::Circular;
        }
        let answer = ask(self);
        if answer != Answer::Circular {
            self.open.remove(&used);
            self.suspects.remember(std::iter::once((used, answer == Answer::Hides)));
        }
        answer
    }

    fn look(&mut self) -> bool {
        self.looks = self.looks.saturating_sub(1);
        self.looks > 0
    }

    fn properties(&mut self, names: &Entry<'a>) -> Answer {
        self.once(Role::Properties, names.id, |search| {
            for name in names.dict.keys() {
                let layer = Entry::of(&names.dict, &*name);
                if !search.look() || layer.is_some_and(|layer| !search.view.shows(&layer)) {
                    return Answer::Hides;
                }
            }
            Answer::Clean
        })
    }

    fn objects(&mut self, names: &Entry<'a>, depth: usize) -> Answer {
        self.once(Role::Objects, names.id, |search| {
            let mut all = Answer::Clean;
            for name in names.dict.keys() {
                if !search.look() {
                    return Answer::Hides;
                }
                let Some(id) = names.dict.get_ref(&*name).map(ObjectIdentifier::from) else { continue };
                all = all.and(search.once(Role::Object, Some(id), |search| search.object(id, depth)));
                if all == Answer::Hides {
                    break;
                }
            }
            all
        })
    }

    fn object(&mut self, id: ObjectIdentifier, depth: usize) -> Answer {
        let Some(object) = self.xref.get::<Stream<'a>>(id) else { return Answer::Clean };
        let dict: &Dict<'a> = object.dict();
        if depth >= MAX_DEPTH || Entry::of(dict, "OC").is_some_and(|layer| !self.view.shows(&layer)) {
            return Answer::Hides;
        }
        Entry::of(dict, "Resources").map_or(Answer::Clean, |resources| self.resources(&resources, depth + 1))
    }
}
