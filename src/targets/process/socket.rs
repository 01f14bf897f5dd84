//! The socket in an instance's folder.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tokio::net::{UnixListener, UnixStream};

/// Its name; short, for the same reason as the folder's.
const NAME: &str = "s";
/// The longest path that every system takes for a socket.
const LONGEST: usize = 100;

/// Listens; whoever listened before is gone. The calling process moves into the folder.
pub(super) fn listen(folder: &Path) -> io::Result<UnixListener> {
    // From inside, its path is short whatever the folder's.
    std::env::set_current_dir(folder)?;
    match fs::remove_file(NAME) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(NAME)?;
    fs::set_permissions(NAME, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Connects; none where nobody listens.
pub(super) async fn connect(folder: &Path) -> io::Result<Option<UnixStream>> {
    let path = folder.join(NAME);
    let stream =
        if path.as_os_str().len() <= LONGEST { UnixStream::connect(&path).await } else { connect_far(folder).await };
    match stream {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Goes through an open folder where its path is too long. Only Linux can.
async fn connect_far(folder: &Path) -> io::Result<UnixStream> {
    use std::os::fd::AsRawFd as _;
    let open = File::open(folder)?;
    UnixStream::connect(format!("/proc/self/fd/{}/{NAME}", open.as_raw_fd())).await
}
