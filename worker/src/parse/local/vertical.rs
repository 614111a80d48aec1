//! Writing that runs down the page with upright characters, as Chinese and Japanese do. Pure.

use std::collections::BTreeMap;

use super::{
    characters,
    frames::Frame,
    tokens::{STEP_DOWN, Token},
};

// In units of the font size.
/// Characters that are set this close run downwards if only two of them do; rows of a table are further apart.
const SOLID: f64 = 1.35;
/// Columns of characters that are set wider are no further apart than this.
const COLUMNS_APART: f64 = 3.0;
/// A character that is set wide belongs to a column of so many.
const LONG: usize = 4;
/// A number that lies across a column has at most this width, and so many characters.
const ACROSS: f64 = 1.3;
const MOST_ACROSS: usize = 4;

/// Lets single characters of Chinese and Japanese run downwards where each stands nearer to the one below or above
/// than to any beside it, and numbers across such a column with them.
pub(super) fn turn(tokens: &mut [Token]) {
    let is_single =
        |token: &Token| token.frame == Frame::UPRIGHT && token.is_one_character() && characters::is_cjk(token.first());
    let singles: Vec<usize> = (0..tokens.len()).filter(|&index| is_single(&tokens[index])).collect();
    if singles.is_empty() {
        return;
    }
    let beside = nearest_beside(tokens, &singles);
    let rows = rows_of_others(tokens);
    let nearer = |a: usize, b: usize| {
        let step = step(tokens, a, b);
        step <= STEP_DOWN.1 && [a, b].iter().all(|index| beside[index] > step)
    };
    let mut downwards = Vec::new();
    for column in columns(tokens, singles) {
        let runs = column.chunk_by(|&a, &b| nearer(a, b));
        downwards.extend(runs.filter(|run| runs_down(tokens, run, &beside, &rows)).flatten());
    }
    downwards.into_iter().for_each(|index: usize| tokens[index].turn_down());
    numbers_across(tokens);
}

/// Returns the distance of two characters of a column, in units of the font size.
fn step(tokens: &[Token], above: usize, below: usize) -> f64 {
    (tokens[below].baseline - tokens[above].baseline) / tokens[above].size
}

/// Parts characters into columns, each from top to bottom.
fn columns(tokens: &[Token], mut singles: Vec<usize>) -> Vec<Vec<usize>> {
    let line = |token: &Token| (token.bbox.middle_x() / token.size * 2.0).round() as i64;
    singles.sort_by(|&a, &b| {
        line(&tokens[a]).cmp(&line(&tokens[b])).then(tokens[a].baseline.total_cmp(&tokens[b].baseline))
    });
    singles.chunk_by(|&a, &b| line(&tokens[a]) == line(&tokens[b])).map(<[usize]>::to_vec).collect()
}

/// Returns how far each character is from the nearest one beside it, in units of the font size.
fn nearest_beside(tokens: &[Token], singles: &[usize]) -> BTreeMap<usize, f64> {
    let row = |token: &Token| (token.baseline / token.size * 2.0).round() as i64;
    let mut sorted = singles.to_vec();
    sorted.sort_by(|&a, &b| {
        row(&tokens[a]).cmp(&row(&tokens[b])).then(tokens[a].bbox.left().total_cmp(&tokens[b].bbox.left()))
    });
    let mut nearest: BTreeMap<usize, f64> = singles.iter().map(|&index| (index, f64::INFINITY)).collect();
    for pair in sorted.windows(2).filter(|pair| row(&tokens[pair[0]]) == row(&tokens[pair[1]])) {
        let (a, b) = (&tokens[pair[0]], &tokens[pair[1]]);
        let distance = (b.bbox.middle_x() - a.bbox.middle_x()) / a.size;
        for index in pair {
            nearest.entry(*index).and_modify(|known| *known = known.min(distance));
        }
    }
    nearest
}

/// Lists the baselines of words that run to the right, in order.
fn rows_of_others(tokens: &[Token]) -> Vec<f64> {
    let mut rows: Vec<f64> = tokens
        .iter()
        .filter(|token| token.frame == Frame::UPRIGHT && token.bbox.width() > ACROSS * token.size)
        .map(|token| token.baseline)
        .collect();
    rows.sort_by(f64::total_cmp);
    rows
}

/// Says whether characters below each other are a column of writing, and not one of a table: they are set close, or are
/// many beside other columns, and do not stand in rows with words.
fn runs_down(tokens: &[Token], run: &[usize], beside: &BTreeMap<usize, f64>, rows: &[f64]) -> bool {
    if run.len() < 2 {
        return false;
    }
    let mut steps: Vec<f64> = run.windows(2).map(|pair| step(tokens, pair[0], pair[1])).collect();
    steps.sort_by(f64::total_cmp);
    let is_solid = steps[steps.len() / 2] <= SOLID;
    let apart = run.iter().map(|index| beside[index]).fold(f64::INFINITY, f64::min);
    let is_long = run.len() >= LONG && (apart <= COLUMNS_APART || apart.is_infinite());
    let in_a_row = run.iter().filter(|&&index| {
        let token = &tokens[index];
        let tolerance = 0.3 * token.size;
        let at = rows.partition_point(|row| *row < token.baseline - tolerance);
        rows.get(at).is_some_and(|row| *row <= token.baseline + tolerance)
    });
    (is_solid || is_long) && 2 * in_a_row.count() <= run.len()
}

