//! Prisma: the schema that says which database an app keeps its data in, and where its address comes from.

use crate::detect::facts::Facts;
use crate::detect::project::Folder;
use crate::detect::services;

/// Where a schema lies.
const SCHEMAS: &[&str] = &["prisma/schema.prisma", "schema.prisma"];

/// Notes the database of the schema, for apps that depend on Prisma.
pub(super) fn read(facts: &mut Facts, folder: Folder<'_>) {
    if !facts.depends_on("@prisma/client") && !facts.depends_on("prisma") {
        return;
    }
    let Some((file, text)) = SCHEMAS.iter().find_map(|file| Some((*file, folder.text(file)?))) else { return };
    facts.files.push(file.to_owned());
    let provider = setting(&text, "provider").map(|value| value.trim_matches('"').to_owned());
    if let Some(name) = provider
        && let Some(service) = services::called(&name)
    {
        facts.saw(folder, file, format!("keeps its data in {name}"));
        facts.services.push(service.to_owned());
    }
    for key in ["url", "directUrl"] {
        let value = setting(&text, key);
        let variable = value.and_then(|value| value.strip_prefix("env(\"")?.strip_suffix("\")"));
        if let Some(name) = variable {
            facts.reads(folder, file, name);
        }
    }
}

/// A value in the block of the data source.
fn setting<'a>(schema: &'a str, key: &str) -> Option<&'a str> {
    let lines = schema.lines().map(str::trim);
    let block = lines.skip_while(|line| !line.starts_with("datasource ")).skip(1).take_while(|line| *line != "}");
    let mut settings = block.filter_map(|line| line.split("//").next()?.split_once('='));
    settings.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use crate::detect::{MemoryTree, detect};

    #[test]
    fn the_schema_says_the_database() {
        let package = r#"{"dependencies": {"next": "15", "@prisma/client": "6"}}"#;
        let schema = "generator client {\n  provider = \"prisma-client-js\"\n}\n\ndatasource db {\n  \
                      provider = \"postgresql\" // ours\n  url      = env(\"STORE_URL\")\n}\n";
        let found = detect(&MemoryTree::new([("package.json", package), ("prisma/schema.prisma", schema)]));
        let app = &found.apps[0];
        assert_eq!(app.services, ["postgres"]);
        assert_eq!(app.env, ["STORE_URL"]);
        let file = schema.replace("postgresql", "sqlite").replace("env(\"STORE_URL\")", "\"file:./dev.db\"");
        let found = detect(&MemoryTree::new([("package.json", package), ("prisma/schema.prisma", &file)]));
        assert_eq!((found.apps[0].services.len(), found.apps[0].env.len()), (0, 0));
    }
}
