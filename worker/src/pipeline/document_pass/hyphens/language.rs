//! Which language a text is in, by its function words: the few that make up a third of any text.

use std::{collections::HashMap, sync::LazyLock};

use hypher::Lang;
use unicode_script::Script;

use super::word_hash::WordHash;

/// The most frequent words of each language in Latin and Cyrillic script, those first that its neighbours do not have.
/// Greek and Georgian are known by their script.
const FUNCTION_WORDS: [(Lang, &str); 34] = [
    (Lang::Afrikaans, "die en van nie het ook vir wat word hy deur hulle"),
    (Lang::Albanian, "të në dhe për një është nga që me si janë ka"),
    (Lang::Catalan, "amb per els les que una dels és i aquest més però"),
    (Lang::Croatian, "je i se na za da su kao što koji bi biti"),
    (Lang::Czech, "je že se na které podle nebo jako pro jsou při byl"),
    (Lang::Danish, "og af til på med der ikke har blev efter også mellem"),
    (Lang::Dutch, "de het een van en is niet dat zijn voor met wordt"),
    (Lang::English, "the of and to in is that for with are this by"),
    (Lang::Estonian, "ja on ei et oli kui mis ning ta ka või selle"),
    (Lang::Finnish, "ja on ei että oli se myös tai kun joka ovat mutta"),
    (Lang::French, "le la les et des du une est dans que pour qui"),
    (Lang::Galician, "unha dos coa pola non máis ou nos foi ten tamén súa"),
    (Lang::German, "der die und das den von ist mit nicht ein für werden"),
    (Lang::Hungarian, "az és hogy nem egy volt meg mint csak már vagy ez"),
    (Lang::Icelandic, "og að í var sem er til við ekki með það um"),
    (Lang::Italian, "il di che della per un del con non sono nel gli"),
    (Lang::Kurmanji, "û li ku di bi ji de ye bû jî ev wî"),
    (Lang::Latin, "et est in non quod cum qui sed ad enim autem atque"),
    (Lang::Lithuanian, "ir yra kad su buvo iš tai apie bei arba nuo už"),
    (Lang::Norwegian, "og av til på med som ikke har ble etter også mellom"),
    (Lang::Polish, "się nie na jest że do to jak przez oraz dla są"),
    (Lang::Portuguese, "o os não uma com para em do da ao pela são"),
    (Lang::Slovak, "je sa na ktoré podľa alebo ako pre sú pri bol že"),
    (Lang::Slovenian, "je in se na za da so ki bi tudi pri kot"),
    (Lang::Spanish, "el los las una con por del que y para es se"),
    (Lang::Swedish, "och att det som är av för inte på till den ett"),
    (Lang::Turkish, "ve bir bu için ile olarak da de olan daha çok en"),
    (Lang::Turkmen, "we bir bu bilen üçin boldy hem onuň bolan diýip ýaly soň"),
    (Lang::Belarusian, "і у на не што з да ў якія гэта або як"),
    (Lang::Bulgarian, "и на да се за от не са че като той което"),
    (Lang::Mongolian, "ба нь энэ юм бол байна гэж болон дээр хүн байсан тэр"),
    (Lang::Russian, "и в не на что с по как это из для или"),
    (Lang::Serbian, "и је у се на да за су од са који као"),
    (Lang::Ukrainian, "і в не на що з та до як це або від"),
];

/// A longer word is none of them.
const MOST_LETTERS: usize = 8;

/// Fewer hits do not tell a language.
const LEAST_HITS: u32 = 4;

/// The languages of each function word, one bit for each.
static KNOWN: LazyLock<HashMap<WordHash, u64>> = LazyLock::new(|| {
    let mut known = HashMap::new();
    for (index, (_, list)) in FUNCTION_WORDS.iter().enumerate() {
        for word in list.split(' ') {
            *known.entry(WordHash::of(word)).or_default() |= 1 << index;
        }
    }
    known
});

/// Function words by language.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hits([u32; FUNCTION_WORDS.len()]);

impl Default for Hits {
    fn default() -> Self {
        Self([0; FUNCTION_WORDS.len()])
    }
}

/// Says whether it is one of the function words of a language.
pub(crate) fn is_function_word(language: Lang, word: WordHash) -> bool {
    let bits = KNOWN.get(&word).copied().unwrap_or(0);
    FUNCTION_WORDS.iter().position(|(found, _)| *found == language).is_some_and(|index| bits >> index & 1 == 1)
}

impl Hits {
    /// Counts a word of so many letters.
    pub(crate) fn add(&mut self, word: WordHash, letters: usize) {
        if letters > MOST_LETTERS {
            return;
        }
        let mut languages = KNOWN.get(&word).copied().unwrap_or(0);
        while languages != 0 {
            if let Some(hits) = self.0.get_mut(languages.trailing_zeros() as usize) {
                *hits = hits.saturating_add(1);
            }
            languages &= languages - 1;
        }
    }

    /// Returns the language of this script whose words are clearly the most frequent.
    pub(crate) fn clear(&self, script: Script) -> Option<Lang> {
        let (language, most, second) = self.best(script);
        (most >= LEAST_HITS && most * 2 >= second.saturating_mul(3)).then_some(language)
    }

    /// Returns the language of this script with the most hits, and the hits of the best two.
    pub(super) fn best(&self, script: Script) -> (Lang, u32, u32) {
        let mut best = (fallback(script), 0, 0);
        for ((language, _), hits) in FUNCTION_WORDS.iter().zip(self.0).filter(|((found, _), _)| is_in(*found, script)) {
            match best {
                (_, most, _) if hits > most => best = (*language, hits, most),
                (_, _, second) if hits > second => best.2 = hits,
                _ => {}
            }
        }
        best
    }
}

