//! What goes out: JSON, and problems with the status that fits; what comes in, with its mistakes told as problems.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use crate::model::{Problem, ProblemCode};

/// What a route answers.
pub(super) type Answer<T> = Result<Json<T>, Refusal>;

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) Problem);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self.0.code {
            ProblemCode::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            ProblemCode::Usage => StatusCode::BAD_REQUEST,
            ProblemCode::NotFound => StatusCode::NOT_FOUND,
            ProblemCode::Unreachable => StatusCode::BAD_GATEWAY,
            ProblemCode::Refused => StatusCode::CONFLICT,
        };
        (status, Json(self.0)).into_response()
    }
}

fn misunderstood(why: impl std::fmt::Display) -> Refusal {
    let problem = Problem::new(ProblemCode::Usage, "bad-request", "the engine does not understand the request");
    Refusal(problem.why(why).fix("`wharf api` prints what it understands"))
}

/// A JSON body.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let body = Json::<T>::from_request(request, state).await;
        body.map(|Json(body)| Self(body)).map_err(|error: JsonRejection| misunderstood(error.body_text()))
    }
}

/// A JSON body that may be left out: then nothing in it is said.
#[derive(Debug)]
pub(super) struct BodyOrNone<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for BodyOrNone<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let body = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(body, state).await.map_err(|error| misunderstood(error.body_text()))?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        Body::from_request(Request::from_parts(parts, bytes.into()), state).await.map(|Body(body)| Self(body))
    }
}

/// A query.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|query| Self(query.0)).map_err(|error: QueryRejection| misunderstood(error.body_text()))
    }
}

/// The parameter of a path.
#[derive(Debug)]
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|error: PathRejection| misunderstood(error.body_text()))
    }
}

pub(super) async fn no_route(uri: Uri) -> Refusal {
    let problem = Problem::new(ProblemCode::NotFound, "no-such-route", format!("the API has no {}", uri.path()));
    Refusal(problem.fix("`wharf api` prints the routes there are"))
}

pub(super) async fn no_method(method: Method, uri: Uri) -> (StatusCode, Json<Problem>) {
    let message = format!("{} takes no {method}", uri.path());
    let problem = Problem::new(ProblemCode::Usage, "no-such-method", message);
    (StatusCode::METHOD_NOT_ALLOWED, Json(problem.fix("`wharf api` prints what each route takes")))
}
