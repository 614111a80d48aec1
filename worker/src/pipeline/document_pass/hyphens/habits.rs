//! What languages do with hyphens inside words, beyond syllables: lists of the parts that they always join and of those
//! that make compounds. Each entry is right far more often than not; what is in no list is left to the patterns.
//!
//! An entry is `left-right`. An empty side stands for any, which has three letters or more on the left; `x*` for what
//! begins with x; `*x` for what ends in x and has two letters or more before it.

use hypher::Lang;

/// What a language does with two parts of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Joined,
    Compound,
}

/// The lists of one language.
#[derive(Debug)]
struct Habits {
    /// Counts before what follows.
    joined: &'static str,
    compounds: &'static str,
    /// Ends of first adjectives of a pair, and ends of second ones.
    adjectives: (&'static str, &'static str),
}

/// Letters before the end of an adjective: the first of a pair is longer, as short ones are parts of ordinary words.
const STEMS: (usize, usize) = (3, 2);

/// A word that is doubled has as many letters; shorter ones are syllables (`Ma-ma`).
const DOUBLED: usize = 4;

const ENGLISH: Habits = Habits {
    joined: "high-light* off-setting up-setting socio-log* -or -ors -ivity -ic -ics -atic -atically -ual -ually -mer \
             -mers -ming -med -me -ile -ility -ability misun- pre-dom* health-car* life-tim* life-styl* life-sp* \
             short-hand -tion -tions -tional -tionally -tionary -sion -sions -ment -ments -mental -ing -ings -ed -er \
             -ers -est -en -ens -ened -ening -ly -ness -less -ful -fully -able -ably -ible -ity -ities -ism -ist \
             -ists -istic -ize -ized -ise -ised -ish -ive -ives -ance -ence -ant -ants -ent -ary -ory -age -ages -al \
             -ally -ial -cial -tial -ology -ological -ical -ically -icle -ship -ships -hood -dom -ward -wards -teen \
             -een -ty -fold -ture -tures -ate -ated -ating -ation -ations -ator -ators -ative -atives -onomy -onomic \
             -ern -east -west -erly -light -lights -way -ways -land -lands -ware -ground -grounds -table -tables \
             -line -lines -place -places -base -bases -set -sets -mark -marks -proof -fall -room -rooms -work -works \
             -worker -workers -shop -book -books -board -side -house -man -men -self -selves -body -thing -where \
             -coming -comings -list -name -names -green -cut -stone -port -ports -out -down -over -back -holder \
             -holders -payer -payers un- in- dis- mis- sub- hyper- under- over- inter- with- some- any- every- \
             there- where- here- what- when- how- more- out- fore- after- counter- super- trans- never- none- up- \
             care-free child-like war-like life-like world-wide nation-wide country-wide cor-related non-sens* \
             non-chal* non-descript non-ethe* low-er* long-itud* long-ev* real-m real-is* real-iz* free-lanc* \
             free-hold* single-t* cross-road* cross-word* state-sm* best-sell* open-er* cost-um*",
    compounds: "top-down school-age brand-new last-minute left-wing right-wing near-term no-fly off-peak on-board \
                per-capita in-house in-service in-situ zero-sum air-condition* socio-d* world-famous light-year* \
                war-torn -mentioned -coded -catching -seeker -seekers -abiding -ranging -setting -willed -soluble \
                -conditioned one-way two-way in-depth on-demand post-war pre-war check-in* semi-auto* government- \
                community- customer- consumer- computer- climate- gender- context- domain- student- teacher- carbon- \
                value- revenue- income- growth- export- import- credit- interest- product- process- project- \
                program- system- software- network- internet- health- life- noise- heat- gluten- *ity- *rgy- *mily- \
                *ery- *ory- *stry- *ary- *ncy- *fety- *ady- *avy- *lly- *hly- *tely- *ntly- *vely- -class -speaking \
                -reaching -threatening -fashioned -working -added -made -held -neutral -winning -growing -performing \
                -paying -earning -containing -loving -changing -breaking -cutting -looking -sounding -running \
                -skilled -priced -ridden -equipped -educated -informed -qualified -prone -backed -certified -capable \
                -compatible -aligned -centred -centered -focused -linked self- well- high- low- long- short- cost- \
                price- time- user- cross- non- quasi- pseudo- half- single- double- triple- dual- two- three- four- \
                five- six- seven- eight- nine- first- third- twenty- thirty- forty- fifty- sixty- seventy- eighty- \
                ninety- full- large- small- real- open- free- fast- deep- hard- soft- state- peer- rule- risk- \
                decision- problem- evidence- energy- tax- trade- fixed- newly- year- middle- upper- lower- inner- \
                outer- longer- higher- larger- early- much- best- better- north- south- re-e* pre-e* anti-i* semi-i* \
                micro-o* so-called socio-e* socio-p* mid-term mid-size* mid-century mid-*ties mid-teens mid-morning mid-afternoon mid-air mid-sentence mid-range \
                mid-level mid-tier late-*ties apt-get non-self ill-defined ill-posed ill-suited \
                end-user* end-to* all-important add-on* built-in plug-in* set-up* hands-on part-time* left-hand \
                right-hand second-hand first-hand on-site off-site by-product* co-author* co-found* co-own* \
                co-worker* co-exist* ex-presid* ex-minis* ex-husband* ex-wife vice-presid* vice-chair* e-commerce \
                cutting-edge state-wide -based -related -driven -oriented -orientated -specific -dependent \
                -independent -free -like -level -scale -wide -making -taking -building -saving -sharing -consuming \
                -generating -seeking -reducing -solving -learning -intensive -efficient -effective -sensitive \
                -conscious -friendly -resistant -tolerant -averse -aware -ready -relevant -owned -funded -sponsored \
                -fired -cooled -powered -assisted -aided -controlled -supported -induced -mediated -defined \
                -designed -trained -known -minded -shaped -quality -bearing -maker -makers -up -ups -off -offs \
                -range -century -compliant -adjusted -weighted -rich -poor -savvy",
    adjectives: ("", ""),
};

