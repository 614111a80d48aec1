//! Pages whose words are drawn in colours of their own, with fonts that every PDF reader has.

use crate::documents::{pdf, stream};

/// Names of the fonts, in the order of their resources: `F0`, `F1`, …
const FONTS: [&str; 7] =
    ["Helvetica", "Helvetica-Bold", "Helvetica-Oblique", "Times-Roman", "Times-Italic", "Times-BoldItalic", "Courier"];
/// Levels of ink of a channel; every colour is three of them.
const LEVELS: u8 = 3;

/// How a word is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Pen {
    /// One of the fonts that need not be embedded.
    pub font: &'static str,
    /// In points.
    pub size: f64,
    /// The first four numbers of the text matrix.
    pub matrix: [f64; 4],
    /// Operators of the text state that come before the word.
    pub state: &'static str,
    /// How far a copy of the word is shifted, if there is one.
    pub copy: Option<(f64, f64)>,
}

impl Pen {
    /// Makes a pen that writes to the right.
    #[must_use]
    pub const fn new(font: &'static str, size: f64) -> Self {
        Self { font, size, matrix: [1.0, 0.0, 0.0, 1.0], state: "", copy: None }
    }

    /// Turns the writing, counter-clockwise as the format has it.
    #[must_use]
    pub fn turned(self, degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self { matrix: [cos, sin, -sin, cos], ..self }
    }
}

/// The ink of one colour: how much red, green and blue it takes away, as a direction.
pub(super) type Ink = [f64; 3];

/// A page of words. No two of them have the same colour.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    content: String,
    /// Copies of words. They are drawn last: libpdfium passes over one that follows its original.
    copies: String,
    pub(super) words: Vec<String>,
}

impl Sheet {
    /// Draws a word with its baseline at a point; the origin is the bottom-left corner.
    #[must_use]
    pub fn word(self, text: &str, pen: Pen, at: (f64, f64)) -> Self {
        self.word_of(&[(text, pen, at)])
    }

    /// Draws a word in several parts.
    ///
    /// # Panics
    /// If the sheet has a word of every colour already, or the font is unknown.
    #[must_use]
    pub fn word_of(mut self, parts: &[(&str, Pen, (f64, f64))]) -> Self {
        let [red, green, blue] = *inks().get(self.words.len()).expect("a sheet has fewer words than there are colours");
        let most = red.max(green).max(blue);
        let [red, green, blue] = [red, green, blue].map(|ink| 1.0 - ink / most);
        for (text, pen, (x, y)) in parts {
            let font = FONTS.iter().position(|name| *name == pen.font).expect("one of the fonts");
            let [a, b, c, d] = pen.matrix;
            let colour = format!("{red} {green} {blue} rg {red} {green} {blue} RG");
            let drawn = |(dx, dy): (f64, f64)| {
                format!(
                    "q {colour} BT {} /F{font} {} Tf {a:.6} {b:.6} {c:.6} {d:.6} {} {} Tm ({text}) Tj ET Q\n",
                    pen.state,
                    pen.size,
                    x + dx,
                    y + dy
                )
            };
            self.content += &drawn((0.0, 0.0));
            self.copies.extend(pen.copy.map(drawn));
        }
        self.words.push(parts.iter().map(|(text, ..)| *text).collect());
        self
    }
}

/// Lists the inks that can be told apart however thinly they are laid on: each a direction of its own.
pub(super) fn inks() -> Vec<Ink> {
    let levels = || (0..LEVELS).map(f64::from);
    let all = levels().flat_map(|red| levels().flat_map(move |green| levels().map(move |blue| [red, green, blue])));
    let mut inks: Vec<Ink> = Vec::new();
    for ink in all {
        let length = ink.iter().map(|level| level * level).sum::<f64>().sqrt();
        let ink = ink.map(|level| level / length);
        let is_new = |other: &Ink| ink.iter().zip(other).map(|(a, b)| a * b).sum::<f64>() < 1.0 - 1e-9;
        if length > 0.0 && inks.iter().all(is_new) {
            inks.push(ink);
        }
    }
    inks
}

/// Makes a document of these sheets. `entries` are those of every page, its boxes among them.
#[must_use]
pub fn document(sheets: &[Sheet], entries: &str) -> Vec<u8> {
    const FIRST_PAGE: usize = 3;
    let first_font = FIRST_PAGE + 2 * sheets.len();
    let kids: Vec<String> = (0..sheets.len()).map(|index| format!("{} 0 R", FIRST_PAGE + 2 * index)).collect();
    let fonts: Vec<String> = (0..FONTS.len()).map(|index| format!("/F{index} {} 0 R", first_font + index)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Count {} /Kids [{}] >>", kids.len(), kids.join(" ")),
    ];
    for (index, sheet) in sheets.iter().enumerate() {
        let (contents, fonts) = (FIRST_PAGE + 2 * index + 1, fonts.join(" "));
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R {entries} /Contents {contents} 0 R /Resources << /Font << {fonts} >> >> >>"
        ));
        objects.push(stream("", &format!("{}{}", sheet.content, sheet.copies)));
    }
    objects.extend(
        FONTS
            .iter()
            .map(|name| format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>")),
    );
    pdf(&objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_inks_are_one_laid_on_more_thinly() {
        let inks = inks();
        assert_eq!(inks.len(), 19);
        let alike = |a: &Ink, b: &Ink| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let nearest =
            inks.iter().enumerate().flat_map(|(index, ink)| inks[..index].iter().map(move |other| alike(ink, other)));
        assert!(nearest.fold(0.0, f64::max) < 0.97);
    }

    #[test]
    fn every_word_has_its_own_colour_and_all_parts_of_a_word_have_one() {
        let pen = Pen::new("Courier", 9.0);
        let sheet =
            Sheet::default().word("a", pen, (1.0, 2.0)).word_of(&[("b", pen, (3.0, 4.0)), ("c", pen, (5.0, 6.0))]);
        let colours: Vec<&str> =
            sheet.content.lines().map(|line| line.split(" rg").next().unwrap_or_default()).collect();
        assert_eq!(
            (sheet.words, colours[1] == colours[2], colours[0] == colours[1]),
            (vec!["a".into(), "bc".into()], true, false)
        );
    }
}
