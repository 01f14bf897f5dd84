//! `go.mod` and `go.work`.

/// What a module's or a workspace's file says.
#[derive(Default)]
pub(in crate::detect) struct GoMod {
    pub module: Option<String>,
    pub go: Option<String>,
    pub toolchain: Option<String>,
    /// Modules required directly, with their versions.
    pub requires: Vec<(String, String)>,
    /// Modules that those require.
    pub indirect: Vec<(String, String)>,
    /// The folders of a workspace.
    pub uses: Vec<String>,
}

pub(in crate::detect) fn parse(text: &str) -> GoMod {
    let mut read = GoMod::default();
    let mut block = None;
    for line in text.lines() {
        let indirect = line.contains("// indirect");
        let line = line.split("//").next().unwrap_or("").trim();
        if line == ")" {
            block = None;
            continue;
        }
        let (word, rest) = match block {
            Some(word) => (word, line),
            None => line.split_once(char::is_whitespace).unwrap_or((line, "")),
        };
        let rest = rest.trim();
        if rest == "(" {
            block = Some(word);
            continue;
        }
        match word {
            "module" => read.module = Some(rest.trim_matches('"').to_owned()),
            "go" => read.go = Some(rest.to_owned()),
            "toolchain" => read.toolchain = Some(rest.trim_start_matches("go").to_owned()),
            "use" if !rest.is_empty() => read.uses.push(rest.trim_matches('"').to_owned()),
            "require" => {
                if let Some((name, version)) = rest.split_once(char::is_whitespace) {
                    let list = if indirect { &mut read.indirect } else { &mut read.requires };
                    list.push((name.to_owned(), version.trim().to_owned()));
                }
            }
            _ => {}
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_and_a_workspace() {
        let read = parse(
            "module example.com/shop // x\n\ngo 1.22.1\ntoolchain go1.23.0\n\nrequire github.com/a/b v1.0.0\nrequire (\n\tgithub.com/gin-gonic/gin v1.10.0\n\tgolang.org/x/net v0.1.0 // indirect\n)\n",
        );
        assert_eq!((read.module.as_deref(), read.go.as_deref()), (Some("example.com/shop"), Some("1.22.1")));
        assert_eq!(read.toolchain.as_deref(), Some("1.23.0"));
        let names: Vec<&str> = read.requires.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["github.com/a/b", "github.com/gin-gonic/gin"]);
        assert_eq!(parse("go 1.22\nuse (\n\t./api\n\t./web\n)\n").uses, ["./api", "./web"]);
    }
}