const FRENCH: Habits = Habits {
    joined: "aide-r* -aine -ième -ment -tion -sion sous-cri* sous-crip* sous-trai* sous-tra* porte-feuille* \
             porte-manteau* avant-ag* voi-là de-là non-ant* non-obst* franco-phon* anglo-phon* anglo-phil* \
             franco-phil* dix-i*",
    compounds: "ex-mari* chou-fleur* aide- court-circuit* court-term* long-term* gratte-ciel pique-nique* week-end* \
                beau-père beau-frère beaux-arts beaux-parents belle-mère belle-sœur sous- demi- mi-temps mi-chemin \
                avant- après- arrière- porte- non- vice- quasi- soi-disant semi- grand-mère* grand-père* grand-chose \
                grands-parents celui-ci celle-ci ceux-ci celles-ci -là là- ci-dess* ci-apr* ci-joint* ci-contre \
                au-dess* au-del* au-devant par-dess* par-del* moi-même toi-même soi-même -même -mêmes peut- \
                bien-être -être rendez- -vous *ons-nous *t-il *t-ils *t-elle *t-elles *t-on *d-il *d-elle *d-on \
                *est-ce dix- vingt- trente- quarante- cinquante- soixante- quatre-vingt* haut-parl* libre-serv* \
                libre-échang* mot-clé* mots-clés savoir-faire compte-rend* tout-puiss* contre-ind* ex-présid* \
                ex-minist* socio-é* franco- anglo- afro-a* sino- austro- gréco- anti-i* micro-o* quelques-un*",
    adjectives: ("", ""),
};

const SPANISH: Habits = Habits {
    joined: "-lógico -lógica -lógicos -lógicas -logía -gráfico -gráfica -gráficos -gráficas -métrico -métrica \
             franco-tir*",
    compounds: "germano- ruso- chino- judeo- greco- franco-a* franco-e* hispano- anglo-s* anglo-a* luso- afro-a* \
                ítalo- austro-h* ex-presid* ex-minis*",
    adjectives: (
        "ico ivo ario",
        "ico ica icos icas ivo iva ivos ivas ario aria arios arias al ales ano ana anos anas ista istas",
    ),
};

