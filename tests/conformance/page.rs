//! The page.

use std::fmt::Write as _;

use tollhouse_filter::dialects::DIALECTS;

use super::{LEFT_OUT, Table, Verdict, model_of};

const HEAD: &str = "\
# Conformance

Made by `UPDATE=1 cargo test -p tollhouse-filter --test conformance` from requests and answers that have each feature, sent
through each surface and each dialect; not written by hand. [`translation.md`](translation.md) says how each is translated.

| word | what happens |
|---|---|
| passes | caller and provider speak the same format: bytes stay |
| translated | said in the other side's words |
| dropped | left out, and named in the answer's header `x-tollhouse-dropped` |
| refused | a 400 that names the field, before anything is sent |
| left out | the same, but without a word, since no answer is another with it; or as said below |
| – | the provider does not say this |

Dialects with the same column share it.
";

/// Recorded exchanges that come out otherwise than they were recorded, and why.
const OTHERWISE: &[(&str, &str)] = &[
    (
        "Azure's Responses, where the provider's dialect is `azure-openai`",
        "this dialect asks Azure for chat completions; `azure-openai-responses` asks as recorded",
    ),
    (
        "an answer of Azure that tells of more tokens from the cache (403) than of the prompt (347), told to a caller of \
         Messages",
        "`input_tokens` are those beside the cache there, and not less than none: the sum is 403",
    ),
];

/// Writes it.
pub(super) fn write(tables: &[Table]) -> String {
    let mut page = HEAD.to_owned();
    for table in tables {
        write_table(&mut page, table);
    }
    page.push_str("\n## Left out\n\n| callers of | what | why |\n|---|---|---|\n");
    for (caller, feature, reason) in LEFT_OUT {
        let _ = writeln!(page, "| {} | {feature} | {reason} |", if caller.is_empty() { "all" } else { caller });
    }
    page.push_str("\n## Recordings that come out otherwise\n\n| recorded | why |\n|---|---|\n");
    for (recorded, reason) in OTHERWISE {
        let _ = writeln!(page, "| {recorded} | {reason} |");
    }
    page.push_str("\n## Models\n\nWhat a model takes may differ; these were asked for, and `model` elsewhere:\n\n");
    for dialect in DIALECTS.iter().filter(|dialect| model_of(**dialect) != "model") {
        let _ = writeln!(page, "- {}: `{}`", dialect.name(), model_of(*dialect));
    }
    page
}

/// Dialects with what becomes of each feature; those that are alike stand together.
fn columns(table: &Table) -> Vec<(Vec<&'static str>, Vec<Verdict>)> {
    let mut columns: Vec<(Vec<&'static str>, Vec<Verdict>)> = Vec::new();
    for (at, dialect) in DIALECTS.iter().enumerate() {
        let verdicts: Vec<_> = table.rows.iter().map(|(_, verdicts)| verdicts[at]).collect();
        match columns.iter_mut().find(|(_, known)| *known == verdicts) {
            Some((names, _)) => names.push(dialect.name()),
            None => columns.push((vec![dialect.name()], verdicts)),
        }
    }
    columns
}

fn write_table(page: &mut String, table: &Table) {
    let columns = columns(table);
    let names = columns.iter().map(|(names, _)| names.join(", "));
    let _ = write!(page, "\n## {}\n\n| |", table.caller);
    names.for_each(|names| page.extend([" ", names.as_str(), " |"]));
    let _ = writeln!(page, "\n|{}", "---|".repeat(columns.len() + 1));
    for (at, (feature, _)) in table.rows.iter().enumerate() {
        let _ = write!(page, "| {feature} |");
        columns.iter().for_each(|(_, verdicts)| {
            let _ = write!(page, " {} |", verdicts[at]);
        });
        page.push('\n');
    }
}
