//! Serves a folder of files: what the `process` target runs for an app that is nothing but files.
//!
//! No listing of folders, no hidden files, nothing outside of the folder, not even through a link.

use std::io::{self, SeekFrom};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT, ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    LOCATION, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::io::ReaderStream;

/// What is served.
#[derive(Debug)]
struct Site {
    root: PathBuf,
    single_page: bool,
}

/// Serves the files of `root` on `PORT` of `HOST` until it is asked to end. With `single_page` a path that names no
/// file is answered with the page in the root, which knows what to show.
///
/// This is the hidden command `wharf serve-static FOLDER`.
#[must_use]
pub fn serve_static(root: &Path, single_page: bool) -> ExitCode {
    let served = address().and_then(|address| {
        let named = |why: io::Error| io::Error::new(why.kind(), format!("{}: {why}", root.display()));
        let site = Site { root: root.canonicalize().map_err(named)?, single_page };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(serve(site, address))
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("cannot serve the files: {why}");
            ExitCode::FAILURE
        }
    }
}

fn address() -> io::Result<SocketAddr> {
    let wrong = |name: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is not set as it should be"));
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).ok_or_else(|| wrong("PORT"))?;
    let host = match std::env::var("HOST") {
        Ok(host) => host.parse().map_err(|_| wrong("HOST"))?,
        Err(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    Ok(SocketAddr::new(host, port))
}

async fn serve(site: Site, address: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    println!("serving {} on http://{address}", site.root.display());
    let mut end = signal(SignalKind::terminate())?;
    let end = async move {
        end.recv().await;
    };
    axum::serve(listener, router(site)).with_graceful_shutdown(end).await
}

fn router(site: Site) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(site))
}

async fn answer(State(site): State<Arc<Site>>, request: Request<Body>) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let path = request.uri().path();
    let Some(parts) = parts(path) else { return status(StatusCode::NOT_FOUND) };
    let headers = request.headers();
    match site.find(&parts).await {
        // Its relative links would be wrong without the slash.
        Some(file) if file.ends_with("index.html") && is_folder(path, &parts) => redirect(path, request.uri().query()),
        Some(file) => send(&file, headers, StatusCode::OK).await,
        None => site.not_found(headers, path).await,
    }
    .unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Whether a path that led to an index page named the folder without its slash.
fn is_folder(path: &str, parts: &[String]) -> bool {
    !path.ends_with('/') && parts.last().is_some_and(|last| last != "index.html" && last != "index")
}

impl Site {
    /// The file that a path means: itself, its page in a folder, or itself with `.html`.
    async fn find(&self, parts: &[String]) -> Option<PathBuf> {
        let wanted: PathBuf = parts.iter().fold(self.root.clone(), |path, part| path.join(part));
        let mut page = wanted.clone().into_os_string();
        page.push(".html");
        for candidate in [wanted.clone(), wanted.join("index.html"), PathBuf::from(page)] {
            if let Some(file) = self.inside(&candidate).await {
                return Some(file);
            }
        }
        None
    }

    /// The real path of a file, if it lies in the folder.
    async fn inside(&self, path: &Path) -> Option<PathBuf> {
        let real = tokio::fs::canonicalize(path).await.ok()?;
        let is_file = tokio::fs::metadata(&real).await.ok()?.is_file();
        (is_file && real.starts_with(&self.root)).then_some(real)
    }

    async fn not_found(&self, headers: &HeaderMap, path: &str) -> io::Result<Response<Body>> {
        let wants_page = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("*/*");
        let wants_page = wants_page.contains("text/html") || wants_page.contains("*/*");
        let names_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
        if self.single_page
            && wants_page
            && !names_file
            && let Some(page) = self.inside(&self.root.join("index.html")).await
        {
            return send(&page, headers, StatusCode::OK).await;
        }
        match self.inside(&self.root.join("404.html")).await {
            Some(page) => send(&page, &HeaderMap::new(), StatusCode::NOT_FOUND).await,
            None => Ok(status(StatusCode::NOT_FOUND)),
        }
    }
}

/// The parts of a path; none where one of them may not be asked for.
fn parts(path: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        let part = decode(part)?;
        let hidden = part.starts_with('.') && part != ".well-known";
        if hidden || part.contains(['/', '\\', '\0']) {
            return None;
        }
        parts.push(part);
    }
    Some(parts)
}

/// A part of a path without its percent signs.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let value = digit(rest.next()?)? * 16 + digit(rest.next()?)?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