const ITALIAN: Habits = Habits {
    joined: "-logico -logica -logici -logiche -logia -grafico -grafica -metrico -metrica -mente franco-boll* \
             socio-log*",
    compounds: "socio- franco-t* italo- anglo- austro-u* greco-r* afro-a* ex-presid* ex-minis* vice-presid*",
    adjectives: (
        "ico ivo ario",
        "ico ica ici iche ivo iva ivi ive ario aria ari arie ale ali ano ana ani ane ista isti iste",
    ),
};

const PORTUGUESE: Habits = Habits {
    joined: "qua-se fra-se cri-se ba-se cau-se -lógico -lógica -lógicos -lógicas -logia -gráfico -gráfica pré-dio* \
             pró-pri* pró-xim* pós-tum*",
    compounds: "fê-lo* vê-lo* lê-lo* dá-lo* fá-lo* *sse-lhe *sse-lhes primeiro-ministr* primeira-ministr* \
                guarda-chuva* guarda-roupa* guarda-costas guarda-redes segunda-feira* terça-feira* quarta-feira* \
                quinta-feira* sexta-feira* -feira -feiras *a-se *e-se *u-se *m-se *r-se *u-lhe *u-lhes *m-lhe \
                *m-lhes *r-lhe *r-lhes *á-lo *á-la *á-los *á-las *ê-lo *ê-la *ê-los *ê-las *ô-lo *ô-la *í-lo *í-la \
                *í-los *í-las *am-no *am-na bem-estar mal-estar bem-vind* recém- além-mar pré- pós- pró- ex-presid* \
                ex-minist* vice-presid* sócio- sócio-económico luso- afro-b* anti-i* micro-o* arco-íris \
                matéria-prima matérias-primas meio-dia",
    adjectives: ("ico ivo ário", "ico ica icos icas ivo iva ivos ivas ário ária ários árias al ais ano ana anos anas"),
};

const DUTCH: Habits = Habits {
    joined: "-heid -lijk -lijke -achtig -achtige -schap",
    compounds: "minister-pres* *ris-generaal *eur-generaal na-a* auto-i* radio-i* zwart-wit* rood-wit* blauw-wit* *a-a* *a-e* *a-i* *a-u* *e-e* *e-i* *i-i* \
                *o-e* *o-o* *o-u* *u-u* niet- ex-presid* ex-minis* vice-presid* vice-voorz* quasi- pseudo- semi-",
    adjectives: ("isch aal iek eel", "isch ische eel ele lijk lijke"),
};

const GERMAN: Habits = Habits {
    joined: "",
    compounds: "deutsch-*isch deutsch-*ische deutsch-*ischen deutsch-*ischer deutsch-*isches sozial-*isch \
                sozial-*ische sozial-*ischen sozial-*ischer nicht- quasi- pseudo- online- offline- ex-präsid* \
                ex-minis* schwarz-weiß* schwarz-gelb* schwarz-rot* schwarz-grün* rot-grün* rot-weiß* blau-weiß* \
                rot-gelb* blau-gelb* süß-sauer* süß-saur*",
    adjectives: ("isch lich", "isch ische ischen ischer isches ischem lich liche lichen licher liches lichem"),
};

const SCANDINAVIAN: Habits = Habits {
    joined: "-ska -ske -sk",
    compounds: "tysk-*ska tysk-*ske fransk-*ska fransk-*ske dansk-*ske svensk-*ska icke- ikke- ex-presid* ex-minis* \
                vice-ord* quasi-",
    adjectives: ("sk", "sk ska skt ske"),
};

const POLISH: Habits = Habits {
    joined: "-ski -ska -skie -cki -cka -ny -na -ne -nego -nej -nych",
    compounds: "wodno- rosyjsko- ex-minis* ex-prezyd* quasi- biało-czerw* biało-czarn* biało-nieb* żółto-nieb* \
                czerwono-* niebiesko-*",
    adjectives: (
        "owo sko cko cno czno wno żno nno dno lno pno rno",
        "ski ska skie skiego skiemu skiej skich skim skimi ską cki cka ckie ckiego ckiej ckich ckim cką czy cza cze czego \
         czej czych czym ny na ne nego nemu nej nych nym ną dni dnia dnie dniego dniej dnich wy wa we wego wej wych wym \
         ły ła łe łego łej łych",
    ),
};

