//! Image and text agree: the ink of a word lies in its box, and the box is little larger than the ink.

use std::path::{Path, PathBuf};

use quire_tests::{
    ink::{Attribution, Pen, Renderer, Resolution, Sheet, Tally, assert_fit, document},
    samples,
};

const PLAIN: &str = "/MediaBox [0 0 400 300]";
const USUAL: Resolution = Resolution::dpi(150);

/// Words as they stand in running text: beside each other, with ascenders and descenders, raised, in italics.
fn running() -> Sheet {
    let (roman, italic) = (Pen::new("Times-Roman", 12.0), Pen::new("Times-Italic", 12.0));
    let script = |size| Pen::new("Times-Roman", size);
    ["The", "quick", "brown", "fox", "jumps", "over", "lazy", "dogs,"]
        .into_iter()
        .zip([20.0, 44.0, 76.0, 112.0, 134.0, 168.0, 194.0, 219.0])
        .fold(Sheet::default(), |sheet, (word, x)| sheet.word(word, roman, (x, 250.0)))
        .word("fjord", italic, (20.0, 236.0))
        .word("quality", italic, (48.0, 236.0))
        .word("i", roman, (90.0, 236.0))
        .word_of(&[("E", roman, (20.0, 200.0)), ("mc", italic, (27.6, 200.0)), ("2", script(7.0), (42.0, 205.0))])
        .word_of(&[("note", roman, (60.0, 200.0)), ("7", script(6.0), (81.5, 204.5))])
        .word("small", Pen::new("Helvetica", 6.0), (20.0, 170.0))
        .word("code_point", Pen::new("Courier", 10.0), (60.0, 170.0))
        .word("(bracket)", Pen::new("Helvetica-Bold", 9.0), (140.0, 170.0))
        .word("Typography", Pen::new("Times-Roman", 48.0), (20.0, 110.0))
        .word("Qj", Pen::new("Times-BoldItalic", 60.0), (300.0, 110.0))
}

/// Words that run in any direction.
fn turned() -> Sheet {
    const WORDS: [&str; 12] = [
        "Paging", "Legato", "Quartz", "Gypsum", "Jaguar", "Kipper", "Yonder", "Python", "Abbey", "Grill", "Spring",
        "Object",
    ];
    let degrees = [0.0, 90.0, 180.0, 270.0, 30.0, 45.0, 60.0, 135.0, 200.0, 315.0, 5.0, -3.0];
    WORDS.into_iter().zip(degrees).enumerate().fold(Sheet::default(), |sheet, (index, (word, degrees))| {
        let at = (60.0 + 90.0 * (index % 4) as f64, 50.0 + 100.0 * (index / 4) as f64);
        sheet.word(word, Pen::new("Helvetica", 11.0).turned(degrees), at)
    })
}

/// Words that are stretched, sheared, mirrored, raised, set apart, outlined and drawn twice.
fn shaped() -> Sheet {
    let pen = Pen::new("Helvetica", 14.0);
    let with = |state| Pen { state, ..pen };
    let by = |matrix| Pen { matrix, ..pen };
    let large = Pen::new("Helvetica", 30.0);
    Sheet::default()
        // First, so that libpdfium does not compare them with their copies.
        .word("Doubled", Pen { copy: Some((0.4, 0.0)), ..pen }, (20.0, 100.0))
        .word("Shadow", Pen { copy: Some((1.5, -1.5)), ..large }, (150.0, 90.0))
        .word("Squeezed", with("50 Tz"), (20.0, 270.0))
        .word("Widened", with("150 Tz"), (150.0, 270.0))
        .word("Raised", with("20 Ts"), (20.0, 215.0))
        .word("spaced", with("4 Tc"), (150.0, 230.0))
        .word("Sheared", by([1.0, 0.0, 0.4, 1.0]), (260.0, 230.0))
        .word("Mirrored", by([-1.0, 0.0, 0.0, 1.0]), (100.0, 190.0))
        .word("Stretched", by([1.0, 0.0, 0.0, 3.0]), (150.0, 180.0))
        .word("Outlined", Pen { state: "1 w 1 Tr", ..large }, (20.0, 140.0))
        .word("Emboldened", with("0.8 w 2 Tr"), (200.0, 140.0))
}

