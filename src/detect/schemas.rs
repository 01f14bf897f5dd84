//! Environment variables that a schema names all at once: the fields of a class of settings, the keys of an object that
//! everything read is held against.

use super::data::Text;
use super::env::{Names, at_top_level, note, quoted};
use super::rules::SchemaRule;
use super::text::places;

/// Notes what the schemas of a source file name.
pub(super) fn scan(path: &str, text: &str, rule: &SchemaRule, names: &mut Names) {
    if rule.needs.as_ref().is_some_and(|needs| !text.contains(needs.as_str())) {
        return;
    }
    for at in places(text, &rule.begins) {
        let fields = if rule.indented { class(text, at, rule) } else { object(text, at, rule) };
        for (name, certain) in fields {
            if note(path, "reads", &name, names) && certain {
                names.required.insert(name);
            }
        }
    }
}

/// Each name, and whether the program certainly ends where it is not there.
type Fields = Vec<(String, bool)>;

/// The keys of an object in braces that are held against the environment.
fn object(text: &str, at: usize, rule: &SchemaRule) -> Fields {
    let begin = at + rule.begins.len();
    let Some(end) = closed(&text[begin..]).map(|length| begin + length) else { return Fields::new() };
    let (block, behind) = (&text[begin..end], text[end + 1..].trim_start_matches([')', ' ', '\n']));
    let before = text[..at].trim_end().strip_suffix('=').unwrap_or("").trim_end();
    let name = &before[before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |other| other + 1)..];
    // Where the schema, or the name that it has, is asked.
    let asked = |marks: &[Text]| {
        marks.iter().find_map(|mark| {
            let later = || text.find(&format!("{name}{mark}")).filter(|_| !name.is_empty());
            behind.starts_with(mark.as_str()).then_some(at).or_else(later)
        })
    };
    let fails = if rule.fails.is_empty() { Some(at) } else { asked(&rule.fails) };
    if fails.or_else(|| asked(&rule.tells)).is_none() {
        return Fields::new();
    }
    let ends = fails.is_some_and(|at| at_top_level(text, at));
    let spoken = block.lines().filter(|line| !["//", "/*", "*"].iter().any(|sign| line.trim().starts_with(sign)));
    let block = spoken.collect::<Vec<_>>().join("\n");
    let fields = entries(&block).into_iter().filter_map(|entry| {
        let (key, value) = entry.split_once(':')?;
        let spared = rule.spares.iter().any(|mark| value.contains(mark.as_str()));
        let wanted = rule.wants.as_ref().is_none_or(|mark| value.contains(mark.as_str()));
        Some((key.trim().trim_matches(['"', '\'']).to_owned(), ends && wanted && !spared))
    });
    fields.collect()
}

/// How long a block is whose opening brace stands before it.
fn closed(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(at, letter)| {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
        None
    })
}

/// What commas part, without those inside of brackets.
fn entries(block: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    block
        .split(|letter: char| {
            match letter {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            letter == ',' && depth == 0
        })
        .collect()
}

/// The fields of a class, in capitals behind its prefix; the program ends without one that has no default where the
/// class is made as the file is loaded.
fn class(text: &str, at: usize, rule: &SchemaRule) -> Fields {
    let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let Some(class) = text[begin..at].strip_prefix("class ") else { return Fields::new() };
    let made = [format!("= {class}()"), format!("={class}()")];
    let made = made.iter().any(|made| text.find(made.as_str()).is_some_and(|at| at_top_level(text, at)));
    let inside = |line: &&str| line.trim().is_empty() || line.starts_with([' ', '\t']);
    let body: Vec<&str> = text[at..].lines().skip(1).take_while(inside).collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let first = body.iter().find(|line| !line.trim().is_empty()).map_or(0, |line| indent(line));
    let behind = |line: &str, word: &str| {
        let rest = line.split_once(word)?.1.trim_start_matches(['=', ':', ' ', '"', '\'']);
        Some(rest.split(['"', '\'']).next()?.to_owned())
    };
    let prefix = rule.prefix.as_ref().and_then(|word| body.iter().find_map(|line| behind(line, word)));
    let prefix = prefix.unwrap_or_default().to_ascii_uppercase();
    let fields = body.iter().filter(|line| indent(line) == first).filter_map(|line| {
        let (name, rest) = line.trim().split_once(':')?;
        let named = rule.aliases.iter().find_map(|word| quoted(rest.split_once(word.as_str())?.1));
        let plain = !rest.contains('=') && !rule.spares.iter().any(|mark| rest.contains(mark.as_str()));
        let name = named.map_or_else(|| format!("{prefix}{}", name.to_ascii_uppercase()), |(name, _)| name.to_owned());
        Some((name, made && plain && !rest.trim().is_empty()))
    });
    fields.filter(|(name, _)| name != "MODEL_CONFIG").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::registry::Registry;

    fn read(stack: &str, text: &str) -> (Vec<String>, Vec<String>) {
        let registry = Registry::embedded();
        let stack = registry.stacks().find(|one| one.name == stack).unwrap();
        let mut names = Names::default();
        stack.env_schemas.iter().for_each(|rule| scan("a", text, rule, &mut names));
        (names.read.into_keys().collect(), names.required.into_iter().collect())
    }

    #[test]
    fn fields_of_a_class_of_settings_are_read() {
        let text = "class Settings(BaseSettings):\n    \"\"\"Of: all.\"\"\"\n    database_url: str\n    debug_mode: bool = False\n\
                    \x20   key: str = Field(..., alias=\"API_KEY\")\n    db: DbSettings\n    token: Optional[str]\n\n\
                    \x20   class Config:\n        env_prefix = \"APP_\"\n\nsettings = Settings()\nother: int = 1\n";
        let (names, required) = read("python", text);
        assert_eq!(names, ["API_KEY", "APP_DATABASE_URL", "APP_DB", "APP_DEBUG_MODE", "APP_TOKEN"]);
        assert_eq!(required, ["APP_DATABASE_URL"]);
        let text = text.replace("settings = Settings()", "def settings():\n    return Settings()");
        assert!(read("python", &text).1.is_empty(), "it is only made where somebody asks for it");
    }

    #[test]
    fn keys_of_a_schema_over_the_environment_are_read() {
        let text = "const envSchema = z.object({\n  // Where: it lies, as a URL\n  DATABASE_URL: z.string().url(),\n  \
                    MAIL_FROM: z.string().default('a, b'),\n  PORT: z.coerce.number(),\n});\n\
                    const user = z.object({ NAME: z.string() });\nexport const env = envSchema.parse(process.env);\n";
        let (names, required) = read("node", text);
        assert_eq!(names, ["DATABASE_URL", "MAIL_FROM"]);
        assert_eq!(required, ["DATABASE_URL"]);
        let (names, required) = read("node", &text.replace(".parse(", ".safeParse("));
        assert_eq!((names.len(), required.len()), (2, 0));
        let (names, _) = read("node", "z.object({ API_KEY: z.string() }).parse(process.env)");
        assert_eq!(names, ["API_KEY"]);
        let (_, required) =
            read("node", "export const env = cleanEnv(process.env, { KEY_A: str(), B2: str({ default: '' }) })");
        assert_eq!(required, ["KEY_A"]);
        assert!(read("node", "z.object({ NAME: z.string() })\nx.parse(process.env)").0.is_empty());
    }
}
