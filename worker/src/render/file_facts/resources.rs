//! The named resources of a page or form. Each name is looked up once, however often the content uses it. Pure.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use hayro_syntax::object::{Dict, Number, Object, ObjectIdentifier};

use super::{
    fonts::Fonts,
    layers::View,
    values::{Entry, bytes},
};

/// The colour spaces that have a name of their own.
const DEVICE_SPACES: [&[u8]; 6] = [b"DeviceGray", b"G", b"DeviceRGB", b"RGB", b"DeviceCMYK", b"CMYK"];

/// Resources, with what was found in them.
pub(super) struct Resources<'a> {
    /// Its category of marks' properties, of forms and pictures, of shadings, and of fonts by their places.
    properties: Category<'a, Mark>,
    objects: Category<'a, Option<ObjectIdentifier>>,
    shadings: Category<'a, bool>,
    fonts: Category<'a, Option<usize>>,
    dict: Dict<'a>,
    /// The page's, if these are a form's: a form that lacks a whole category has the page's.
    page: Option<Rc<Self>>,
}

/// What the properties of a mark come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// They are in a layer that is shown, or in none.
    Shown,
    /// They are in a layer that is off.
    Off,
}

struct Category<'a, T> {
    dict: OnceCell<Option<Dict<'a>>>,
    found: RefCell<HashMap<Vec<u8>, T>>,
}

impl<T> Default for Category<'_, T> {
    fn default() -> Self {
        Self { dict: OnceCell::new(), found: RefCell::default() }
    }
}

impl<'a, T: Copy> Category<'a, T> {
    /// Looks a name up. `None` if there is nothing under it.
    fn get(
        &self,
        name: &[u8],
        open: impl FnOnce() -> Option<Dict<'a>>,
        find: impl FnOnce(&Dict<'a>) -> Option<T>,
    ) -> Option<T> {
        if let Some(found) = self.found.borrow().get(name) {
            return Some(*found);
        }
        let dict = self.dict.get_or_init(open).as_ref()?;
        let found = dict.contains_key(name).then(|| find(dict)).flatten()?;
        self.found.borrow_mut().insert(name.to_vec(), found);
        Some(found)
    }
}

impl<'a> Resources<'a> {
    /// Takes a page's resources.
    pub(super) fn of_page(dict: Dict<'a>) -> Rc<Self> {
        Rc::new(Self::new(dict, None))
    }

    /// Takes the resources of a form of this page.
    pub(super) fn of_form(dict: Dict<'a>, page: &Rc<Self>) -> Rc<Self> {
        Rc::new(Self::new(dict, Some(Rc::clone(page))))
    }

    fn new(dict: Dict<'a>, page: Option<Rc<Self>>) -> Self {
        let (properties, objects) = (Category::default(), Category::default());
        let (shadings, fonts) = (Category::default(), Category::default());
        Self { properties, objects, shadings, fonts, dict, page }
    }

    /// Returns what the properties of a mark come to. `None` if there are none of this name.
    pub(super) fn mark(&self, name: &[u8], view: &View<'_, 'a>) -> Option<Mark> {
        self.properties.get(
            name,
            || self.category("Properties"),
            |category| {
                let layer = Entry::of(category, name)?;
                Some(if view.shows(&layer) { Mark::Shown } else { Mark::Off })
            },
        )
    }

    /// Returns the object of a form or picture.
    pub(super) fn object(&self, name: &[u8]) -> Option<ObjectIdentifier> {
        let id = |category: &Dict<'a>| Some(category.get_ref(name).map(ObjectIdentifier::from));
        self.objects.get(name, || self.category("XObject"), id).flatten()
    }

    /// Tells whether libpdfium makes an object of a shading.
    pub(super) fn has_shading(&self, name: &[u8]) -> bool {
        let is_one = |category: &Dict<'a>| category.get::<Object<'a>>(name).map(|shading| is_shading(&shading));
        self.shadings.get(name, || self.category("Shading"), is_one).unwrap_or(false)
    }

    /// Returns the place of a font among the fonts of the page. `None` if there is none of this name, or no place left.
    pub(super) fn font(&self, name: &[u8], fonts: &mut Fonts<'a>) -> Option<usize> {
        let place = |category: &Dict<'a>| Some(fonts.place_of(category, name));
        self.fonts.get(name, || self.category("Font"), place).flatten()
    }

    fn category(&self, name: &str) -> Option<Dict<'a>> {
        self.dict.get(name).or_else(|| self.page.as_ref()?.dict.get(name))
    }
}

/// A shading has a colour space other than that of patterns, and a type that goes with its kind of object.
fn is_shading(shading: &Object<'_>) -> bool {
    let (dict, is_stream) = match shading {
        Object::Dict(dict) => (dict, false),
        Object::Stream(stream) => (stream.dict(), true),
        _ => return false,
    };
    let has_colours = match dict.get::<Object<'_>>("ColorSpace") {
        Some(Object::Array(space)) => space.iter::<Object<'_>>().next().as_ref().and_then(bytes).is_some(),
        space => space.as_ref().and_then(bytes).is_some_and(|name| DEVICE_SPACES.contains(&name.as_slice())),
    };
    has_colours
        && match dict.get::<Number>("ShadingType").map(|kind| kind.as_i64()) {
            Some(1..=3) => dict.contains_key("Function"),
            Some(4..=7) => is_stream,
            _ => false,
        }
}
