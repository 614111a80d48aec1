//! Names that the fonts of TeX and of the American Mathematical Society give to glyphs, and the Adobe Glyph List does
//! not have. Pure.

/// Sizes of one sign are named so: `parenleftbigg`.
const SIZES: [&str; 6] = ["bigg", "Bigg", "big", "Big", "text", "display"];
/// Names, and what they show.
const NAMES: [(&str, char); 74] = [
    ("angbracketleft", '⟨'),
    ("angbracketright", '⟩'),
    ("arrowbothv", '↕'),
    ("arrowdblbothv", '⇕'),
    ("arrowhookleft", '↩'),
    ("arrowhookright", '↪'),
    ("arrowleftbothalf", '↽'),
    ("arrowlefttophalf", '↼'),
    ("arrownortheast", '↗'),
    ("arrownorthwest", '↖'),
    ("arrowrightbothalf", '⇁'),
    ("arrowrighttophalf", '⇀'),
    ("arrowsoutheast", '↘'),
    ("arrowsouthwest", '↙'),
    ("bardbl", '‖'),
    ("ceilingleft", '⌈'),
    ("ceilingright", '⌉'),
    ("circlecopyrt", '◯'),
    ("circledivide", '⊘'),
    ("circledot", '⊙'),
    ("circleminus", '⊖'),
    ("contintegral", '∮'),
    ("coproduct", '∐'),
    ("diamondmath", '⋄'),
    ("diamondsolid", '⧫'),
    ("epsilon1", 'ϵ'),
    ("equivasymptotic", '≍'),
    ("flat", '♭'),
    ("floorleft", '⌊'),
    ("floorright", '⌋'),
    ("follows", '≻'),
    ("followsequal", '⪰'),
    ("frown", '⌢'),
    ("greatermuch", '≫'),
    ("greaterorequalslant", '⩾'),
    ("greaterorsimilar", '≳'),
    ("intersectionsq", '⊓'),
    ("latticetop", '⊤'),
    ("lessmuch", '≪'),
    ("lessorequalslant", '⩽'),
    ("lessorsimilar", '≲'),
    ("lscript", 'ℓ'),
    ("mapsto", '↦'),
    ("natural", '♮'),
    ("negationslash", '\u{338}'),
    ("owner", '∋'),
    ("pi1", 'ϖ'),
    ("planckover2pi", 'ℏ'),
    ("planckover2pi1", 'ℏ'),
    ("precedesequal", '⪯'),
    ("prime", '′'),
    ("rho1", 'ϱ'),
    ("sharp", '♯'),
    ("similarequal", '≃'),
    ("smile", '⌣'),
    ("square", '□'),
    ("squaresolid", '■'),
    ("star", '⋆'),
    ("subsetnoteql", '⊊'),
    ("subsetsqequal", '⊑'),
    ("supersetnoteql", '⊋'),
    ("supersetsqequal", '⊒'),
    ("triangle", '△'),
    ("triangleinv", '▽'),
    ("triangleleft", '◁'),
    ("triangleright", '▷'),
    ("trianglesolid", '▲'),
    ("turnstileleft", '⊢'),
    ("turnstileright", '⊣'),
    ("unionmulti", '⊎'),
    ("unionsq", '⊔'),
    ("vector", '\u{20d7}'),
    ("visiblespace", '␣'),
    ("wreathproduct", '≀'),
];

/// Returns what a name of these shows.
pub(super) fn shown(name: &str) -> Option<char> {
    NAMES.binary_search_by_key(&name, |(known, _)| known).ok().map(|place| NAMES[place].1)
}

/// Returns the name of a sign without that of its size.
pub(super) fn without_size(name: &str) -> Option<&str> {
    SIZES.iter().find_map(|size| name.strip_suffix(size)).filter(|name| name.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found() {
        assert!(NAMES.is_sorted());
        assert_eq!(
            [shown("prime"), shown("wreathproduct"), shown("angbracketleft")],
            [Some('′'), Some('≀'), Some('⟨')]
        );
        assert_eq!(shown("prim"), None);
    }

    #[test]
    fn a_size_is_taken_off() {
        let found = ["parenleftbigg", "parenleftBig", "summationdisplay", "abig", "paren"].map(without_size);
        assert_eq!(found, [Some("parenleft"), Some("parenleft"), Some("summation"), None, None]);
    }
}
