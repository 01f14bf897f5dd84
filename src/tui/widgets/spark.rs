//! Sparklines of several rows.

use ratatui::text::Line;

use super::super::look::Look;
use super::super::theme::Role;
use super::draw;

/// The newest values that fit, one a column, as `rows` lines from the top. `top` is the value of a full column; the
/// values stand at the right, and what has no value yet is a faint ground line.
pub(crate) fn sparkline(look: &Look, values: &[f64], top: f64, width: usize, rows: usize) -> Vec<Line<'static>> {
    let shown = &values[values.len().saturating_sub(width)..];
    let missing = width - shown.len();
    let levels = look.glyphs.levels.len() - 1;
    let steps = levels * rows;
    let heights: Vec<usize> = shown.iter().map(|value| height(*value, top, steps)).collect();
    (0..rows)
        .map(|row| {
            let below = (rows - 1 - row) * levels;
            let is_ground = row + 1 == rows;
            let ground = if is_ground { look.glyphs.levels[1] } else { look.glyphs.levels[0] };
            let mut spans = vec![draw::span(look, Role::Border, ground.repeat(missing))];
            // The edge stands out from what is below it.
            for same in heights.chunk_by(|one, other| (*one > below + levels) == (*other > below + levels)) {
                let role = if same[0] > below + levels { Role::Fill } else { Role::Spark };
                let columns: String =
                    same.iter().map(|height| look.glyphs.levels[height.saturating_sub(below).min(levels)]).collect();
                spans.push(draw::span(look, role, columns));
            }
            Line::from(spans)
        })
        .collect()
}

/// What is more than nothing is seen.
fn height(value: f64, top: f64, steps: usize) -> usize {
    if top <= 0.0 || !value.is_finite() {
        return 1;
    }
    let share = (value / top).clamp(0.0, 1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a small number of steps")]
    let height = (share * steps as f64).round() as usize;
    height.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::look::Terminal;

    fn text(values: &[f64], width: usize, rows: usize) -> Vec<String> {
        let look = Look::new(&Terminal { locale: "C.UTF-8".into(), ..Terminal::default() });
        sparkline(&look, values, 8.0, width, rows).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_newest_values_stand_at_the_right() {
        assert_eq!(text(&[1.0, 4.0, 8.0], 5, 1), ["▁▁▁▄█"]);
        assert_eq!(text(&[9.0, 1.0, 2.0], 2, 1), ["▁▂"]);
    }

    #[test]
    fn rows_stand_on_each_other() {
        assert_eq!(text(&[0.0, 4.0, 6.0, 8.0], 4, 2), ["  ▄█", "▁███"]);
        assert_eq!(text(&[f64::NAN], 1, 1), ["▁"]);
    }
}