const RUSSIAN: Habits = Habits {
    joined: "осново- дерево- велико- собственно- -стный -стная -стное -стные -стного -стной -стных сельско-",
    compounds: "кто-то что-то как-то где-то куда-то когда-то зачем-то откуда-то почему-то чего-то чему-то кого-то \
                кому-то кем-то чем-то чей-то чья-то чье-то чьё-то сколько-то какой-то какая-то какое-то какие-то \
                какого-то какую-то какой-либо каких-то каким-то каком-то -либо -нибудь -таки кое- из-за из-под \
                во-перв* во-втор* по-русски по-немецки по-французски по-английски по-видимому по-прежнему по-новому \
                по-моему по-своему по-другому по-разному по-иному по-настоящему по-хорошему по-старому северо- юго- \
                вице- экс-президент* экс-министр* веб- онлайн- интернет- бизнес- пресс- премьер- генерал- чуть-чуть",
    adjectives: (
        "льно нно чно тно рно вно дно сно жно зно ско ово ево ико",
        "ий ый ой ая яя ое ее ые ие ого его ому ему ых их ую юю ым им ыми ими",
    ),
};

/// Returns what the language does with these two parts, in lower case; `None` if it has no habit.
pub(crate) fn of(language: Lang, left: &str, right: &str) -> Option<Habit> {
    let habits = lists(language);
    let names_both = |entry: &&str| !entry.starts_with('-') && !entry.ends_with('-');
    let has = |list: &'static str, both: bool| {
        let mut entries = list.split_ascii_whitespace().filter(|entry| names_both(entry) == both);
        entries.any(|entry| matches(entry, left, right))
    };
    // An exception names both sides.
    for (list, both, habit) in [
        (habits.joined, true, Habit::Joined),
        (habits.compounds, true, Habit::Compound),
        (habits.joined, false, Habit::Joined),
        (habits.compounds, false, Habit::Compound),
    ] {
        if has(list, both) {
            return Some(habit);
        }
    }
    let is_doubled = left == right && left.chars().count() >= DOUBLED;
    let (first, second) = habits.adjectives;
    let is_pair = || has_end(left, first, STEMS.0) && has_end(right, second, STEMS.1);
    let is_verb = || language == Lang::English && has_verb(left, right);
    (is_doubled || is_pair() || is_verb()).then_some(Habit::Compound)
}

const fn lists(language: Lang) -> Habits {
    match language {
        Lang::English => ENGLISH,
        Lang::French => FRENCH,
        Lang::Spanish | Lang::Galician | Lang::Catalan => SPANISH,
        Lang::Italian => ITALIAN,
        Lang::Portuguese => PORTUGUESE,
        Lang::Dutch | Lang::Afrikaans => DUTCH,
        Lang::German => GERMAN,
        Lang::Swedish | Lang::Danish | Lang::Norwegian => SCANDINAVIAN,
        Lang::Polish => POLISH,
        Lang::Russian => RUSSIAN,
        _ => Habits { joined: "", compounds: "", adjectives: ("", "") },
    }
}

fn matches(entry: &str, left: &str, right: &str) -> bool {
    let Some((first, second)) = entry.split_once('-') else { return false };
    let is_side = |side: &str, text: &str| {
        if let Some(end) = side.strip_prefix('*') {
            return text.strip_suffix(end.trim_end_matches('*')).is_some_and(|stem| stem.chars().count() >= 2);
        }
        side.strip_suffix('*').map_or(side == text, |start| text.starts_with(start))
    };
    let is_left = if first.is_empty() { left.chars().nth(2).is_some() } else { is_side(first, left) };
    is_left && (second.is_empty() || is_side(second, right))
}

fn has_end(word: &str, ends: &str, stem: usize) -> bool {
    ends.split_ascii_whitespace().any(|end| word.strip_suffix(end).is_some_and(|rest| rest.chars().count() >= stem))
}

