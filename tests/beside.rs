//! Services beside an app, deployed as a newcomer would: told by its driver alone, reached by the names that it is given.

use std::fs;

use serde_json::json;

use crate::support::wharf::Wharf;
use crate::support::{app, docker, http};

/// Answers with what the database says of itself, and how often it was asked since its data began.
const ASKS: &str = r"import { createServer } from 'node:http';
import mariadb from 'mariadb';

const pool = mariadb.createPool(process.env.DATABASE_URL);
createServer(async (request, response) => {
  try {
    await pool.query('create table if not exists asked (at int primary key auto_increment)');
    await pool.query('insert into asked () values ()');
    const [row] = await pool.query('select version() as version, count(*) as times from asked');
    response.end(`${row.version} asked ${row.times}`);
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
";

#[test]
fn mariadb_is_there_for_who_has_its_driver() {
    if !docker::ready(&[app::IMAGE, "mariadb:11.8"]) {
        return;
    }
    let wharf = Wharf::new();
    let folder = wharf.path("ledger");
    fs::create_dir_all(&folder).unwrap();
    let manifest = json!({
        "name": "ledger", "private": true, "type": "module", "scripts": {"start": "node server.js"},
        "dependencies": {"mariadb": "3.5.4"}, "engines": {"node": "22"},
    });
    fs::write(folder.join("package.json"), manifest.to_string()).unwrap();
    fs::write(folder.join("server.js"), ASKS).unwrap();
    let path = folder.to_str().unwrap();
    assert_eq!(wharf.json(&["detect", path])["apps"][0]["services"], json!(["mariadb"]));

    let deploy = || {
        let deployed = wharf.json(&["deploy", path]);
        let answer = http::get(deployed["url"].as_str().unwrap(), "/stock").unwrap();
        assert_eq!((deployed["status"].as_str(), answer.status), (Some("healthy"), 200), "{}", answer.body);
        answer.body
    };
    let (says, times) = (deploy(), |says: &str| says.rsplit(' ').next().unwrap().parse::<u32>().unwrap());
    assert!(says.contains("MariaDB"), "{says}");
    // The data is there for the next version too.
    assert!(times(&deploy()) > times(&says));
}
