//! Tables as juju prints them: columns two blanks apart, the last one as long as it is.

/// Lays out rows of equally many cells; `right` are the numbers of the columns that are aligned to the right.
pub(crate) fn layout(rows: &[Vec<String>], right: &[usize]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| Some(row.get(column)?.chars().count()))
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = widths[column];
            if column + 1 == row.len() {
                cell.clone()
            } else if right.contains(&column) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:width$}")
            }
        });
        text += &cells.collect::<Vec<_>>().join("  ");
        text.push('\n');
    }
    text
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
