//! Tables as juju prints them: columns two blanks apart, the last one as long as it is.

use crate::client::screen::columns;

/// Lays out rows of equally many cells; `right` are the numbers of the columns that are aligned to the right.
pub(crate) fn layout(rows: &[Vec<String>], right: &[usize]) -> String {
    fitted(rows, right, None)
}

/// The same for a screen of a width, if there is one: a last cell that does not fit in its row has lines of its own below it.
pub(crate) fn fitted(rows: &[Vec<String>], right: &[usize], width: Option<usize>) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widest = |column: usize| {
        rows.iter()
            .filter_map(|row| Some(columns(row.get(column)?)))
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<_> = (0..count).map(widest).collect();
    let lines = rows.iter().filter_map(|row| {
        let (last, others) = row.split_last()?;
        let cell = |(column, cell): (usize, &String)| {
            let padding = " ".repeat(widths[column] - columns(cell));
            if right.contains(&column) {
                [&padding, cell, "  "].concat()
            } else {
                [cell, &*padding, "  "].concat()
            }
        };
        let line: String = others.iter().enumerate().map(cell).collect();
        let too_narrow = width.filter(|width| columns(&line) + columns(last) > *width);
        Some(match too_narrow {
            None => [&line, last, "\n"].concat(),
            Some(width) => [line, "\n".to_owned(), wrapped(last, width)].concat(),
        })
    });
    lines.collect()
}

/// A text on lines of a width, indented, broken between words.
fn wrapped(text: &str, width: usize) -> String {
    const INDENT: &str = "  ";
    let mut lines = vec![INDENT.to_owned()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line == INDENT => line.push_str(word),
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.extend([" ", word]);
            }
            _ => lines.push([INDENT, word].concat()),
        }
    }
    lines.join("\n") + "\n"
}

/// Lays out rows whose cells are all aligned to the right, two blanks before each; a column is as wide as its neighbours above and
/// below need, up to a row that lacks it.
pub(crate) fn aligned_right(rows: &[Vec<String>]) -> String {
    let width = |row: usize, column: usize| {
        let has_column = |row: &&Vec<String>| row.len() > column;
        let above = rows[..row].iter().rev().take_while(has_column);
        let below = rows[row..].iter().take_while(has_column);
        let widths = above.chain(below).map(|row| row[column].chars().count());
        widths.max().unwrap_or_default() + 2
    };
    let lines = rows.iter().enumerate().map(|(number, row)| {
        let cells = row.iter().enumerate();
        let cells = cells.map(|(column, cell)| format!("{cell:>0$}", width(number, column)));
        cells.collect::<String>() + "\n"
    });
    lines.collect()
}

/// A row from anything that is text.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}
