//! Word boxes against the ink of page images. Which ink belongs to which word is known either because each word is
//! drawn in a colour of its own ([`Sheet`]), or because it hangs together and lies in one box only
//! ([`Attribution::Connected`]).

mod attribution;
mod measure;
mod sheet;
mod view;

pub use self::{
    attribution::Attribution,
    measure::{Tally, assert_fit},
    sheet::{Pen, Sheet, document},
    view::{Renderer, Resolution, View},
};