async fn send(path: &Path, asked: &HeaderMap, code: StatusCode) -> io::Result<Response<Body>> {
    let mut file = File::open(path).await?;
    let metadata = file.metadata().await?;
    let length = metadata.len();
    let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let etag = format!("\"{changed:x}-{length:x}\"");
    let header = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let response = Response::builder()
        .header(CONTENT_TYPE, content_type(path))
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(CACHE_CONTROL, "no-cache")
        .header(ACCEPT_RANGES, "bytes")
        .header(ETAG, &etag);
    let known = header(IF_NONE_MATCH).is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag));
    let response = if known {
        response.status(StatusCode::NOT_MODIFIED).body(Body::empty())
    } else if let Some((first, last)) = header(RANGE).filter(|_| code == StatusCode::OK).and_then(|r| range(r, length))
    {
        file.seek(SeekFrom::Start(first)).await?;
        let part = last + 1 - first;
        response
            .status(StatusCode::PARTIAL_CONTENT)
            .header(CONTENT_LENGTH, part)
            .header(CONTENT_RANGE, format!("bytes {first}-{last}/{length}"))
            .body(Body::from_stream(ReaderStream::new(file.take(part))))
    } else {
        // As long as was said, even if the file grows meanwhile.
        let body = Body::from_stream(ReaderStream::new(file.take(length)));
        response.status(code).header(CONTENT_LENGTH, length).body(body)
    };
    response.map_err(io::Error::other)
}

/// The first and last byte of a single range that can be served; anything else is answered with the whole.
fn range(asked: &str, length: u64) -> Option<(u64, u64)> {
    let (first, last) = asked.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    let (first, last) = match (first, last) {
        ("", last) => (length.saturating_sub(last.parse().ok()?), end),
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, last.parse::<u64>().ok()?.min(end)),
    };
    (first <= last).then_some((first, last))
}

fn redirect(path: &str, query: Option<&str>) -> io::Result<Response<Body>> {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    // One slash at the front: with two it would name another host.
    let to = format!("/{}/{query}", path.trim_matches('/'));
    let response = Response::builder().status(StatusCode::PERMANENT_REDIRECT).header(LOCATION, to);
    response.body(Body::empty()).map_err(io::Error::other)
}

fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{code}\n")));
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn content_type(path: &Path) -> &'static str {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" | "md" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        "rss" => "application/rss+xml",
        "atom" => "application/atom+xml",
        "csv" => "text/csv; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "bmp" => "image/bmp",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt as _;

    use super::*;

    fn site(single_page: bool) -> (tempfile::TempDir, Router) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("site");
        std::fs::create_dir_all(root.join("docs")).unwrap();
        for (name, text) in [
            ("site/index.html", "<h1>home</h1>"),
            ("site/about.html", "about"),
            ("site/docs/index.html", "docs"),
            ("site/a b.txt", "0123456789"),
            ("site/.env", "SECRET=1"),
            ("outside.txt", "no"),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        std::os::unix::fs::symlink(folder.path().join("outside.txt"), root.join("link.txt")).unwrap();
        let site = Site { root: root.canonicalize().unwrap(), single_page };
        (folder, router(site))
    }

    async fn get(router: &Router, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn files_and_pages_are_found() {
        let (_folder, router) = site(false);
        let (code, headers, body) = get(&router, "/", &[]).await;
        assert_eq!((code, body.as_str()), (StatusCode::OK, "<h1>home</h1>"));
        assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(get(&router, "/about", &[]).await.2, "about");
        assert_eq!(get(&router, "/docs/", &[]).await.2, "docs");
        assert_eq!(get(&router, "/a%20b.txt", &[]).await.2, "0123456789");
        let (code, headers, _) = get(&router, "/docs?x=1", &[]).await;
        assert_eq!((code, headers[LOCATION].to_str().unwrap()), (StatusCode::PERMANENT_REDIRECT, "/docs/?x=1"));
    }

    #[tokio::test]
    async fn nothing_else_gets_out() {
        let (_folder, router) = site(true);
        for path in ["/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/link.txt", "/.env", "/%00.txt"] {
            let (code, _, body) = get(&router, path, &[("accept", "*/*")]).await;
            assert_eq!(code, StatusCode::NOT_FOUND, "{path} gave {body}");
        }
    }

    #[tokio::test]
    async fn a_single_page_answers_for_its_own_paths_only() {
        let (_folder, router) = site(true);
        assert_eq!(get(&router, "/users/7", &[("accept", "text/html")]).await.2, "<h1>home</h1>");
        assert_eq!(get(&router, "/missing.js", &[("accept", "*/*")]).await.0, StatusCode::NOT_FOUND);
        assert_eq!(get(&router, "/api", &[("accept", "application/json")]).await.0, StatusCode::NOT_FOUND);
        let (_folder, pages) = site(false);
        assert_eq!(get(&pages, "/users/7", &[("accept", "text/html")]).await.0, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn what_is_known_is_not_sent_again_and_parts_are() {
        let (_folder, router) = site(false);
        let (_, headers, _) = get(&router, "/about.html", &[]).await;
        let etag = headers[ETAG].to_str().unwrap();
        assert_eq!(get(&router, "/about.html", &[("if-none-match", etag)]).await.0, StatusCode::NOT_MODIFIED);
        let (code, headers, body) = get(&router, "/a%20b.txt", &[("range", "bytes=2-4")]).await;
        assert_eq!((code, body.as_str()), (StatusCode::PARTIAL_CONTENT, "234"));
        assert_eq!(headers[CONTENT_RANGE], "bytes 2-4/10");
        assert_eq!(range("bytes=-3", 10), Some((7, 9)));
        assert_eq!(range("bytes=9-3", 10), None);
        assert_eq!(range("bytes=0-", 0), None);
    }
}
