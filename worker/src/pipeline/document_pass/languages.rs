//! The language of a text, where it can be told: by its script, by letters that only one language of a script has, or
//! by its function words. Pure.

use std::collections::HashMap;

use unicode_script::{Script, UnicodeScript};

use super::hyphens::{Evidence, tag};

/// Characters that are looked at: the first of a text.
const LOOKED_AT: usize = 2_000;
/// A text with fewer letters tells no language.
const LEAST_LETTERS: u32 = 10;
/// This share of the letters is of one script.
const ONE_SCRIPT: f64 = 0.8;
/// Japanese has so many kana among its letters, at least.
const SHARE_OF_KANA: f64 = 0.1;

/// Scripts that one language of print has for itself.
const OF_ONE_LANGUAGE: [(Script, &str); 13] = [
    (Script::Greek, "el"),
    (Script::Georgian, "ka"),
    (Script::Armenian, "hy"),
    (Script::Hebrew, "he"),
    (Script::Thai, "th"),
    (Script::Lao, "lo"),
    (Script::Khmer, "km"),
    (Script::Hangul, "ko"),
    (Script::Tamil, "ta"),
    (Script::Telugu, "te"),
    (Script::Kannada, "kn"),
    (Script::Malayalam, "ml"),
    (Script::Sinhala, "si"),
];

/// Letters of Urdu and of Persian that Arabic does not have, and those of Arabic that Persian writes otherwise.
const URDU: [char; 5] = ['ٹ', 'ڈ', 'ڑ', 'ں', 'ے'];
const PERSIAN: [char; 5] = ['پ', 'چ', 'ژ', 'گ', 'ی'];
const ARABIC: [char; 3] = ['ة', 'ي', 'ك'];

/// Returns the BCP 47 tag of the language of a text.
pub(super) fn language_of(text: &str) -> Option<&'static str> {
    let text = text.char_indices().nth(LOOKED_AT).map_or(text, |(end, _)| &text[..end]);
    let scripts = scripts(text);
    let letters: u32 = scripts.values().sum();
    let of = |script: Script| f64::from(scripts.get(&script).copied().unwrap_or_default()) / f64::from(letters.max(1));
    if letters < LEAST_LETTERS {
        return None;
    }
    let kana = of(Script::Hiragana) + of(Script::Katakana);
    if kana >= SHARE_OF_KANA && kana + of(Script::Han) >= ONE_SCRIPT {
        return Some("ja");
    }
    if of(Script::Han) >= ONE_SCRIPT {
        return Some("zh");
    }
    let (script, _) = scripts.iter().find(|(script, _)| of(**script) >= ONE_SCRIPT)?;
    match script {
        Script::Latin | Script::Cyrillic => Evidence::of(text).language(*script).and_then(tag),
        Script::Arabic => in_arabic_script(text),
        _ => OF_ONE_LANGUAGE.iter().find(|(of_one, _)| of_one == script).map(|(_, tag)| *tag),
    }
}

/// Counts the letters of each script.
fn scripts(text: &str) -> HashMap<Script, u32> {
    let mut scripts = HashMap::new();
    for letter in text.chars().filter(|character| character.is_alphabetic()) {
        *scripts.entry(letter.script()).or_default() += 1;
    }
    scripts.remove(&Script::Common);
    scripts
}

fn in_arabic_script(text: &str) -> Option<&'static str> {
    match (text.contains(URDU), text.contains(PERSIAN), text.contains(ARABIC)) {
        (true, _, _) => Some("ur"),
        (false, true, false) => Some("fa"),
        (false, false, true) => Some("ar"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_told_by_its_function_words_its_script_or_its_letters() {
        for (text, expected) in [
            ("The committee of the region decides in the spring and reports to the council.", Some("en")),
            ("Der Ausschuss ist mit der Prüfung befasst, und das Ergebnis wird nicht vor Mai bekannt.", Some("de")),
            ("Комитет не собрался в срок, и это из отчёта для совета, как и что по делу.", Some("ru")),
            ("Η επιτροπή αποφασίζει την άνοιξη", Some("el")),
            ("委員会は春に決定し、理事会に報告する。", Some("ja")),
            ("委员会在春季作出决定并向理事会报告。", Some("zh")),
            ("위원회는 봄에 결정하고 이사회에 보고한다", Some("ko")),
            ("تقرر اللجنة في الربيع وتقدم تقريرها إلى المجلس كل سنة", Some("ar")),
            ("این کمیته در بهار تصمیم می‌گیرد و گزارش می‌دهد", Some("fa")),
            ("Total 2019", None),
            ("Name Vorname Straße Hausnummer", None),
            ("समिति वसंत ऋतु में निर्णय लेती है", None),
            ("Es seien X, Y topologische Räume, f : X → Y stetig, x ∈ X, y := f(x) ∈ Y.", None),
            ("Die the, the the: the la la the.", None),
        ] {
            assert_eq!(language_of(text), expected, "{text}");
        }
    }
}