/// Lets numbers and letters that lie across a column, between two of its characters, run with it.
fn numbers_across(tokens: &mut [Token]) {
    // By bands of 6 points: the places of the characters that run downwards.
    let mut columns: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    let key = |x: f64| (x / 6.0).floor() as i64;
    for token in tokens.iter().filter(|token| token.frame == Frame::DOWNWARDS) {
        columns.entry(key(token.place.middle_x())).or_default().push(token.place.middle_y());
    }
    if columns.is_empty() {
        return;
    }
    columns.values_mut().for_each(|places| places.sort_by(f64::total_cmp));
    let is_between = |token: &Token| {
        let (x, y, size) = (token.place.middle_x(), token.place.middle_y(), token.size);
        let is_near = |above: bool| {
            (key(x) - 1..=key(x) + 1).filter_map(|key| columns.get(&key)).any(|places| {
                let at = places.partition_point(|place| *place < y);
                let next = if above { at.checked_sub(1) } else { Some(at) };
                next.and_then(|next| places.get(next)).is_some_and(|place| (place - y).abs() <= STEP_DOWN.1 * size)
            })
        };
        is_near(true) && is_near(false)
    };
    let across: Vec<usize> = (0..tokens.len())
        .filter(|&index| {
            let token = &tokens[index];
            token.frame == Frame::UPRIGHT
                && token.place.width() <= ACROSS * token.size
                && token.text.chars().take(MOST_ACROSS + 1).count() <= MOST_ACROSS
                && token.text.chars().all(|character| character.is_ascii_graphic())
                && is_between(token)
        })
        .collect();
    across.into_iter().for_each(|index| tokens[index].turn_down());
}

#[cfg(test)]
mod tests {
    use super::{super::testing::Page, *};

    fn read(page: &Page) -> Vec<Token> {
        let content = page.content();
        let mut tokens = super::super::tokens::tokens(&content, &vec![false; content.glyphs.len()]);
        turn(&mut tokens);
        tokens
    }

    fn turned(page: &Page) -> String {
        read(page).iter().filter(|token| token.frame == Frame::DOWNWARDS).map(|token| token.text.as_str()).collect()
    }

    /// Writes characters below each other.
    fn column(page: Page, characters: &str, x: f64, pitch: f64) -> Page {
        let rows = characters.chars().enumerate();
        rows.fold(page.advance(1.0), |page, (row, character)| {
            page.write(&character.to_string(), x, 100.0 + pitch * row as f64)
        })
    }

    #[test]
    fn upright_characters_below_each_other_run_downwards() {
        let page = column(column(Page::new(), "広島駅", 50.0, 12.9), "広島駅", 33.0, 12.9);
        assert_eq!(turned(&page), "広島駅広島駅");
        // Two lines of three that are read to the right.
        let page = Page::new().advance(1.0).write("広", 50.0, 100.0).write("島", 60.5, 100.0).write("駅", 50.0, 115.0);
        assert_eq!(turned(&page), "");
        assert_eq!(turned(&Page::new().advance(1.0).write("第 一 章 总 则", 50.0, 100.0)), "");
    }

    #[test]
    fn a_column_of_a_table_does_not() {
        let page = column(Page::new(), "男女男女男", 120.0, 14.0);
        let names = (0..5).fold(page, |page, row| page.write("王小明", 50.0, 100.0 + 14.0 * f64::from(row)));
        assert_eq!(turned(&names), "");
        let grid = (0..4).fold(Page::new(), |page, at| column(page, "是否是否", 50.0 + 60.0 * f64::from(at), 15.0));
        assert_eq!(turned(&grid), "");
        // Set as wide, but beside each other: writing.
        let wide = (0..4).fold(Page::new(), |page, at| column(page, "是否是否", 50.0 + 20.0 * f64::from(at), 15.0));
        assert_eq!(turned(&wide).chars().count(), 16);
    }

    #[test]
    fn a_number_across_a_column_runs_with_it() {
        let page = column(Page::new(), "会議は", 50.0, 11.0).advance(0.5).write("12", 50.0, 133.0);
        let page = page.advance(1.0).write("月", 50.0, 144.0).write("に", 50.0, 155.0);
        assert_eq!(turned(&page), "会議は12月に");
        assert_eq!(turned(&column(Page::new(), "会議は", 50.0, 11.0).advance(0.5).write("12", 50.0, 150.0)), "会議は");
    }
}