/// Says whether a verb form with a prefix of its own stands behind a whole word, as in `price-determining`. A form
/// without such a prefix may as well be the rest of a verb: `main-taining`, `repre-sented`.
fn has_verb(left: &str, right: &str) -> bool {
    let is_vowel = |letter: &char| "aeiouy".contains(*letter);
    let parts = right.split(|letter: char| !is_vowel(&letter)).filter(|vowels| !vowels.is_empty()).count();
    let has_prefix = ["de", "re", "pro", "con", "com", "in", "im", "ex", "pre", "dis", "en", "gen"]
        .iter()
        .any(|prefix| right.starts_with(prefix));
    let ends_as_word = left.len() >= 4
        && left.chars().any(|letter| is_vowel(&letter))
        && !left.ends_with(['a', 'i', 'o', 'u', 'v', 'j', 'q']);
    (right.ends_with("ing") || right.ends_with("ed")) && right.len() >= 7 && parts >= 3 && has_prefix && ends_as_word
}

/// Returns the words for *and* and *or* in a language: those that end no word, and those that do.
pub(crate) const fn conjunctions(language: Lang) -> (&'static str, &'static str) {
    match language {
        Lang::English => ("and", "or nor"),
        Lang::German => ("und oder sowie bzw beziehungsweise", "bis"),
        Lang::Dutch | Lang::Afrikaans => ("", "en of"),
        Lang::Swedish => ("och eller samt", ""),
        Lang::Danish | Lang::Norwegian => ("eller samt", "og"),
        Lang::Icelandic => ("eða", "og"),
        Lang::Finnish => ("sekä", "ja tai"),
        Lang::Estonian => ("ning või", "ja"),
        Lang::Hungarian => ("és vagy", ""),
        Lang::French => ("", "et ou"),
        Lang::Spanish | Lang::Galician => ("y e o u", ""),
        Lang::Catalan => ("i o", ""),
        Lang::Italian => ("e o", "ed"),
        Lang::Portuguese => ("e", "ou"),
        Lang::Polish => ("i a oraz lub albo", ""),
        Lang::Czech => ("a i nebo", "či"),
        Lang::Slovak => ("a i alebo", "či"),
        Lang::Croatian => ("i ili", ""),
        Lang::Slovenian => ("in ali", ""),
        Lang::Russian => ("и или", ""),
        Lang::Ukrainian => ("і й або", "та"),
        Lang::Bulgarian | Lang::Serbian => ("и или", ""),
        _ => ("", ""),
    }
}

/// Says whether a short word of the language is a link of chains, beyond its function words.
pub(crate) fn links(language: Lang, word: &str) -> bool {
    let list = match language {
        Lang::English => "up on out at all an a as end day date one art the law not do",
        Lang::French => "en à là ce de du au aux sur sous",
        _ => "",
    };
    list.split(' ').any(|link| link == word)
}

/// Says whether a language never parts a consonant from the vowel behind it, but at the limit of two words. Others do
/// so behind prefixes (`nos-otros`).
pub(crate) const fn keeps_consonants(language: Lang) -> bool {
    matches!(language, Lang::French)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_one_side_or_both() {
        assert!(matches("-based", "evidence", "based") && !matches("-based", "de", "based"));
        assert!(matches("self-", "self", "employed") && !matches("self-", "myself", "employed"));
        assert!(matches("sous-cri*", "sous", "crire") && !matches("sous-cri*", "sous", "titre"));
        assert!(matches("*t-il", "est", "il") && !matches("*t-il", "t", "il"));
        assert!(matches("*a-e*", "extra", "einde"));
    }

    #[test]
    fn every_entry_has_one_hyphen_and_something_beside_it() {
        for lists in [ENGLISH, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH, GERMAN, SCANDINAVIAN, POLISH, RUSSIAN] {
            for entry in lists.joined.split_ascii_whitespace().chain(lists.compounds.split_ascii_whitespace()) {
                let sides: Vec<&str> = entry.split('-').collect();
                assert!(sides.len() == 2 && sides.concat().len() > 1, "{entry}");
            }
        }
    }
}
