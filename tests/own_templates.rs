//! `wharf templates`, and a user's templates over those in the program.

use std::fs;

use crate::support::wharf::Wharf;

#[test]
fn a_template_that_was_copied_out_and_changed_is_used() {
    let wharf = Wharf::new();
    let run = |args: &[&str]| wharf.run(args);
    wharf.copy("demos/express-postgres", "shop");
    let listed = run(&["templates", "list", "compose"]).exits(0).stdout;
    assert!(listed.contains("compose/kind.toml") && !listed.contains("yours"), "{listed}");
    let ejected = run(&["templates", "eject", "compose/env.j2"]).exits(0).stdout;
    assert!(ejected.contains("written"), "{ejected}");
    let mine = wharf.path("config/templates/compose/env.j2");
    let text = fs::read_to_string(&mine).unwrap();
    fs::write(&mine, format!("# Ours.\n{text}")).unwrap();
    assert!(run(&["templates", "eject", "compose/env.j2"]).exits(0).stdout.contains("left as it is"));
    run(&["templates", "eject", "compose/kind.toml"]).exits(0);
    fs::write(wharf.path("config/templates/compose/emv.j2"), "X=1\n").unwrap();
    let listed = run(&["templates", "list", "compose"]).exits(0).stdout;
    assert!(listed.contains("compose/kind.toml  yours, unchanged\n"), "{listed}");
    assert!(listed.contains("compose/emv.j2  yours; the program has none of that path\n"), "{listed}");
    fs::remove_file(wharf.path("config/templates/compose/emv.j2")).unwrap();
    assert!(run(&["templates", "show", "compose"]).exits(3).stderr.contains("`wharf templates list compose`"));
    // A copy of everything would stand in the way of all that is newer.
    for nothing in ["", "/"] {
        assert!(run(&["templates", "eject", nothing]).exits(2).stderr.contains("no template"));
    }
    assert!(run(&["templates", "list", "compose"]).exits(0).stdout.contains("compose/env.j2  yours\n"));
    assert!(run(&["templates", "show", "compose/env.j2"]).exits(0).stdout.starts_with("# Ours.\n"));
    assert_eq!(run(&["templates", "show", "compose/env.j2", "--built-in"]).exits(0).stdout, text);
    run(&["templates", "check"]).exits(0);
    run(&["generate", "shop"]).exits(0);
    assert!(fs::read_to_string(wharf.path("shop/.env.example")).unwrap().starts_with("# Ours.\n"));
    fs::write(&mine, "# Ours.\n{{ nothing }}\n").unwrap();
    let told = run(&["templates", "check"]).exits(1).stdout;
    assert!(told.contains("compose/env.j2") && told.contains("line 2") && told.contains("nothing"), "{told}");
    let failed = run(&["generate", "shop"]).exits(1).stderr;
    assert!(failed.contains("compose/env.j2") && failed.contains("line 2"), "{failed}");
    let unknown = run(&["templates", "show", "compose/emv.j2"]).exits(3).stderr;
    assert!(unknown.contains("did you mean compose/env.j2?"), "{unknown}");
}
