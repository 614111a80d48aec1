//! Which layers a viewer shows that opens the document and changes nothing: by the rules of
//! libpdfium, whose page image shows the same. Pure.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
};

use hayro_syntax::{
    object::{Array, Dict, MaybeRef, Object, ObjectIdentifier},
    xref::XRef,
};

use super::values::{Entry, bytes, resolve, text};

/// How many items of one list are read.
const MAX_ITEMS: usize = 100_000;
/// How many groups of one list, and of all automatic settings, are read.
const MAX_GROUPS: usize = 1_000_000;
/// How many automatic settings of a configuration are read.
const MAX_AUTOMATIC: usize = 64;
/// How many intents of a group are read.
const MAX_INTENTS: usize = 100;
/// How deep conditions may nest.
const MAX_DEPTH: usize = 32;
/// How many groups and parts of conditions are looked at for a page.
const MAX_LOOKS: u32 = 200_000;

/// A set of groups, known by their objects.
type Groups = HashSet<ObjectIdentifier>;

/// Which layers of a document are on and off. Read once; pages ask it through a [`View`].
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The groups that the document lists; another one is shown.
    listed: Groups,
    are_off_at_first: bool,
    on: Groups,
    off: Groups,
    /// What the configuration sets by itself for viewing, in order.
    automatic: Vec<(Groups, bool)>,
}

impl Layers {
    /// Reads the layers of a document. One without any has layers too: a group or membership that it does not list may
    /// still say of itself that it is not shown.
    pub(super) fn of(xref: &XRef) -> Self {
        let root = xref.get::<Dict<'_>>(xref.root_id());
        let Some(properties) = root.and_then(|root| root.get::<Dict<'_>>("OCProperties")) else {
            return Self::default();
        };
        let config = configuration(xref, &properties).unwrap_or_default();
        let all = |dict: &Dict<'_>, key: &str| groups(dict, key, &mut { MAX_GROUPS });
        Self {
            listed: all(&properties, "OCGs"),
            are_off_at_first: text(&config, "BaseState").as_deref() == Some(b"OFF"),
            on: all(&config, "ON"),
            off: all(&config, "OFF"),
            automatic: automatic(xref, &config),
        }
    }

    /// Begins to ask for a page of the document whose objects `xref` finds.
    pub(super) fn view<'v, 'a>(&'v self, xref: &'a XRef) -> View<'v, 'a> {
        View { layers: self, xref, known: RefCell::default(), looks: Cell::new(MAX_LOOKS) }
    }
}

/// What of a page is shown, as far as layers tell.
#[derive(Debug)]
pub(super) struct View<'v, 'a> {
    layers: &'v Layers,
    xref: &'a XRef,
    /// What was asked before.
    known: RefCell<HashMap<ObjectIdentifier, bool>>,
    /// How many groups and parts of conditions may still be looked at.
    looks: Cell<u32>,
}

