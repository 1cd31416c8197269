//! Games as files: `/games/<id>.rook` is the signed game, `/games/<id>.pgn` its moves.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rookery_ledger::id::GameId;
use rookery_ledger::{pgn, rook};

use crate::order_log::ReadError;
use crate::relay::Relay;
use crate::sequencer::{Loaded, Progress, Reading};

pub(super) async fn game(State(relay): State<Arc<Relay>>, Path(file): Path<String>) -> Response {
    let not_found = (StatusCode::NOT_FOUND, "There is no such game here.\n");
    let Some((name, kind)) = file.rsplit_once('.') else {
        return not_found.into_response();
    };
    let Ok(id) = name.parse::<GameId>() else {
        return not_found.into_response();
    };
    let Ok(_permit) = relay.exports.acquire().await else {
        return not_found.into_response();
    };
    let game = match relay.games.export(id).await {
        Some(game) => game,
        None => match read(&relay, id).await {
            Ok(Some(loaded)) => loaded.orderer.game().clone(),
            Ok(None) => return not_found.into_response(),
            Err(error) => {
                tracing::error!(%error, game = %id, "cannot read a game");
                let words = "The log cannot be read just now.\n";
                return (StatusCode::SERVICE_UNAVAILABLE, words).into_response();
            }
        },
    };
    let (mime, body) = match kind {
        "pgn" => ("application/x-chess-pgn", pgn::write(&game).into_bytes()),
        "rook" => ("application/octet-stream", rook::write(&game.items())),
        _ => return not_found.into_response(),
    };
    let disposition = format!("attachment; filename=\"{file}\"");
    let Ok(disposition) = HeaderValue::from_str(&disposition) else {
        return not_found.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(mime)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
    ];
    (headers, body).into_response()
}

/// Reads a game that is not in memory.
async fn read(relay: &Relay, id: GameId) -> Result<Option<Loaded>, ReadError> {
    let (mut reading, mut request) = Reading::start(id);
    loop {
        let response = request.put_to(&*relay.log).await;
        match reading.next(&relay.key, response) {
            Progress::Ask(next) => request = next,
            Progress::Ended(loaded) => return loaded,
        }
    }
}
