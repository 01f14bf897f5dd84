//! The table that is printed at the end.

use std::fmt;

/// What was measured, a row each.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

struct Row {
    what: String,
    figure: String,
    beside: String,
    target: String,
    holds: Option<bool>,
}

impl Table {
    /// A figure that has a target, which holds or does not.
    pub(crate) fn target(&mut self, what: &str, figure: String, beside: String, target: &str, holds: bool) {
        self.row(what, figure, beside, target, Some(holds));
    }

    /// A figure that is only told.
    pub(crate) fn told(&mut self, what: &str, figure: String, beside: String) {
        self.row(what, figure, beside, "", None);
    }

    fn row(&mut self, what: &str, figure: String, beside: String, target: &str, holds: Option<bool>) {
        self.0.push(Row { what: what.to_owned(), figure, beside, target: target.to_owned(), holds });
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = |column: fn(&Row) -> &str| self.0.iter().map(|row| column(row).chars().count()).max().unwrap_or(0);
        let (what, figure) = (wide(|row| &row.what), wide(|row| &row.figure));
        let (beside, target) = (wide(|row| &row.beside), wide(|row| &row.target));
        for row in &self.0 {
            let holds = row.holds.map_or("", |holds| if holds { "holds" } else { "DOES NOT HOLD" });
            let line = format!(
                "{:what$}  {:>figure$}  {:beside$}  {:target$}  {holds}",
                row.what, row.figure, row.beside, row.target
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