impl<'a> View<'_, 'a> {
    /// Tells whether that is shown which a property list, or the `OC` entry of a picture or form,
    /// puts into a layer.
    pub(super) fn shows(&self, layer: &Entry<'a>) -> bool {
        let known = layer.id.and_then(|id| self.known.borrow().get(&id).copied());
        known.unwrap_or_else(|| {
            let shows = match text(&layer.dict, "Type").as_deref() {
                None | Some(b"OCG") => self.shows_group(layer),
                Some(_) => self.shows_membership(&layer.dict),
            };
            self.known.borrow_mut().extend(layer.id.map(|id| (id, shows)));
            shows
        })
    }

    /// Tells whether answers may be wrong, because their conditions had too many parts.
    pub(super) fn is_exhausted(&self) -> bool {
        self.looks.get() == 0
    }

    fn look(&self) -> Option<()> {
        self.looks.set(self.looks.get().checked_sub(1)?);
        Some(())
    }

    /// A group's own word on viewing comes before the configuration.
    fn shows_group(&self, group: &Entry<'a>) -> bool {
        if !has_intent(&group.dict, true) {
            return true;
        }
        let view = group.dict.get::<Dict<'a>>("Usage").and_then(|usage| usage.get::<Dict<'a>>("View"));
        if let Some(view) = view.filter(|view| view.contains_key("ViewState")) {
            return text(&view, "ViewState").as_deref() != Some(b"OFF");
        }
        let layers = self.layers;
        let Some(id) = group.id.filter(|id| layers.listed.contains(id)) else { return true };
        let configured = (!layers.are_off_at_first || layers.on.contains(&id)) && !layers.off.contains(&id);
        let automatic = layers.automatic.iter().rev().find(|(groups, _)| groups.contains(&id));
        automatic.map_or(configured, |(_, state)| *state)
    }

    fn shows_membership(&self, membership: &Dict<'a>) -> bool {
        if let Some(condition) = membership.get::<Array<'a>>("VE") {
            return self.holds(&condition, 0);
        }
        if let Some(group) = Entry::of(membership, "OCGs") {
            return self.shows_group(&group);
        }
        let Some(groups) = membership.get::<Array<'a>>("OCGs") else { return true };
        let mut shown =
            entries(self.xref, &groups).map_while(|group| self.look().map(|()| self.shows_group(&group))).peekable();
        if shown.peek().is_none() {
            return true;
        }
        match text(membership, "P").as_deref() {
            None | Some(b"AnyOn") => shown.any(|shown| shown),
            Some(b"AnyOff") => shown.any(|shown| !shown),
            Some(b"AllOn") => shown.all(|shown| shown),
            Some(b"AllOff") => shown.all(|shown| !shown),
            Some(_) => false,
        }
    }

    /// Evaluates a condition of the form `[/And …]`, `[/Or …]` or `[/Not …]`; each part is a group
    /// or a condition. What is neither does not hold; a reference to nothing is left out unless it comes first.
    fn holds(&self, condition: &Array<'a>, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        let mut items = condition.raw_iter();
        let operator = items.next().and_then(|item| bytes(&resolve(self.xref, item)?)).unwrap_or_default();
        let mut parts = items.map_while(|item| self.look().map(|()| self.part(item, depth)));
        let first = parts.next().unwrap_or(Part::Nothing);
        let mut others = parts.filter(|part| !matches!(part, Part::Nothing));
        match operator.as_slice() {
            b"Not" => matches!(first, Part::Fails),
            b"And" => matches!(first, Part::Holds) && others.all(|part| matches!(part, Part::Holds)),
            b"Or" => matches!(first, Part::Holds) || others.any(|part| matches!(part, Part::Holds)),
            _ => false,
        }
    }

    fn part(&self, item: MaybeRef<Object<'a>>, depth: usize) -> Part {
        let id = item.as_obj_ref().map(ObjectIdentifier::from);
        let holds = match resolve(self.xref, item) {
            None => return Part::Nothing,
            Some(Object::Dict(dict)) => self.shows_group(&Entry { id, dict }),
            Some(Object::Array(condition)) => self.holds(&condition, depth + 1),
            Some(_) => return Part::Other,
        };
        if holds { Part::Holds } else { Part::Fails }
    }
}

/// What a part of a condition comes to.
enum Part {
    Holds,
    Fails,
    /// It is neither group nor condition.
    Other,
    /// It is not there.
    Nothing,
}

/// Chooses the configuration: the first further one that says that it is for viewing, else the
/// default one.
fn configuration<'a>(xref: &'a XRef, properties: &Dict<'a>) -> Option<Dict<'a>> {
    let further = properties.get::<Array<'a>>("Configs");
    let for_viewing = further
        .and_then(|list| entries(xref, &list).map(|config| config.dict).find(|config| has_intent(config, false)));
    for_viewing.or_else(|| properties.get("D"))
}

/// Tells whether something is meant for viewing; `unstated` is the answer where it does not say.
fn has_intent(dict: &Dict<'_>, unstated: bool) -> bool {
    let is_view = |intent: &Object<'_>| matches!(bytes(intent).as_deref(), Some(b"View" | b"All"));
    match dict.get::<Object<'_>>("Intent") {
        None => unstated,
        Some(Object::Array(intents)) => intents.iter::<Object<'_>>().take(MAX_INTENTS).any(|intent| is_view(&intent)),
        Some(intent) => is_view(&intent),
    }
}

fn automatic<'a>(xref: &'a XRef, config: &Dict<'a>) -> Vec<(Groups, bool)> {
    let Some(list) = config.get::<Array<'a>>("AS") else { return Vec::new() };
    let mut left = MAX_GROUPS;
    let state = |usage: Entry<'_>| {
        let is_for_viewing = text(&usage.dict, "Event").is_none_or(|event| event == b"View");
        let view = usage.dict.get::<Dict<'_>>("View").filter(|_| is_for_viewing)?;
        Some((groups(&usage.dict, "OCGs", &mut left), text(&view, "ViewState").as_deref() != Some(b"OFF")))
    };
    entries(xref, &list).take(MAX_AUTOMATIC).filter_map(state).collect()
}

/// Reads a list of groups, of which `left` may still be read.
fn groups(dict: &Dict<'_>, key: &str, left: &mut usize) -> Groups {
    let Some(list) = dict.get::<Array<'_>>(key) else { return Groups::new() };
    let mut ids = Groups::new();
    for item in list.raw_iter().take(*left) {
        *left -= 1;
        ids.extend(item.as_obj_ref().map(ObjectIdentifier::from));
    }
    ids
}

fn entries<'a>(xref: &'a XRef, list: &Array<'a>) -> impl Iterator<Item = Entry<'a>> + use<'a> {
    list.raw_iter().take(MAX_ITEMS).filter_map(|item| Entry::item(xref, item))
}
