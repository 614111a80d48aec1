//! What the items of a list begin with. Pure.

/// Bullets: Unicode's, what ZapfDingbats, Symbol and Wingdings print as such, and dashes and signs that are used as such.
const BULLETS: &str =
    "•‣⁃◦○●◉◎◌∙·⋅▪▫■□▢◼◻◾◽▸▹►▻▶▷➤➢➔➜→⇒❖◆◇♦✓✔✗✘☐☑☒★☆✦✧❑❒❏❐–—―-−*+»›o§\u{f0b7}\u{f0a7}\u{f0d8}\u{f076}\u{f0fc}";

/// Says whether a text is a bullet and nothing else.
pub(super) fn is_bullet(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| BULLETS.contains(first)) && characters.next().is_none()
}
