//! A report as a table, CSV or JSON.

use std::io::Write;

use anyhow::Result;
use comfy_table::{CellAlignment, Table, presets};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::sums::COLUMNS;
use super::{Report, Sums};

const COST: &str = "cost_usd";

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: kinds of tokens that nobody used are left out
    Table,
    /// For spreadsheets: a line for each row, without the total
    Csv,
    /// For programs: one object with `rows` and `total`
    Json,
}

impl Report {
    /// Writes the report.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn write(&self, format: Format, mut out: impl Write) -> Result<()> {
        match format {
            Format::Table => writeln!(out, "{}", self.table().trim_fmt())?,
            Format::Csv => self.csv(out)?,
            Format::Json => writeln!(out, "{}", self.json()?)?,
        }
        Ok(())
    }

    fn table(&self) -> Table {
        let total = self.total();
        let shown = |i: &usize| *i < 2 || total.counts().get(*i).is_some_and(|count| *count > 0);
        let columns: Vec<usize> = (0..COLUMNS.len()).filter(shown).collect();
        let numbers = |sums: &Sums| -> Vec<String> {
            let counts = columns.iter().filter_map(|i| sums.counts().get(*i).map(u128::to_string));
            counts.chain([sums.cost().unwrap_or("unpriced".to_owned())]).collect()
        };
        let mut table = Table::new();
        // Markdown can be pasted anywhere.
        table.load_style(presets::ASCII_MARKDOWN);
        let names = self.by.iter().map(|by| by.name());
        table.set_header(names.chain(columns.iter().filter_map(|i| COLUMNS.get(*i).copied())).chain([COST]));
        for (key, sums) in &self.rows {
            let names = key.iter().map(|name| name.as_deref().map_or("-".to_owned(), printable));
            table.add_row(names.chain(numbers(sums)));
        }
        if !self.by.is_empty() {
            let names = (0..self.by.len()).map(|i| if i == 0 { "total".to_owned() } else { String::new() });
            table.add_row(names.chain(numbers(&total)));
        } else if self.rows.is_empty() {
            table.add_row(numbers(&total));
        }
        for column in table.column_iter_mut().skip(self.by.len()) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    fn csv(&self, out: impl Write) -> Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(self.by.iter().map(|by| by.name()).chain(COLUMNS).chain([COST]))?;
        for (key, sums) in &self.rows {
            let names = key.iter().map(|name| name.clone().unwrap_or_default());
            csv.write_record(
                names.chain(sums.counts().map(|count| count.to_string())).chain([sums.cost().unwrap_or_default()]),
            )?;
        }
        Ok(csv.flush()?)
    }

    fn json(&self) -> Result<String> {
        let row = |(key, sums): (&Vec<Option<String>>, &Sums)| {
            let names = self.by.iter().zip(key).map(|(by, name)| Ok((by.name(), to_raw_value(name)?)));
            Ok(Object(names.chain(numbers(sums)).collect::<Result<_>>()?))
        };
        let rows = self.rows.iter().map(row).collect::<Result<_>>()?;
        let total = Object(numbers(&self.total()).collect::<Result<_>>()?);
        Ok(serde_json::to_string_pretty(&Document { rows, total, skipped_lines: self.skipped })?)
    }
}

#[derive(Serialize)]
struct Document {
    rows: Vec<Object>,
    total: Object,
    skipped_lines: u64,
}

/// Numbers as text, since no type of JSON's holds them exactly.
struct Object(Vec<(&'static str, Box<RawValue>)>);

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, out: S) -> std::result::Result<S::Ok, S::Error> {
        out.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn numbers(sums: &Sums) -> impl Iterator<Item = Result<(&'static str, Box<RawValue>)>> {
    let counts = COLUMNS.into_iter().zip(sums.counts().map(|count| count.to_string()));
    counts
        .chain([(COST, sums.cost().unwrap_or("null".to_owned()))])
        .map(|(name, number)| Ok((name, RawValue::from_string(number)?)))
}

/// Callers may choose names of models: they shall not steer a terminal.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