fn sheets() -> [(&'static str, Sheet); 3] {
    [("running text", running()), ("turned words", turned()), ("shaped words", shaped())]
}

/// Measures the sheets on pages with these entries.
async fn measured(renderer: &Renderer, kind: &str, entries: &str, resolution: Resolution) -> Vec<Tally> {
    let (names, sheets): (Vec<_>, Vec<_>) = sheets().into_iter().unzip();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("sheets.pdf");
    std::fs::write(&file, document(&sheets, entries)).expect("a fresh folder");
    let views = renderer.views(&file, resolution).await;
    let tally = |((view, sheet), name): ((_, &Sheet), &str)| {
        let mut tally = Tally::of(&format!("{name}, {kind}"));
        tally.page(view, Attribution::Coloured(sheet));
        tally
    };
    views.iter().zip(&sheets).zip(names).map(tally).collect()
}

/// Documents of the evaluation and the samples.
fn written(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("eval/documents").join(name)
}

#[tokio::test]
async fn a_word_of_any_form_has_its_ink_in_its_box_however_the_page_lies() {
    let renderer = Renderer::start();
    let mut tallies = Vec::new();
    for (kind, entries) in [
        ("plain", PLAIN),
        ("rotated by 90", "/MediaBox [0 0 400 300] /Rotate 90"),
        ("rotated by 180", "/MediaBox [0 0 400 300] /Rotate 180"),
        ("rotated by 270", "/MediaBox [0 0 400 300] /Rotate 270"),
        ("cropped", "/MediaBox [-50 -70 500 400] /CropBox [-3 11.5 397.3 299]"),
        ("with an origin elsewhere", "/MediaBox [-10.2 -20.7 420 310]"),
        ("cropped and rotated", "/MediaBox [-50 -70 500 400] /CropBox [-3 11.5 397.3 299] /Rotate 90"),
        ("in units of two points", "/MediaBox [0 0 400 300] /UserUnit 2"),
        ("in units of half a point, rotated", "/MediaBox [0 0 400 300] /UserUnit 0.5 /Rotate 270"),
    ] {
        tallies.extend(measured(&renderer, kind, entries, USUAL).await);
    }
    assert_fit(&tallies);
}

#[tokio::test]
async fn word_boxes_fit_at_every_size_of_the_image() {
    let renderer = Renderer::start();
    let mut tallies = Vec::new();
    for resolution in [
        Resolution::dpi(72),
        Resolution::dpi(300),
        Resolution { max_side_px: Some(777), ..Resolution::dpi(300) },
        Resolution { max_side_px: Some(500), ..USUAL },
    ] {
        tallies.extend(measured(&renderer, &format!("{resolution:?}"), PLAIN, resolution).await);
    }
    assert_fit(&tallies);
}

#[tokio::test]
async fn words_of_embedded_fonts_have_their_ink_in_their_boxes() {
    let renderer = Renderer::start();
    let mut tallies = Vec::new();
    for file in [
        samples::path("report.pdf"),
        samples::path("rotated.pdf"),
        written("ar-two-columns.pdf"),
        written("en-four-columns.pdf"),
        written("he-two-columns.pdf"),
        written("hi-two-columns.pdf"),
        written("lo-hi-two-columns.pdf"),
        written("ja-vertical.pdf"),
        written("lo-ja-vertical.pdf"),
        written("lo-en-report.pdf"),
        written("th-two-columns.pdf"),
        written("vi-two-columns.pdf"),
        written("zh-two-columns.pdf"),
    ] {
        let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let mut tally = Tally::of(&name);
        for view in renderer.views(&file, USUAL).await {
            tally.page(&view, Attribution::Connected);
        }
        tallies.push(tally);
    }
    assert_fit(&tallies);
}
