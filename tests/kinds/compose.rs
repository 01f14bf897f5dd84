//! What compose files say of a person's wishes.

use std::fs;

use wharf::model::{AppProfile, Settings};

use super::{HOSTILE, api, files, settings};
use crate::support::wharf::Wharf;

fn ports(made: &std::collections::BTreeMap<String, String>, file: &str) -> String {
    let read: yaml_serde::Value = yaml_serde::from_str(&made[file]).unwrap();
    read["services"]["api"]["ports"][0].as_str().unwrap().to_owned()
}

#[test]
fn an_app_is_published_where_its_settings_say() {
    let on = [
        ("", "127.0.0.1", "127.0.0.1"),
        ("[app]\nbind = \"0.0.0.0\"", "0.0.0.0", "0.0.0.0"),
        ("[app]\nbind = \"10.0.0.7\"\n[environments.production]\nbind = \"192.0.2.1\"", "10.0.0.7", "192.0.2.1"),
        ("[apps.api]\nbind = \"::1\"", "[::1]", "[::1]"),
    ];
    for (said, development, production) in on {
        let made = files("compose", "shop", &[&api()], &settings(said));
        assert_eq!(ports(&made, "compose.yaml"), format!("{development}:${{HOST_PORT:-3000}}:3000"), "{said}");
        let there = ports(&made, "compose.production.yaml");
        assert!(there.starts_with(&format!("${{BIND:-{production}}}:")), "{said}: {there}");
        let is_told = made["compose.production.yaml"].contains("On loopback: a proxy");
        assert_eq!(is_told, production == "127.0.0.1", "{said}");
    }
    for hostile in HOSTILE {
        let text = format!("[app]\nbind = {}", toml_edit::value(hostile));
        assert!(toml_edit::de::from_str::<Settings>(&text).is_err(), "{text}");
    }
}

#[test]
fn a_list_of_variables_of_a_persons_own_stays_and_the_files_name_what_it_lacks() {
    let config_files = vec![".env.example".to_owned()];
    let made = files("compose", "shop", &[&AppProfile { config_files, ..api() }], &Settings::default());
    assert!(!made.contains_key(".env.example"));
    for (file, in_production) in [("compose.yaml", false), ("compose.production.yaml", true)] {
        let (above, _) = made[file].split_once("\nservices:").unwrap();
        for line in ["Your .env.example stays as it is.", "#   SESSION_SECRET=", "#   POSTGRES_PASSWORD=change-me"] {
            assert!(above.contains(line), "{file} lacks {line}:\n{above}");
        }
        assert!(above.contains("\n#   THEME=\n"), "{above}");
        assert_eq!(above.contains("#   TAG="), in_production, "{above}");
    }
}

#[test]
fn a_list_of_a_persons_own_is_never_written_to_and_what_the_files_name_is_known() {
    let wharf = Wharf::new();
    let shop = wharf.copy("demos/express-postgres", "shop");
    fs::write(shop.join(".env.example"), "# Ask Kim.\nSESSION_SECRET=\n").unwrap();
    wharf.run(&["generate", "shop"]).exits(0);
    assert_eq!(fs::read_to_string(shop.join(".env.example")).unwrap(), "# Ask Kim.\nSESSION_SECRET=\n");
    assert!(fs::read_to_string(shop.join("compose.yaml")).unwrap().contains("#   POSTGRES_PASSWORD=change-me\n"));
    wharf.run(&["generate", "shop", "--check"]).exits(0);
}
