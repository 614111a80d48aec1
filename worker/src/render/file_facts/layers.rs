//! Which layers a viewer shows that opens the document and changes nothing: by the rules of
//! libpdfium, whose page image shows the same. Pure.

use std::{cell::Cell, collections::HashSet, fmt};

use hayro_syntax::{
    object::{Array, Dict, MaybeRef, Object, ObjectIdentifier},
    xref::XRef,
};

use super::values::{Entry, bytes, resolve, text};

/// How many items of one list are read.
const MAX_ITEMS: usize = 100_000;
/// How many automatic settings of a configuration are read.
const MAX_AUTOMATIC: usize = 64;
/// How deep conditions may nest.
const MAX_DEPTH: usize = 32;
/// How many groups and parts of conditions are looked at in all.
const MAX_LOOKS: u32 = 1_000_000;

/// A set of groups, known by their objects.
type Groups = HashSet<ObjectIdentifier>;

/// The layers of a document.
pub(super) struct Layers<'a> {
    xref: &'a XRef,
    /// The groups that the document lists; another one is shown.
    listed: Groups,
    are_on_at_first: bool,
    on: Groups,
    off: Groups,
    /// What the configuration sets by itself for viewing, in order.
    automatic: Vec<(Groups, bool)>,
    /// How many groups and parts of conditions may still be looked at.
    looks: Cell<u32>,
}

impl fmt::Debug for Layers<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Layers").field("listed", &self.listed).field("off", &self.off).finish_non_exhaustive()
    }
}

impl<'a> Layers<'a> {
    /// Reads the layers of a document. `None` if all of them are shown.
    pub(super) fn with_one_off(xref: &'a XRef) -> Option<Self> {
        let properties = xref.get::<Dict<'a>>(xref.root_id())?.get::<Dict<'a>>("OCProperties")?;
        let config = configuration(xref, &properties).unwrap_or_default();
        let layers = Self {
            xref,
            listed: groups(&properties, "OCGs"),
            are_on_at_first: text(&config, "BaseState").as_deref() != Some(b"OFF"),
            on: groups(&config, "ON"),
            off: groups(&config, "OFF"),
            automatic: automatic(xref, &config),
            looks: Cell::new(MAX_LOOKS),
        };
        let is_off = |id: &ObjectIdentifier| {
            let group = xref.get(*id).map(|dict| Entry { id: Some(*id), dict });
            group.is_some_and(|group| !layers.shows_group(&group))
        };
        let has_one_off = layers.listed.iter().any(is_off);
        has_one_off.then_some(layers)
    }

    /// Tells whether that is shown which a property list, or the `OC` entry of a picture or form,
    /// puts into a layer.
    pub(super) fn shows(&self, layer: &Entry<'a>) -> bool {
        match text(&layer.dict, "Type").as_deref() {
            None | Some(b"OCG") => self.shows_group(layer),
            Some(_) => self.shows_membership(&layer.dict),
        }
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
        let Some(id) = group.id.filter(|id| self.listed.contains(id)) else { return true };
        let configured = (self.are_on_at_first || self.on.contains(&id)) && !self.off.contains(&id);
        let automatic = self.automatic.iter().rev().find(|(groups, _)| groups.contains(&id));
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
    /// or a condition.
    fn holds(&self, condition: &Array<'a>, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        let mut items = condition.raw_iter();
        let operator = items.next().and_then(|item| bytes(&resolve(self.xref, item)?)).unwrap_or_default();
        let mut parts = items.map(|item| self.part_holds(item, depth)).peekable();
        match operator.as_slice() {
            b"Not" => parts.next() == Some(Some(false)),
            b"And" => parts.peek().is_some() && parts.all(|holds| holds == Some(true)),
            b"Or" => parts.any(|holds| holds == Some(true)),
            _ => false,
        }
    }

    /// Evaluates a part. `None` if it is neither group nor condition, or one too many.
    fn part_holds(&self, item: MaybeRef<Object<'a>>, depth: usize) -> Option<bool> {
        self.look()?;
        let id = item.as_obj_ref().map(ObjectIdentifier::from);
        match resolve(self.xref, item)? {
            Object::Dict(dict) => Some(self.shows_group(&Entry { id, dict })),
            Object::Array(condition) => Some(self.holds(&condition, depth + 1)),
            _ => None,
        }
    }
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
        Some(Object::Array(intents)) => intents.iter::<Object<'_>>().take(MAX_ITEMS).any(|intent| is_view(&intent)),
        Some(intent) => is_view(&intent),
    }
}

fn automatic<'a>(xref: &'a XRef, config: &Dict<'a>) -> Vec<(Groups, bool)> {
    let Some(list) = config.get::<Array<'a>>("AS") else { return Vec::new() };
    let state = |usage: Entry<'_>| {
        let is_for_viewing = text(&usage.dict, "Event").is_none_or(|event| event == b"View");
        let view = usage.dict.get::<Dict<'_>>("View").filter(|_| is_for_viewing)?;
        Some((groups(&usage.dict, "OCGs"), text(&view, "ViewState").as_deref() != Some(b"OFF")))
    };
    entries(xref, &list).take(MAX_AUTOMATIC).filter_map(state).collect()
}

fn groups(dict: &Dict<'_>, key: &str) -> Groups {
    let Some(list) = dict.get::<Array<'_>>(key) else { return Groups::new() };
    list.raw_iter().take(MAX_ITEMS).filter_map(|item| item.as_obj_ref()).map(ObjectIdentifier::from).collect()
}

fn entries<'a>(xref: &'a XRef, list: &Array<'a>) -> impl Iterator<Item = Entry<'a>> + use<'a> {
    list.raw_iter().take(MAX_ITEMS).filter_map(|item| Entry::item(xref, item))
}
