//! HCL: its strings and names, and the columns that `terraform fmt` puts lines into.

use std::fmt::Write as _;

use super::escape::{is_unseen, slug};

/// A string in quotes, in which nothing is filled in.
pub(crate) fn text(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Doubling is the usual way, but three in a row are read in more than one.
            '$' | '%' if chars.peek() == Some(&'{') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c if is_unseen(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// The text of a connection as an expression: each name in braces becomes the expression that stands for it.
pub(crate) fn fill(value: &str, expressions: &[(&str, &str)]) -> String {
    for (name, expression) in expressions {
        if value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) == Some(*name) {
            return format!("tostring({expression})");
        }
    }
    let mut out = text(value);
    for (name, expression) in expressions {
        out = out.replace(&format!("{{{name}}}"), &format!("${{{expression}}}"));
    }
    out
}

/// Labels of blocks that templates use for what is no app's.
const TAKEN: [&str; 8] = ["main", "public", "private", "postgres", "mysql", "mariadb", "mongodb", "redis"];

/// A name of a block or of a variable for an app's name (a DNS label).
pub(crate) fn name(label: &str) -> String {
    let name = slug(label).replace('-', "_");
    if TAKEN.contains(&name.as_str()) {
        return format!("{name}_app");
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// Days for which `CloudWatch` keeps logs: it takes some numbers only, so the next larger one.
pub(crate) fn cloudwatch_days(days: u32) -> u32 {
    const TAKES: [u32; 14] = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545];
    TAKES.into_iter().find(|takes| *takes >= days).unwrap_or(731)
}

/// What Fargate gives for so much that is asked: its units of processors and MiB, which go together in steps only.
pub(crate) fn fargate(cpus: f64, memory_mb: u64) -> (u32, u64) {
    // Units; the least and the most memory in GiB, and its steps.
    const SIZES: [(u32, u64, u64, u64); 7] = [
        (256, 1, 2, 1),
        (512, 1, 4, 1),
        (1024, 2, 8, 1),
        (2048, 4, 16, 1),
        (4096, 8, 30, 1),
        (8192, 16, 60, 4),
        (16384, 32, 120, 8),
    ];
    if cpus <= 0.25 && memory_mb <= 512 {
        return (256, 512);
    }
    let memory = memory_mb.div_ceil(1024);
    let fits = |(units, _, most, _): &&(u32, u64, u64, u64)| f64::from(*units) >= cpus * 1024.0 && *most >= memory;
    let &(units, least, most, step) = SIZES.iter().find(fits).unwrap_or(&SIZES[SIZES.len() - 1]);
    let steps = memory.saturating_sub(least).div_ceil(step);
    (units, (least + steps * step).min(most) * 1024)
}

/// The smallest burstable machine of EC2 that has so much.
pub(crate) fn ec2(cpus: f64, memory_mb: u64) -> &'static str {
    const TYPES: [(&str, f64, u64); 5] = [
        ("t3.micro", 2.0, 1),
        ("t3.small", 2.0, 2),
        ("t3.medium", 2.0, 4),
        ("t3.large", 2.0, 8),
        ("t3.xlarge", 4.0, 16),
    ];
    // The system itself takes some hundred MiB.
    let fits = |(_, cores, gib): &&(&str, f64, u64)| *cores >= cpus && gib * 1024 >= memory_mb + 400;
    TYPES.iter().find(fits).map_or("t3.2xlarge", |(name, _, _)| name)
}

/// The zone of DNS that a host name most likely lies in.
pub(crate) fn dns_zone(host: &str) -> String {
    let Some((_, above)) = host.split_once('.') else { return host.to_owned() };
    // `example.com` is a zone itself, and so is `example.co.uk`.
    let is_registry = match above.split_once('.') {
        None => true,
        Some((second, top)) => top.len() == 2 && second.len() <= 3,
    };
    if is_registry { host.to_owned() } else { above.to_owned() }
}

/// The text with the `=` of neighbouring lines below each other, as `terraform fmt` has them, and without empty lines at
/// the ends of blocks, which parts of templates that had nothing to say leave.
pub(crate) fn aligned(text: &str) -> String {
    let lines = without_gaps(text);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut index = 0;
    while index < lines.len() {
        let group = lines[index..].iter().map_while(|line| key_and_value(line)).collect::<Vec<_>>();
        let width = group.iter().map(|(key, _)| key.chars().count()).max().unwrap_or_default();
        for (key, value) in &group {
            let gap = width - key.chars().count();
            let _ = writeln!(out, "{key}{:gap$} = {value}", "");
        }
        if group.is_empty() {
            out.push_str(lines[index]);
            out.push('\n');
        }
        index += group.len().max(1);
    }
    out
}

fn without_gaps(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        let last = lines.last().copied().unwrap_or_default();
        if line.is_empty() && last.ends_with(['{', '[', '(']) {
            continue;
        }
        if last.is_empty() && !lines.is_empty() && line.trim_start().starts_with(['}', ']', ')']) {
            lines.pop();
        }
        lines.push(line);
    }
    lines
}

