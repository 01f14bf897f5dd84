//! What stays of an app that is deleted, and that nobody looks for it in vain.

use crate::support::app::{App, IMAGE};
use crate::support::docker;
use crate::support::wharf::Wharf;

#[test]
fn data_that_stays_is_named_with_the_way_to_remove_it() {
    if !docker::ready(&[IMAGE, "redis:7-bookworm"]) {
        return;
    }
    let wharf = Wharf::new();
    let app = App::create(&wharf.path("tides-with-data"));
    std::fs::write(app.0.join("wharf.toml"), "[app]\nservices = [\"redis\"]\n").unwrap();
    let volumes = || docker::stdout(&["volume", "ls", "-q", "--filter", &format!("label=wharf.data={}", wharf.mark())]);
    let deploy = || wharf.json(&["deploy", app.path()]);

    let id = deploy()["id"].as_str().unwrap().to_owned();
    let volume = volumes();
    assert!(!volume.is_empty() && !volume.contains('\n'), "{volume}");
    let told = wharf.run(&["delete", app.path(), "--yes"]).exits(0).stdout;
    assert!(told.contains(&volume) && told.contains(&format!("wharf delete {id} --volumes")), "{told}");
    // As it says, later.
    assert_eq!(volumes(), volume);
    let told = wharf.run(&["delete", &id, "--volumes", "--yes"]).exits(0).stdout;
    assert!(!told.contains("stays"), "{told}");
    assert_eq!(volumes(), "");

    // Where the project is forgotten, only Docker's own command is left.
    deploy();
    let volume = volumes();
    let removed = wharf.json(&["projects", "remove", app.path(), "--deployments", "--yes"]);
    let kept = removed["kept"].as_array().unwrap();
    assert_eq!((kept.len(), kept[0]["name"].as_str()), (1, Some(volume.as_str())), "{removed:#}");
    let command: Vec<&str> = kept[0]["remove"].as_str().unwrap().split(' ').collect();
    assert_eq!(command[0], "docker");
    docker::stdout(&command[1..]);
    assert_eq!(volumes(), "");
}
