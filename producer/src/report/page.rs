//! What is the same in every report: the skeleton, the style, the script, and the policy that lets only these work.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use quire_schemas::sha256::Sha256;

const SKELETON: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// One module; its files share one scope.
const SCRIPT: &str = concat!(
    include_str!("script/head.js"),
    "\n",
    include_str!("script/limits.js"),
    "\n",
    include_str!("script/reading_data.js"),
    "\n",
    include_str!("script/model.js"),
    "\n",
    include_str!("script/chosen.js"),
    "\n",
    include_str!("script/nodes.js"),
    "\n",
    include_str!("script/element_nodes.js"),
    "\n",
    include_str!("script/pages.js"),
    "\n",
    include_str!("script/text.js"),
    "\n",
    include_str!("script/chunks.js"),
    "\n",
    include_str!("script/selection.js"),
    "\n",
    include_str!("script/in_view.js"),
    "\n",
    include_str!("script/details.js"),
    "\n",
    include_str!("script/search.js"),
    "\n",
    include_str!("script/sidebar.js"),
    "\n",
    include_str!("script/summary.js"),
    "\n",
    include_str!("script/controls.js")
);

/// Where the page images of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageImages {
    /// Beside the report, in `pages/`.
    Linked,
    /// In the report, as JPEG of at most 1,000 pixels across: the file can be sent by itself.
    Embedded,
}

/// Returns the page up to the blocks of data.
pub(super) fn before_data(images: PageImages) -> String {
    filled(halves().0, images)
}

/// Returns the page behind the blocks of data.
pub(super) fn behind_data(images: PageImages) -> String {
    filled(halves().1, images)
}

fn halves() -> (&'static str, &'static str) {
    SKELETON.split_once("{{data}}").expect("the skeleton has a place for the data")
}

/// Fills the places of a part of the skeleton, which holds nothing of a document.
fn filled(part: &str, images: PageImages) -> String {
    part.replace("{{csp}}", &policy(images)).replace("{{style}}", STYLE).replace("{{script}}", SCRIPT)
}

fn policy(images: PageImages) -> String {
    let digest = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::of(text.as_bytes()).bytes()));
    let image_sources = match images {
        // Chromium takes 'self' for the folder of a local file as well; other browsers want to be told of files.
        PageImages::Linked => "'self' file:",
        PageImages::Embedded => "data:",
    };
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src {image_sources}; connect-src 'none'; frame-src 'none'; \
         object-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        digest(SCRIPT),
        digest(STYLE)
    )
}
