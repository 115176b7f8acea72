//! Formats a table for people.

use tracing_outlets::escaped;

/// The space between two columns.
const GAP: usize = 2;

/// Formats a table: the header, then the rows, with escapes for hidden characters. Columns are as wide as their longest text, and those
/// whose header is in `right` are aligned to the right. Empty columns are left out.
pub(super) fn table<const N: usize>(
    header: [&str; N],
    right: &[&str],
    rows: &[[String; N]],
) -> String {
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| row.each_ref().map(|text| escaped(text)))
        .collect();
    let width = |column: usize| {
        let texts = rows.iter().map(|row| row[column].chars().count());
        match texts.max() {
            Some(widest) if widest > 0 => widest.max(header[column].chars().count()),
            _ => 0,
        }
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |texts: [&str; N]| {
        let mut line = String::new();
        for (column, text) in texts.iter().enumerate().filter(|(at, _)| widths[*at] > 0) {
            let padding = " ".repeat(widths[column] - text.chars().count());
            if right.contains(&header[column]) {
                line += &padding;
                line += text;
            } else {
                line += text;
                line += &padding;
            }
            line += &" ".repeat(GAP);
        }
        line.trim_end().to_owned() + "\n"
    };
    let rows = rows
        .iter()
        .map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(header)).chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped() {
        let rows = [["a\u{1b}[2J\nb".to_owned(), "x".to_owned()]];
        let text = table(["NAME", "GROUP"], &[], &rows);
        assert_eq!(text, "NAME           GROUP\na\\u{1b}[2J\\nb  x\n");
    }

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let row = |texts: [&str; 4]| texts.map(str::to_owned);
        let rows = [row(["a", "7", "", "x"]), row(["äbc", "1234567", "", ""])];
        let text = table(["NAME", "BYTES", "HOLD", "GROUP"], &["BYTES"], &rows);
        insta::assert_snapshot!(text, @r"
        NAME    BYTES  GROUP
        a           7  x
        äbc   1234567
        ");
    }
}