/// What stands left and right of the `=` of an attribute that ends on its line, the left with its indentation.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(" = ")?;
    let (key, value) = (key.trim_end(), value.trim());
    let bare = key.trim_start();
    let is_key = bare.starts_with('"') && bare.ends_with('"')
        || !bare.is_empty() && bare.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
    (is_key && opened(value) == 0).then_some((key, value))
}

/// How many brackets stay open at the end, outside of strings.
fn opened(value: &str) -> i32 {
    let (mut open, mut in_string, mut is_escaped) = (0, false, false);
    for c in value.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_string => is_escaped = true,
            '"' => in_string = !in_string,
            '{' | '[' | '(' if !in_string => open += 1,
            '}' | ']' | ')' if !in_string => open -= 1,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 10] = [
        "a b",
        "a\"b",
        "it's",
        "one\ntwo\r",
        "$(touch /tmp/x)",
        "${{ secrets.X }}",
        "$${file(\"/etc/passwd\")} %{ if true }",
        "$$${a}",
        "é\u{2028}\\\u{0}\u{202e}",
        "\\",
    ];

    #[test]
    fn every_text_is_read_back_as_it_was() {
        let long = "x\"${".repeat(100);
        for hostile in HOSTILE.into_iter().chain([long.as_str()]) {
            let written = text(hostile);
            assert_eq!(written.lines().count(), 1, "{written}");
            assert!(!written.contains("${") && !written.contains("%{"), "{written}");
            // The escapes in use are JSON's too.
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), hostile, "{written}");
        }
    }

    #[test]
    fn a_connection_is_filled_with_expressions() {
        let expressions = [("host", "a.b"), ("port", "a.p"), ("password", "r.result")];
        assert_eq!(fill("{port}", &expressions), "tostring(a.p)");
        assert_eq!(
            fill("x://app:{password}@{host}:{port}/${a}", &expressions),
            "\"x://app:${r.result}@${a.b}:${a.p}/\\u0024{a}\""
        );
    }

    #[test]
    fn a_name_is_one_of_hcl_and_nobody_elses() {
        let names = ["my-web", "2fast", "postgres"].map(name);
        assert_eq!(names, ["my_web", "_2fast", "postgres_app"]);
    }

    #[test]
    fn logs_are_kept_for_as_long_as_asked_or_a_little_longer() {
        assert_eq!([0, 3, 4, 90, 91, 5000].map(cloudwatch_days), [1, 3, 5, 90, 120, 731]);
    }

    #[test]
    fn fargate_gives_at_least_what_is_asked() {
        let asked = [(0.25, 512), (0.5, 512), (1.0, 1024), (0.5, 6000), (4.0, 9000), (8.0, 17000), (99.0, 999_999)];
        let given = asked.map(|(cpus, memory)| fargate(cpus, memory));
        let expected =
            [(256, 512), (512, 1024), (1024, 2048), (1024, 6144), (4096, 9216), (8192, 20480), (16384, 122_880)];
        assert_eq!(given, expected);
    }

    #[test]
    fn a_machine_has_what_is_asked_and_room_for_its_system() {
        assert_eq!(
            [(0.5, 512), (1.0, 1024), (4.0, 512), (16.0, 1)].map(|(cpus, memory)| ec2(cpus, memory)),
            ["t3.micro", "t3.small", "t3.xlarge", "t3.2xlarge"]
        );
    }

    #[test]
    fn a_host_lies_in_the_zone_above_it() {
        let zones = ["shop.example.com", "example.com", "example.co.uk", "a.example.co.uk", "x"].map(dns_zone);
        assert_eq!(zones, ["example.com", "example.com", "example.co.uk", "example.co.uk", "x"]);
    }

    #[test]
    fn neighbouring_lines_stand_in_columns() {
        let text = "a = 1\nlong_name = \"{\"\n\"x\" = [1]\nb = {\n  c = d\n  ef = [\n    1\n  ]\n  g = 1\n}\n\n# a = b\nh == 1 ? a = b\n";
        let expected = "a         = 1\nlong_name = \"{\"\n\"x\"       = [1]\nb = {\n  c = d\n  ef = [\n    1\n  ]\n  g = 1\n}\n\n# a = b\nh == 1 ? a = b\n";
        assert_eq!(aligned(text), expected);
        assert_eq!(aligned("a {\n\n  b = 1\n\n}\n\nc {\n}\n"), "a {\n  b = 1\n}\n\nc {\n}\n");
    }
}
