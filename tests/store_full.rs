//! The disk is full for a while: what was kept is there, what could not be kept is told, and then it goes on.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wharf::store::Store;

use crate::support::samples::{at, project};

/// Tells the child where to write.
const FOLDER: &str = "WHARF_TEST_FULL_FOLDER";

/// The child's part: no file of its can grow for a while. In an ordinary run there is nothing to do.
#[test]
fn goes_on_when_there_is_room_again() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&folder, at(0)).await.unwrap();
        store.put_project(&project(1, "before")).await.unwrap();

        let room = getrlimit(Resource::Fsize);
        setrlimit(Resource::Fsize, Rlimit { current: Some(1), ..room }).unwrap();
        for number in 2..5 {
            let error = store.put_project(&project(number, &format!("meanwhile-{number}"))).await.unwrap_err();
            let told = wharf::model::Problem::from(error);
            assert!(told.fix.contains("room"), "{told}");
        }
        setrlimit(Resource::Fsize, room).unwrap();

        store.put_project(&project(9, "after")).await.unwrap();
        assert_eq!(store.project_by_name("before").await.unwrap().unwrap().id, project(1, "before").id);
        store.close().await;
        let again = Store::open(&folder, at(1)).await.unwrap();
        assert!(again.notice().is_none());
        assert!(again.project_by_name("before").await.unwrap().is_some());
        assert!(again.project_by_name("after").await.unwrap().is_some());
    });
    writeln!(std::io::stdout(), "\nit went on").unwrap();
}

#[test]
fn a_full_disk_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // The system's signal for a file that must not grow would end the child.
    let output = Command::new("/bin/sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "store_full::goes_on_when_there_is_room_again", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("it went on"), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}