/// Chooses the language of a word by its script and by the function words of its text and of the whole document. `None`
/// if there are no hyphenation patterns for the script.
pub(crate) fn language_of(script: Script, text: &Hits, document: &Hits) -> Option<Lang> {
    match script {
        Script::Greek => return Some(Lang::Greek),
        Script::Georgian => return Some(Lang::Georgian),
        Script::Latin | Script::Cyrillic => {}
        _ => return None,
    }
    text.clear(script).or_else(|| {
        let (language, most, _) = document.best(script);
        Some(if most >= LEAST_HITS { language } else { fallback(script) })
    })
}

/// Returns the BCP 47 tag of a language.
pub(crate) fn tag(language: Lang) -> Option<&'static str> {
    const TAGS: [&[u8; 2]; 34] = [
        b"af", b"sq", b"ca", b"hr", b"cs", b"da", b"nl", b"en", b"et", b"fi", b"fr", b"gl", b"de", b"hu", b"is", b"it",
        b"ku", b"la", b"lt", b"no", b"pl", b"pt", b"sk", b"sl", b"es", b"sv", b"tr", b"tk", b"be", b"bg", b"mn", b"ru",
        b"sr", b"uk",
    ];
    let tag = TAGS.iter().find(|tag| Lang::from_iso(***tag) == Some(language))?;
    std::str::from_utf8(*tag).ok()
}

const fn fallback(script: Script) -> Lang {
    if matches!(script, Script::Cyrillic) { Lang::Russian } else { Lang::English }
}

const fn is_in(language: Lang, script: Script) -> bool {
    let is_cyrillic = matches!(
        language,
        Lang::Belarusian | Lang::Bulgarian | Lang::Mongolian | Lang::Russian | Lang::Serbian | Lang::Ukrainian
    );
    is_cyrillic == matches!(script, Script::Cyrillic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(text: &str) -> Hits {
        let mut hits = Hits::default();
        for word in text.split(|found: char| !found.is_alphabetic()) {
            hits.add(WordHash::of(word), word.chars().count());
        }
        hits
    }

    fn chosen(script: Script, text: &str, document: &str) -> Option<Lang> {
        language_of(script, &hits(text), &hits(document))
    }

    #[test]
    fn each_language_has_twelve_words_of_its_own_script() {
        for (language, list) in FUNCTION_WORDS {
            let words: std::collections::BTreeSet<&str> = list.split(' ').collect();
            assert_eq!(words.len(), 12, "{language:?}");
            for letter in list.chars().filter(|found| *found != ' ') {
                let script = unicode_script::UnicodeScript::script(&letter);
                assert!(is_in(language, script) && script != Script::Common, "{language:?}: {letter}");
            }
        }
    }

    #[test]
    fn sentences_are_in_their_language() {
        for (language, text) in [
            (Lang::English, "The committee of the region decides in the spring and reports to the council."),
            (Lang::German, "Der Ausschuss ist mit der Prüfung befasst, und das Ergebnis wird nicht vor Mai bekannt."),
            (Lang::French, "Le comité de la région est saisi dans les délais et les résultats sont pour le conseil."),
            (Lang::Spanish, "El comité de los estados se reúne en las fechas que fija el consejo y para una revisión."),
            (
                Lang::Portuguese,
                "O comité não se reúne em maio; os resultados são do conselho e da região, com uma nota.",
            ),
            (
                Lang::Italian,
                "Il comitato della regione non si riunisce nel mese di maggio, che sono i giorni del voto.",
            ),
            (
                Lang::Dutch,
                "Het comité van de regio is niet bijeen en de uitslag wordt met een brief aan het hof gemeld.",
            ),
            (Lang::Swedish, "Det är inte känt att rådet och kommittén för regionen möts, som det var av tradition."),
            (Lang::Danish, "Udvalget er af regionen og til orientering på mødet, der ikke blev holdt efter aftale."),
            (Lang::Norwegian, "Utvalget er av regionen og til orientering på møtet, som ikke ble holdt etter avtale."),
            (Lang::Polish, "Komisja nie jest tym organem, do którego się odwołano, oraz że to jest dla rady ważne."),
            (Lang::Czech, "Výbor je podle zákona tím orgánem, které se sejde, jako že jsou pro radu nebo při ní."),
        ] {
            assert_eq!(chosen(Script::Latin, text, ""), Some(language), "{text}");
        }
        let russian = "Комитет не собрался в срок, и это из отчёта для совета, как и что по делу.";
        assert_eq!(chosen(Script::Cyrillic, russian, ""), Some(Lang::Russian));
    }

    #[test]
    fn the_document_decides_where_the_text_does_not() {
        let german = "die und das der nicht";
        assert_eq!(chosen(Script::Latin, "of the", german), Some(Lang::German));
        assert_eq!(chosen(Script::Latin, "of the and to in is that for", german), Some(Lang::English));
        assert_eq!(chosen(Script::Latin, "ja", "ja nein"), Some(Lang::English));
        assert_eq!(chosen(Script::Cyrillic, german, german), Some(Lang::Russian));
        assert_eq!((chosen(Script::Greek, "", ""), chosen(Script::Hebrew, "", "")), (Some(Lang::Greek), None));
    }
}
