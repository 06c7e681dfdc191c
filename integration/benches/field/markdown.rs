//! Tables in Markdown.

use std::fmt;

/// A table that grows by rows. Without any it is nothing at all.
pub(crate) struct Table {
    title: String,
    /// Of the first column.
    first: &'static str,
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    pub(crate) fn new(title: &str, first: &'static str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Self { title: title.to_owned(), first, columns, rows: Vec::new() }
    }

    /// Adds a row, unless it has no figure.
    pub(crate) fn row(&mut self, first: &str, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        if cells.iter().any(|cell| cell.contains(|c: char| c.is_ascii_digit())) {
            self.rows.push((first.to_owned(), cells));
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n## {}\n\n| {} | {} |", self.title, self.first, self.columns.join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(self.columns.len()))?;
        self.rows.iter().try_for_each(|(first, cells)| writeln!(f, "| {first} | {} |", cells.join(" | ")))
    }
}

/// A whole number.
pub(crate) fn whole(figure: Option<f64>) -> String {
    figure.filter(|figure| figure.is_finite()).map_or(NONE.to_owned(), |figure| format!("{figure:.0}"))
}

/// How many times: exactly where that is few.
pub(crate) fn times(figure: Option<f64>) -> String {
    match figure {
        Some(figure) if figure < 10.0 => format!("{figure:.2}"),
        figure => whole(figure),
    }
}

/// Where there is no figure: the gateway cannot do this.
const NONE: &str = "–";
