//! What a caption begins with. Pure.

/// What captions of tables and figures begin with, in small letters, in the languages of Europe.
const LABELS: [&str; 37] = [
    "table",
    "tab",
    "figure",
    "fig",
    "chart",
    "exhibit",
    "map",
    "graph",
    "plate",
    "scheme",
    "listing",
    "algorithm",
    "photo",
    "tabelle",
    "abbildung",
    "abb",
    "grafik",
    "tableau",
    "tabl",
    "graphique",
    "tabla",
    "cuadro",
    "figura",
    "gráfico",
    "tabela",
    "quadro",
    "tabella",
    "grafico",
    "tabel",
    "figuur",
    "rysunek",
    "rys",
    "tablica",
    "таблица",
    "рисунок",
    "рис",
    "табл",
];

/// The kind of thing that a caption names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Captioned {
    Table,
    Other,
}

/// Says what a text is the caption of, if it begins as one does: with a label and a number, which may be Roman or stand
/// behind a letter.
pub(crate) fn captioned<'t>(words: impl IntoIterator<Item = &'t str>) -> Option<Captioned> {
    let mut words = words.into_iter();
    let first = words.next()?;
    let label = first.trim_end_matches(['.', ':']).to_lowercase();
    let number = words.next()?;
    let is_numbered = |number: &str| {
        let inner = number.trim_end_matches(['.', ':', ')', '–', '—', '-', '|']).trim_start_matches('(');
        let is_roman = !inner.is_empty() && inner.chars().all(|letter| "IVXLC".contains(letter));
        let is_ended = inner.len() < number.len();
        inner.chars().any(|character| character.is_ascii_digit()) && inner.chars().count() <= 7
            || is_roman && (is_ended || inner.len() <= 4)
    };
    let is_capital = first.contains(char::is_uppercase);
    (is_capital && LABELS.contains(&label.as_str()) && is_numbered(number)).then(|| {
        let is_table = label.starts_with("tab") || label.starts_with("таб") || label == "cuadro" || label == "quadro";
        if is_table { Captioned::Table } else { Captioned::Other }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_begins_with_a_label_and_a_number() {
        let of = |text: &str| captioned(text.split(' '));
        for text in
            ["Table 1: Sizes", "tABLE 2. Small capitals", "TABLE IV.", "Tab. 3.2 Größen", "Таблица 5", "Cuadro A.1"]
        {
            assert_eq!(of(text), Some(Captioned::Table), "{text}");
        }
        assert_eq!(of("Figure 2"), Some(Captioned::Other));
        for text in ["Table of contents", "Tables 1 and 2", "table 3 shows", "Chart", "Box office"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
